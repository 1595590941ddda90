//! Bills of the gateway, as notices.

use super::call::{Message, NonTaxGateway};
use crate::crash::{Step, around};
use crate::http::{unexpected, unknown};
use async_trait::async_trait;
use domain::clock::from_beijing;
use domain::money::Fen;
use domain::notice::{
    Agency, LateFee, LateFeeCycle, LateFeeRate, LateFeeRule, Notice, NoticeBook, NoticeItem,
    NoticeNo, NoticeStanding, PayerKey, PayerName,
};
use domain::outside::OutsideError;
use domain::standards::{PayCode, RegionCode, full_check, number_check};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::Deserialize;

/// As the gateway promises.
const BILLS_MAX: usize = 100;
const PROJECTS_MAX: usize = 20;

#[derive(Debug, Deserialize)]
pub(super) struct BillWire {
    #[serde(rename = "NOTICENO")]
    notice_no: String,
    #[serde(rename = "REGICODE")]
    region_code: String,
    #[serde(rename = "PAYCODE", default)]
    pay_code: String,
    #[serde(rename = "PAYER", default)]
    payer: String,
    #[serde(rename = "YWCODE", default)]
    business_code: String,
    #[serde(rename = "NOTICECHECK", default)]
    notice_check: String,
    #[serde(rename = "FULLCHECK", default)]
    full_check: String,
    #[serde(rename = "TOTALMONEY")]
    total_money: String,
    #[serde(rename = "ENTERCODE", default)]
    enter_code: String,
    #[serde(rename = "ENTERNAME", default)]
    enter_name: String,
    #[serde(rename = "NOTICEDIS", default)]
    notice_dis: String,
    #[serde(rename = "EXPIREDPAYDATE", default)]
    expired_pay_date: String,
    #[serde(rename = "EXPIREDPAYTIME", default)]
    expired_pay_time: String,
    #[serde(rename = "ISCOUNTOVERDUE")]
    is_count_overdue: String,
    #[serde(rename = "STATE")]
    state: String,
    #[serde(rename = "PROJECT", default)]
    projects: Vec<ProjectWire>,
}

#[derive(Debug, Deserialize)]
struct ProjectWire {
    #[serde(rename = "CHITCODE")]
    chit_code: String,
    #[serde(rename = "CHITNAME", default)]
    chit_name: String,
    #[serde(rename = "METRICUNIT", default)]
    metric_unit: String,
    #[serde(rename = "CHCOUNT", default)]
    ch_count: String,
    #[serde(rename = "CHARGESTANDARD")]
    charge_standard: String,
    #[serde(rename = "CHMONEY")]
    ch_money: String,
    #[serde(rename = "ISEXISTSOVERDUE")]
    is_exists_overdue: String,
    #[serde(rename = "MAXPAYMENT", default)]
    max_payment: String,
    #[serde(rename = "PAYMENTRADIO", default)]
    payment_radio: String,
    #[serde(rename = "PAYMENTCYCLE", default)]
    payment_cycle: String,
    #[serde(rename = "STARTCALCDATE", default)]
    start_calc_date: String,
    #[serde(rename = "BELONGCHITCODE", default)]
    belong_chit_code: String,
    #[serde(rename = "BELONGCHITNAME", default)]
    belong_chit_name: String,
    #[serde(rename = "OVERDUEMONEY", default)]
    overdue_money: String,
}

/// A bill says something that cannot be understood: its field, and the text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the bill's {field} cannot be understood: {found}")]
struct FieldFaulty {
    field: &'static str,
    found: String,
}

fn faulty(field: &'static str, found: &str) -> FieldFaulty {
    FieldFaulty { field, found: found.chars().take(40).collect() }
}

/// Who computed the late fees of a bill.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LateFeeBy {
    Platform,
    Agency,
}

impl BillWire {
    fn into_notice(self) -> Result<Notice, OutsideError> {
        let total = yuan("TOTALMONEY", &self.total_money).map_err(unknown)?;
        self.check(total).map_err(unknown)?;
        let notice = self.unchecked().map_err(unknown)?;
        notice.checked(total).map_err(unknown)
    }

    /// The check codes catch a number or an amount that was edited on the way.
    fn check(&self, total: Fen) -> Result<(), FieldFaulty> {
        if number_check(&self.enter_code, &self.notice_no) != self.notice_check {
            return Err(faulty("NOTICECHECK", &self.notice_check));
        }
        if full_check(&self.enter_code, &self.notice_no, total) != self.full_check {
            return Err(faulty("FULLCHECK", &self.full_check));
        }
        Ok(())
    }

    fn unchecked(self) -> Result<Notice, FieldFaulty> {
        let standing = match self.state.as_str() {
            "0" => NoticeStanding::Open,
            "1" => NoticeStanding::Paid,
            "2" => NoticeStanding::Withdrawn,
            other => return Err(faulty("STATE", other)),
        };
        let by = match self.is_count_overdue.as_str() {
            "1" => LateFeeBy::Platform,
            "0" => LateFeeBy::Agency,
            other => return Err(faulty("ISCOUNTOVERDUE", other)),
        };
        let expires_at = deadline(&self.expired_pay_date, &self.expired_pay_time)?;
        if self.projects.len() > PROJECTS_MAX {
            return Err(faulty("PROJECT", &self.projects.len().to_string()));
        }
        let pay_code = match self.pay_code.as_str() {
            "" => None,
            code => Some(PayCode::new(code).ok().ok_or_else(|| faulty("PAYCODE", code))?),
        };
        let items = self.projects.into_iter().map(|project| project.into_item(by));
        Ok(Notice {
            no: NoticeNo::new(&self.notice_no)
                .ok()
                .ok_or_else(|| faulty("NOTICENO", &self.notice_no))?,
            title: self.notice_dis,
            region: RegionCode::new(&self.region_code)
                .ok()
                .ok_or_else(|| faulty("REGICODE", &self.region_code))?,
            payer: PayerName::new(&self.payer),
            pay_code,
            business_code: self.business_code,
            agency: Agency { code: self.enter_code, name: self.enter_name },
            items: items.collect::<Result<_, _>>()?,
            expires_at,
            standing,
        })
    }
}

impl ProjectWire {
    fn into_item(self, by: LateFeeBy) -> Result<NoticeItem, FieldFaulty> {
        let late_fee = match (self.is_exists_overdue.as_str(), by) {
            ("1", LateFeeBy::Platform) => LateFee::ByRule(self.rule()?),
            ("1", LateFeeBy::Agency) => LateFee::Fixed {
                fee: not_negative("OVERDUEMONEY", &self.overdue_money)?,
                booked_on_code: self.belong_chit_code,
                booked_on_name: self.belong_chit_name,
            },
            ("0", _) => self.no_late_fee()?,
            (other, _) => return Err(faulty("ISEXISTSOVERDUE", other)),
        };
        Ok(NoticeItem {
            unit: self.metric_unit,
            quantity: self.ch_count,
            price: not_negative("CHARGESTANDARD", &self.charge_standard)?,
            amount: yuan("CHMONEY", &self.ch_money)?,
            code: self.chit_code,
            name: self.chit_name,
            late_fee,
        })
    }

    /// An item without late fee that names one contradicts itself.
    fn no_late_fee(&self) -> Result<LateFee, FieldFaulty> {
        let named = &self.overdue_money;
        if named.is_empty() || Fen::from_yuan(named) == Ok(Fen::ZERO) {
            Ok(LateFee::None)
        } else {
            Err(faulty("OVERDUEMONEY", named))
        }
    }

    fn rule(&self) -> Result<LateFeeRule, FieldFaulty> {
        let cap = not_negative("MAXPAYMENT", &self.max_payment)?;
        Ok(LateFeeRule {
            rate: LateFeeRate::from_ratio(&self.payment_radio)
                .ok()
                .ok_or_else(|| faulty("PAYMENTRADIO", &self.payment_radio))?,
            cycle: match self.payment_cycle.as_str() {
                "D" => LateFeeCycle::Day,
                "M" => LateFeeCycle::Month,
                other => return Err(faulty("PAYMENTCYCLE", other)),
            },
            first_late_day: Date::strptime("%Y%m%d", &self.start_calc_date)
                .ok()
                .ok_or_else(|| faulty("STARTCALCDATE", &self.start_calc_date))?,
            cap: (cap > Fen::ZERO).then_some(cap),
            booked_on_code: self.belong_chit_code.clone(),
            booked_on_name: self.belong_chit_name.clone(),
        })
    }
}

fn yuan(field: &'static str, text: &str) -> Result<Fen, FieldFaulty> {
    Fen::from_yuan(text).ok().ok_or_else(|| faulty(field, text))
}

fn not_negative(field: &'static str, text: &str) -> Result<Fen, FieldFaulty> {
    yuan(field, text).and_then(
        |fen| {
            if fen < Fen::ZERO { Err(faulty(field, text)) } else { Ok(fen) }
        },
    )
}

fn deadline(date: &str, time: &str) -> Result<Option<Timestamp>, FieldFaulty> {
    if date.is_empty() && time.is_empty() {
        return Ok(None);
    }
    match instant(date, time) {
        Some(at) => Ok(Some(at)),
        None => Err(faulty("EXPIREDPAYDATE", &format!("{date} {time}"))),
    }
}

/// `YYYYMMDD` and `hhmmss`, Beijing.
pub(super) fn instant(date: &str, time: &str) -> Option<Timestamp> {
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(date, 8) || !digits(time, 6) {
        return None;
    }
    from_beijing(DateTime::strptime("%Y%m%d%H%M%S", format!("{date}{time}")).ok()?)
}

impl NonTaxGateway {
    /// The one bill that `fits`, if the gateway knows it.
    async fn bill(
        &self,
        parameter: (&str, &str),
        fits: impl Fn(&Notice) -> bool,
    ) -> Result<Option<Notice>, OutsideError> {
        let asked = || self.call::<BillWire>(Message::Bill, std::slice::from_ref(&parameter));
        let found = around(Step::GatewayFindNotice, self.http.twice(asked)).await?;
        let mut notices = found.into_iter().map(BillWire::into_notice);
        match (notices.next().transpose()?, notices.next()) {
            (found, None) if found.as_ref().is_none_or(&fits) => Ok(found),
            _ => Err(unexpected("another bill than was asked for", parameter.1)),
        }
    }
}

#[async_trait]
impl NoticeBook for NonTaxGateway {
    async fn find(&self, no: &NoticeNo) -> Result<Option<Notice>, OutsideError> {
        self.bill(("NOTICENO", no.as_str()), |notice| notice.no == *no).await
    }

    async fn find_by_pay_code(&self, code: &PayCode) -> Result<Option<Notice>, OutsideError> {
        let fits = |notice: &Notice| notice.pay_code.as_ref() == Some(code);
        self.bill(("PAYCODE", code.as_str()), fits).await
    }

    async fn list_of_payer(&self, payer: &PayerKey) -> Result<Vec<Notice>, OutsideError> {
        let parameters = match payer {
            PayerKey::Person(id_card) => vec![("PAYERSFZ", id_card.as_str())],
            PayerKey::Vehicle { plate, kind } => {
                vec![("PAYERDEFINE1", plate.as_str()), ("PAYERDEFINE2", kind.as_str())]
            }
            PayerKey::Company(uscc) => vec![("PAYERDEFINE1", uscc.as_str())],
        };
        let found = self.http.twice(|| self.call::<BillWire>(Message::Bills, &parameters)).await?;
        if found.len() > BILLS_MAX {
            return Err(unexpected("more bills than the gateway may send", found.len()));
        }
        let notices = found.into_iter().filter_map(|bill| match bill.into_notice() {
            Ok(notice) => Some(notice),
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "a listed bill is faulty, left out");
                None
            }
        });
        Ok(notices.filter(|notice| notice.standing == NoticeStanding::Open).collect())
    }
}

/// The error with its causes.
fn error_chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
#[path = "bill_tests.rs"]
mod tests;
