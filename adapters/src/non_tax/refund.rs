//! The gateway's procedure for refunds (退付) of written-off notices.

use super::bill::instant;
use super::call::{Message, NonTaxGateway};
use super::write_off::day_and_time;
use crate::crash::{Step, around};
use crate::http::{unexpected, unknown};
use async_trait::async_trait;
use domain::ids::RefundNo;
use domain::money::Fen;
use domain::outside::OutsideError;
use domain::payment::{
    DeskCase, DeskDecision, DeskNotice, DeskRequest, DeskStage, DeskStanding, FinanceLevel,
    NoticeAfter, RefundDesk,
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct RefundWire {
    #[serde(rename = "REFUNDNO")]
    refund_no: String,
    #[serde(rename = "NOTICENO")]
    notice_no: String,
    #[serde(rename = "PAYNO")]
    pay_no: String,
    #[serde(rename = "REFUNDMONEY")]
    refund_money: String,
    #[serde(rename = "REFUNDSTATE")]
    state: String,
    #[serde(rename = "LEVELS", default)]
    levels: String,
    #[serde(rename = "NOTICEAFTER", default)]
    notice_after: String,
    #[serde(rename = "DECISION", default)]
    decisions: Vec<DecisionWire>,
}

/// One decision, as in a refund and in the gateway's own call.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DecisionWire {
    #[serde(rename = "STAGE")]
    pub stage: String,
    #[serde(rename = "LEVEL", default)]
    pub level: String,
    #[serde(rename = "VERDICT")]
    pub verdict: String,
    #[serde(rename = "DECIDEDBY", default)]
    pub decided_by: String,
    #[serde(rename = "REASON", default)]
    pub reason: String,
    #[serde(rename = "DECIDEDATE")]
    pub decide_date: String,
    #[serde(rename = "DECIDETIME")]
    pub decide_time: String,
}

const DECISIONS_MAX: usize = 4;

impl DecisionWire {
    /// The name of the field that cannot be understood.
    pub fn into_decision(self) -> Result<DeskDecision, &'static str> {
        let stage = match (self.stage.as_str(), FinanceLevel::from_code(&self.level)) {
            ("AGENCY", None) if self.level.is_empty() => DeskStage::Agency,
            ("FINANCE", Some(level)) => DeskStage::Finance(level),
            _ => return Err("STAGE"),
        };
        let approved = match self.verdict.as_str() {
            "APPROVED" => true,
            "REJECTED" => false,
            _ => return Err("VERDICT"),
        };
        Ok(DeskDecision {
            stage,
            approved,
            decided_by: self.decided_by.chars().take(64).collect(),
            reason: self.reason.chars().take(200).collect(),
            at: instant(&self.decide_date, &self.decide_time).ok_or("DECIDEDATE")?,
        })
    }
}

/// REFUNDSTATE with NOTICEAFTER, or the name of the field that cannot be understood. What becomes
/// of the notice means nothing for a part, and may be empty there.
pub(super) fn standing(state: &str, after: &str) -> Result<DeskStanding, &'static str> {
    match state {
        "0" => Ok(DeskStanding::WithAgency),
        "1" => Ok(DeskStanding::WithFinance),
        "2" => {
            let after = if after.is_empty() { NoticeAfter::Cancelled.code() } else { after };
            NoticeAfter::from_code(after).map(DeskStanding::Approved).ok_or("NOTICEAFTER")
        }
        "3" => Ok(DeskStanding::Rejected),
        "4" => Ok(DeskStanding::PaidBack),
        _ => Err("REFUNDSTATE"),
    }
}

/// What an answer must be about.
struct About<'a> {
    refund_no: &'a RefundNo,
    /// Notice, payment and sum, where they are known.
    content: Option<(&'a str, &'a str, Fen)>,
}

impl RefundWire {
    fn into_case(self, about: &About<'_>) -> Result<DeskCase, OutsideError> {
        let faulty = |field| unexpected("the refund cannot be understood", field);
        let money = Fen::from_yuan(&self.refund_money).map_err(unknown)?;
        let content = (self.notice_no.as_str(), self.pay_no.as_str(), money);
        let same = self.refund_no == about.refund_no.as_str()
            && about.content.is_none_or(|expected| expected == content);
        if !same {
            return Err(unexpected("another refund than", about.refund_no.as_str()));
        }
        let levels = self.levels.split(',').filter(|level| !level.is_empty());
        let levels = levels.map(|level| FinanceLevel::from_code(level).ok_or("LEVELS"));
        if self.decisions.len() > DECISIONS_MAX {
            return Err(faulty("DECISION"));
        }
        let decisions = self.decisions.into_iter().map(DecisionWire::into_decision);
        Ok(DeskCase {
            standing: standing(&self.state, &self.notice_after).map_err(faulty)?,
            levels: levels.collect::<Result<_, _>>().map_err(faulty)?,
            decisions: decisions.collect::<Result<_, _>>().map_err(faulty)?,
        })
    }
}

fn only(details: Vec<RefundWire>, about: &About<'_>) -> Result<DeskCase, OutsideError> {
    let mut details = details.into_iter();
    match (details.next(), details.next()) {
        (Some(refund), None) => refund.into_case(about),
        (None, _) | (Some(_), Some(_)) => {
            Err(unexpected("not exactly one refund for", about.refund_no.as_str()))
        }
    }
}

impl NonTaxGateway {
    /// `Refund_Notice` with its place among the messages about the notice.
    ///
    /// # Errors
    /// As [`RefundDesk::tell_paid_back`].
    pub async fn tell_paid_back_in_order(
        &self,
        notice: &DeskNotice,
        sequence: Option<u32>,
    ) -> Result<DeskCase, OutsideError> {
        let (date, time) = day_and_time(notice.at);
        let money = notice.amount.to_string();
        let sequence = sequence.map(|no| no.to_string());
        let mut parameters = vec![
            ("REFUNDNO", notice.refund_no.as_str()),
            ("NOTICENO", notice.notice_no.as_str()),
            ("PAYNO", notice.payment_no.as_str()),
            ("REFUNDMONEY", &money),
            ("REFUNDTRADENO", notice.txn.as_str()),
            ("REFUNDDATE", &date),
            ("REFUNDTIME", &time),
        ];
        parameters.extend(sequence.as_deref().map(|no| ("SEQNO", no)));
        let called = self.call::<RefundWire>(Message::RefundNotice, &parameters);
        let called = around(Step::GatewayTellPaidBack, self.http.within(called));
        let details = called.await?;
        let content = (notice.notice_no.as_str(), notice.payment_no.as_str(), notice.amount.fen());
        only(details, &About { refund_no: &notice.refund_no, content: Some(content) })
    }
}

#[async_trait]
impl RefundDesk for NonTaxGateway {
    /// Sends once: whoever asks again is answered how it stands.
    async fn ask(&self, request: &DeskRequest) -> Result<DeskCase, OutsideError> {
        let money = request.amount.to_string();
        let reason: String = request.reason.chars().take(200).collect();
        let parameters = [
            ("REFUNDNO", request.refund_no.as_str()),
            ("NOTICENO", request.notice_no.as_str()),
            ("PAYNO", request.payment_no.as_str()),
            ("REFUNDMONEY", &money),
            ("REASONCODE", request.reason_code.code()),
            ("REASON", &reason),
            ("APPLICANT", &request.applicant),
            ("ENTERCODE", &request.agency_code),
        ];
        let called = self.call::<RefundWire>(Message::RefundRequest, &parameters);
        let details = around(Step::GatewayAskRefund, self.http.within(called)).await?;
        let content =
            (request.notice_no.as_str(), request.payment_no.as_str(), request.amount.fen());
        only(details, &About { refund_no: &request.refund_no, content: Some(content) })
    }

    async fn query(&self, refund_no: &RefundNo) -> Result<Option<DeskCase>, OutsideError> {
        let parameters = [("REFUNDNO", refund_no.as_str())];
        let call = || self.call::<RefundWire>(Message::QueryRefund, &parameters);
        let details = around(Step::GatewayQueryRefund, self.http.twice(call)).await?;
        if details.is_empty() {
            return Ok(None);
        }
        only(details, &About { refund_no, content: None }).map(Some)
    }

    async fn tell_paid_back(&self, notice: &DeskNotice) -> Result<DeskCase, OutsideError> {
        self.tell_paid_back_in_order(notice, None).await
    }
}

#[cfg(test)]
#[path = "refund_tests.rs"]
mod tests;
