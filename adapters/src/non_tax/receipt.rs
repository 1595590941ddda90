//! Fiscal e-receipts: issued, looked up, reversed (冲红), replaced.

use super::bill::instant;
use super::call::{Message, NonTaxGateway};
use super::write_off::day_and_time;
use crate::crash::{Step, around};
use crate::http::{unexpected, unknown};
use async_trait::async_trait;
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::outside::OutsideError;
use domain::payment::ReversalRequest;
use domain::receipt::{Receipt, ReceiptId, ReceiptIssuer, RedReceiptIssuer, WriteOff};
use domain::standards::{CheckCode, ReceiptCode, ReceiptNo};
use serde::Deserialize;

/// What became of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptStanding {
    /// It is valid.
    Valid,
    /// This red receipt took it back.
    ReversedBy(ReceiptId),
    /// It is a red receipt, and takes this one back.
    RedOf(ReceiptId),
}

/// A receipt as the gateway has it. The amount of a red one is negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedReceipt {
    /// The receipt.
    pub receipt: Receipt,
    /// What became of it.
    pub standing: ReceiptStanding,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReceiptWire {
    #[serde(rename = "BILLCODE")]
    bill_code: String,
    #[serde(rename = "BILLNO")]
    bill_no: String,
    #[serde(rename = "RANDOM")]
    random: String,
    #[serde(rename = "TOTALMONEY")]
    total_money: String,
    #[serde(rename = "ISSUEDATE")]
    issue_date: String,
    #[serde(rename = "ISSUETIME")]
    issue_time: String,
    #[serde(rename = "NOTICENO")]
    notice_no: String,
    #[serde(rename = "PAYNO")]
    pay_no: String,
    #[serde(rename = "BILLSTATE")]
    state: String,
    #[serde(rename = "RELATEDBILLCODE", default)]
    related_code: String,
    #[serde(rename = "RELATEDBILLNO", default)]
    related_no: String,
}

fn receipt_id(code: &str, number: &str) -> Result<ReceiptId, OutsideError> {
    Ok(ReceiptId {
        code: ReceiptCode::new(code).map_err(unknown)?,
        number: ReceiptNo::new(number).map_err(unknown)?,
    })
}

impl ReceiptWire {
    fn into_issued(self) -> Result<IssuedReceipt, OutsideError> {
        let related = || receipt_id(&self.related_code, &self.related_no);
        let amount = Fen::from_yuan(&self.total_money).map_err(unknown)?;
        let (standing, sign_fits) = match self.state.as_str() {
            "0" => (ReceiptStanding::Valid, amount > Fen::ZERO),
            "1" => (ReceiptStanding::ReversedBy(related()?), amount > Fen::ZERO),
            "2" => (ReceiptStanding::RedOf(related()?), amount < Fen::ZERO),
            other => return Err(unexpected("the receipt's BILLSTATE", other)),
        };
        if !sign_fits {
            return Err(unexpected("the receipt's TOTALMONEY does not fit BILLSTATE", amount));
        }
        let issued_at = instant(&self.issue_date, &self.issue_time)
            .ok_or_else(|| unexpected("the receipt has no ISSUEDATE", &self.issue_date))?;
        let receipt = Receipt {
            id: receipt_id(&self.bill_code, &self.bill_no)?,
            check_code: CheckCode::new(&self.random).map_err(unknown)?,
            notice_no: NoticeNo::new(&self.notice_no).map_err(unknown)?,
            payment_no: PaymentNo::new(&self.pay_no).map_err(unknown)?,
            amount,
            issued_at,
        };
        Ok(IssuedReceipt { receipt, standing })
    }
}

/// The only receipt of an answer.
fn only(details: Vec<ReceiptWire>) -> Result<IssuedReceipt, OutsideError> {
    let mut details = details.into_iter();
    match (details.next(), details.next()) {
        (Some(receipt), None) => receipt.into_issued(),
        (None, _) => Err(unexpected("not exactly one receipt", "none")),
        (Some(_), Some(_)) => Err(unexpected("not exactly one receipt", "several")),
    }
}

/// A repeat may answer a receipt that was reversed since; it is the same receipt still.
fn fits(issued: &IssuedReceipt, of: &WriteOff) -> bool {
    let receipt = &issued.receipt;
    receipt.amount == of.amount
        && receipt.notice_no == of.notice_no
        && receipt.payment_no == of.payment_no
}

impl NonTaxGateway {
    async fn issue_receipt(
        &self,
        of: &WriteOff,
        replaces: Option<&ReceiptId>,
    ) -> Result<Receipt, OutsideError> {
        let (date, time) = day_and_time(of.paid_at);
        let amount = of.amount.to_string();
        let replaced = replaces.map(|id| format!("{}{}", id.code.as_str(), id.number.as_str()));
        let mut parameters = vec![
            ("NOTICENO", of.notice_no.as_str()),
            ("PAYNO", of.payment_no.as_str()),
            ("PAYMONEY", &amount),
            ("PAYDATE", &date),
            ("PAYTIME", &time),
        ];
        parameters.extend(replaced.as_deref().map(|id| ("REPLACES", id)));
        let called = self.call::<ReceiptWire>(Message::Receipt, &parameters);
        let issued = only(self.http.within(called).await?)?;
        if fits(&issued, of) {
            Ok(issued.receipt)
        } else {
            Err(unexpected("the receipt is for something else", issued.receipt.amount))
        }
    }

    /// `Issue_Receipt` with `REPLACES`: after a part went back, a receipt of the rest in place of
    /// the reversed one. `of.amount` is the rest. Safe to repeat.
    ///
    /// # Errors
    /// As the gateway fails; `Refused` with `NOT_REVERSED` or `NOT_REFUNDED` when it is too early.
    pub async fn replace_receipt(
        &self,
        of: &WriteOff,
        reversed: &ReceiptId,
    ) -> Result<Receipt, OutsideError> {
        self.issue_receipt(of, Some(reversed)).await
    }

    /// `Reverse_Receipt`: the red receipt over the whole sum, with a negative amount. The same
    /// one for the same receipt, however often it is asked; `reverse_no` is ours, `reason` has
    /// 1 to 200 characters.
    ///
    /// # Errors
    /// As the gateway fails; `Refused` with `IS_RED` or `NOT_FOUND`.
    pub async fn reverse_receipt(
        &self,
        id: &ReceiptId,
        reason: &str,
        reverse_no: &str,
    ) -> Result<Receipt, OutsideError> {
        let reason: String = reason.chars().take(200).collect();
        let parameters = [
            ("BILLCODE", id.code.as_str()),
            ("BILLNO", id.number.as_str()),
            ("REASON", &reason),
            ("REVERSENO", reverse_no),
        ];
        let called = self.call::<ReceiptWire>(Message::ReverseReceipt, &parameters);
        let issued = only(self.http.within(called).await?)?;
        match issued.standing {
            ReceiptStanding::RedOf(original) if original == *id => Ok(issued.receipt),
            ReceiptStanding::RedOf(_) | ReceiptStanding::Valid | ReceiptStanding::ReversedBy(_) => {
                Err(unexpected("not the red receipt of", id.number.as_str()))
            }
        }
    }

    /// `Query_Receipt`: all receipts of a notice and a payment, red ones too, in order of issue.
    ///
    /// # Errors
    /// As the gateway fails.
    pub async fn receipts_of(
        &self,
        notice_no: &NoticeNo,
        payment_no: &PaymentNo,
    ) -> Result<Vec<IssuedReceipt>, OutsideError> {
        let parameters = [("NOTICENO", notice_no.as_str()), ("PAYNO", payment_no.as_str())];
        let call = || self.call::<ReceiptWire>(Message::QueryReceipt, &parameters);
        let found = self.http.twice(call).await?;
        let issued: Vec<_> =
            found.into_iter().map(ReceiptWire::into_issued).collect::<Result<_, _>>()?;
        let other = issued.iter().find(|issued| {
            &issued.receipt.notice_no != notice_no || &issued.receipt.payment_no != payment_no
        });
        match other {
            None => Ok(issued),
            Some(other) => Err(unexpected("another's receipt", other.receipt.id.number.as_str())),
        }
    }

    /// `Query_Receipt`: one receipt by code and number.
    ///
    /// # Errors
    /// As the gateway fails.
    pub async fn find_receipt(
        &self,
        id: &ReceiptId,
    ) -> Result<Option<IssuedReceipt>, OutsideError> {
        let parameters = [("BILLCODE", id.code.as_str()), ("BILLNO", id.number.as_str())];
        let call = || self.call::<ReceiptWire>(Message::QueryReceipt, &parameters);
        let found = self.http.twice(call).await?;
        if found.is_empty() {
            return Ok(None);
        }
        let issued = only(found)?;
        if issued.receipt.id == *id {
            Ok(Some(issued))
        } else {
            Err(unexpected("another receipt than", id.number.as_str()))
        }
    }
}

#[async_trait]
impl RedReceiptIssuer for NonTaxGateway {
    async fn reverse(
        &self,
        receipt: &Receipt,
        request: &ReversalRequest,
    ) -> Result<Receipt, OutsideError> {
        let (reason, no) = (&request.reason, request.refund_no.as_str());
        let reversing = self.reverse_receipt(&receipt.id, reason, no);
        let red = around(Step::GatewayReverseReceipt, reversing).await?;
        let amount = red.amount.value().checked_neg().map(Fen::new);
        let amount = amount.ok_or_else(|| unexpected("the sum of the red receipt", red.amount))?;
        Ok(Receipt { amount, ..red })
    }

    async fn replace(
        &self,
        rest: &WriteOff,
        reversed: &ReceiptId,
    ) -> Result<Receipt, OutsideError> {
        around(Step::GatewayReplaceReceipt, self.replace_receipt(rest, reversed)).await
    }
}

#[async_trait]
impl ReceiptIssuer for NonTaxGateway {
    /// Sends once: the outbox asks again, and the gateway answers with the same receipt.
    async fn issue(&self, of: &WriteOff) -> Result<Receipt, OutsideError> {
        around(Step::GatewayReceipt, self.issue_receipt(of, None)).await
    }
}

#[cfg(test)]
#[path = "receipt_tests.rs"]
mod tests;
