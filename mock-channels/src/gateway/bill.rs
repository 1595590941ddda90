//! What is owed, as the gateway shows it.

use super::document::{Details, Exception, Params, field, fields, yuan};
use crate::clock::{Day, compact_time};
use crate::outside::Outside;
use crate::world::World;
use crate::world::catalogue;
use crate::world::check_code::{is_pay_code, notice_check};
use crate::world::company::is_uscc;
use crate::world::late_fee::{LateFee, Period};
use crate::world::notice::{Item, Notice};

const MOST: usize = 100;
/// Number of digits of the channel in front of a notice number.
const CHANNEL_DIGITS: usize = 9;

/// Whose bills are looked for; everything that is given must hold.
struct Wanted<'a> {
    id_card: &'a str,
    company: &'a str,
    vehicle: Option<(&'a str, &'a str)>,
    agency: &'a str,
    region: &'a str,
}

impl<'a> Wanted<'a> {
    fn read(params: &'a Params) -> Result<Self, Exception> {
        let (first, second) = (params.get("PAYERDEFINE1"), params.get("PAYERDEFINE2"));
        let (company, vehicle) = match (first, second) {
            ("", "") => ("", None),
            (code, "") if is_uscc(code) => (code, None),
            (plate, kind) if !plate.is_empty() && !kind.is_empty() => ("", Some((plate, kind))),
            _ => return Err(Exception::invalid("PAYERDEFINE1")),
        };
        let id_card = params.get("PAYERSFZ");
        if id_card.is_empty() && company.is_empty() && vehicle.is_none() {
            return Err(Exception::new("INVALID", "PAYERSFZ与PAYERDEFINE1至少填一个"));
        }
        let (agency, region) = (params.get("ENTERCODE"), params.get("REGICODE"));
        Ok(Self { id_card, company, vehicle, agency, region })
    }

    fn fits(&self, world: &World, notice: &Notice) -> bool {
        let payer = world.citizen(&notice.citizen_id);
        let owns = self.id_card.is_empty() || payer.is_some_and(|who| who.id_card == self.id_card);
        let company = self.company.is_empty() || notice.company.as_deref() == Some(self.company);
        let vehicle = self.vehicle.is_none_or(|(plate, kind)| {
            world.vehicle_of(notice) == Some((plate.to_owned(), kind.to_owned()))
        });
        let agency = self.agency.is_empty() || notice.agency_code == self.agency;
        owns && company && vehicle && agency && is_within(&notice.region, self.region)
    }
}

/// The province holds all, a city its counties.
fn is_within(region: &str, wanted: &str) -> bool {
    let prefix = wanted.strip_suffix("0000").or_else(|| wanted.strip_suffix("00"));
    region.starts_with(prefix.unwrap_or(wanted))
}

/// `Get_AppPay_Infos`: the open bills of one payer, in the order of their numbers.
pub(super) fn all(outside: &Outside, params: &Params) -> Details {
    let wanted = Wanted::read(params)?;
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let open = world
            .notices
            .values()
            .filter(|notice| notice.state_code() == "0" && wanted.fits(world, notice));
        Ok(open.take(MOST).map(|notice| detail(world, notice, now_ms)).collect())
    })
}

/// `Get_AppPay_Info`: one bill in whatever state, by number, by the number's two parts, or by
/// payment code.
pub(super) fn one(outside: &Outside, params: &Params) -> Details {
    let pay_code = params.get("PAYCODE");
    if !pay_code.is_empty() && !is_pay_code(pay_code) {
        return Err(Exception::invalid("PAYCODE"));
    }
    let number = match params.get("NOTICENO") {
        "" => format!("{}{}", params.get("CHANNELNO"), params.get("ORIGINALNOTICENO")),
        number => number.to_owned(),
    };
    let now_ms = outside.now_ms();
    outside.read(|world| {
        let found = if number.is_empty() && !pay_code.is_empty() {
            world.notices.values().find(|notice| notice.pay_code == pay_code)
        } else {
            world.notices.get(&number)
        };
        Ok(found.map(|notice| detail(world, notice, now_ms)).into_iter().collect())
    })
}

fn detail(world: &World, notice: &Notice, now_ms: i64) -> String {
    let (channel, original) = notice.notice_no.split_at(CHANNEL_DIGITS);
    let payer = world.payer_of(notice);
    let (define_1, define_2) = match (&notice.company, world.vehicle_of(notice)) {
        (Some(company), _) => (company.clone(), String::new()),
        (None, Some(vehicle)) => vehicle,
        (None, None) => (String::new(), String::new()),
    };
    let (expiry_date, expiry_time) = match notice.expires_ms {
        Some(at_ms) => (Day::of(at_ms).compact(), compact_time(at_ms)),
        None => (String::new(), String::new()),
    };
    let check = notice_check(&notice.agency_code, &notice.notice_no);
    let full_check = notice.full_check();
    let (region, agency, number) = (&notice.region, &notice.agency_code, &notice.notice_no);
    let fen = notice.principal_fen();
    let qr_text = notice.qr_text();
    let own = fields(&[
        ("REGICODE", region),
        ("NOTICENO", number),
        ("CHANNELNO", channel),
        ("ORIGINALNOTICENO", original),
        ("PAYCODE", &notice.pay_code),
        ("PAYER", &payer.name),
        ("PAYERSFZ", &payer.id_card),
        ("MOBILE", &payer.phone),
        ("PAYERDEFINE1", &define_1),
        ("PAYERDEFINE2", &define_2),
        ("MAKEDATE", &Day::of(notice.made_ms).compact()),
        ("MAKETIME", &compact_time(notice.made_ms)),
        ("TOTALMONEY", &yuan(fen)),
        ("YWCODE", "004"),
        ("ENTERCODE", agency),
        ("ENTERNAME", &notice.agency_name),
        ("NOTICEDIS", &notice.title),
        ("ISTRUENAME", "0"),
        ("EXPIREDPAYDATE", &expiry_date),
        ("EXPIREDPAYTIME", &expiry_time),
        ("ISCOUNTOVERDUE", if is_counted_by_agency(notice) { "0" } else { "1" }),
        ("PRINTINFO", &notice.title),
        ("STATE", notice.state_code()),
        ("NOTICECHECK", &check),
        ("FULLCHECK", &full_check),
        ("QRTEXT", &qr_text),
    ]);
    let today = Day::of(now_ms);
    let projects = notice.items().map(|item| project(item, is_counted_by_agency(notice), today));
    own + &projects.collect::<String>()
}

/// A sum that the agency said is the agency's, whatever the item's rule is.
fn is_counted_by_agency(notice: &Notice) -> bool {
    let said = notice.items().any(|item| matches!(item.late, LateFee::Fixed { .. }));
    notice.counted_by_agency || said
}

fn project(item: &Item, by_agency: bool, today: Day) -> String {
    let amount = yuan(item.amount_fen);
    let unit = item.rules().map_or("件", |rules| rules.unit.as_str());
    let own = fields(&[
        ("CHITCODE", &item.code),
        ("CHITNAME", &item.name),
        ("METRICUNIT", unit),
        ("CHCOUNT", "1"),
        ("CHARGESTANDARD", &amount),
        ("CHMONEY", &amount),
    ]);
    let rate = match &item.late {
        LateFee::None | LateFee::Fixed { .. } => None,
        LateFee::ByDay { permille, first_late_day, cap_fen } => {
            Some((permille * 1_000, Period::Day, *first_late_day, *cap_fen))
        }
        LateFee::Rate { per_million, period, first_late_day, cap_fen } => {
            Some((*per_million, *period, *first_late_day, *cap_fen))
        }
    };
    let (ratio_text, cycle, start, cap) = match rate {
        Some((per_million, period, start, cap)) => {
            let cycle = match period {
                Period::Day => "D",
                Period::Month => "M",
            };
            (ratio(per_million), cycle, start.compact(), cap)
        }
        None => (String::new(), "", String::new(), 0),
    };
    let exists = item.late != LateFee::None;
    let booked = if exists { late_item(item) } else { (String::new(), String::new()) };
    let late = fields(&[
        ("ISEXISTSOVERDUE", if exists { "1" } else { "0" }),
        ("MAXPAYMENT", &yuan(cap)),
        ("PAYMENTRADIO", &ratio_text),
        ("PAYMENTCYCLE", cycle),
        ("STARTCALCDATE", &start),
        ("BELONGCHITCODE", &booked.0),
        ("BELONGCHITNAME", &booked.1),
    ]);
    let sum =
        if by_agency { field("OVERDUEMONEY", &yuan(item.late_fen(today))) } else { String::new() };
    format!("<PROJECT>{own}{late}{sum}</PROJECT>")
}

/// The item that a late fee is booked on; for an item that nobody knows that of fines.
fn late_item(item: &Item) -> (String, String) {
    let of_fines = catalogue::find(catalogue::TRAFFIC_FINE);
    let rules = item.rules().or(of_fines);
    let booked = rules.and_then(|rules| catalogue::find(rules.late_item()));
    booked.map(|rules| (rules.chit_code(), rules.name_zh.clone())).unwrap_or_default()
}

/// Millionths as a decimal without trailing zeros: 30000 is `0.03`.
fn ratio(per_million: i64) -> String {
    let text = format!("{}.{:06}", per_million / 1_000_000, per_million % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_plain_decimals() {
        let ratios = [30_000, 500, 1_000_000, 1].map(ratio);
        assert_eq!(ratios, ["0.03", "0.0005", "1", "0.000001"]);
    }

    #[test]
    fn a_city_holds_its_counties_and_the_province_all() {
        assert!(is_within("330106", "330100") && is_within("330106", "330000"));
        assert!(is_within("330106", "330106") && is_within("330106", ""));
        assert!(!is_within("330206", "330100") && !is_within("330100", "330106"));
    }
}
