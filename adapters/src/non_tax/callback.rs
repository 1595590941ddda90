//! Calls of the gateway to us: verified, opened, understood, and answered under our signature.

use super::bill::instant;
use super::call::NonTaxGateway;
use super::envelope::{self, EnvelopeFault, Parsed};
use super::refund::{DecisionWire, standing};
use super::root;
use crate::crypto::CryptoFailed;
use crate::http::header;
use async_trait::async_trait;
use domain::clock::from_beijing;
use domain::ids::{PaymentNo, RefundNo};
use domain::money::{Fen, PayableFen};
use domain::notice::NoticeNo;
use domain::payment::{CallbackRefused, RailCallback};
use domain::receipt::{
    GatewayCall, GatewayCallbacks, GatewayEvent, GatewayNews, RefundDecided, RejectionReason,
    WriteOffVerdict,
};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What a call may have in bytes, and how old or new it may be.
const BYTES_MAX: usize = 1024 * 1024;
const WINDOW: SignedDuration = SignedDuration::from_mins(5);
const REQUEST_ID_MAX: usize = 64;

#[async_trait]
impl GatewayCallbacks for NonTaxGateway {
    async fn read(
        &self,
        callback: &RailCallback,
        now: Timestamp,
    ) -> Result<GatewayCall, CallbackRefused> {
        if callback.body.len() > BYTES_MAX {
            return Err(CallbackRefused::Malformed("too long"));
        }
        let (name, signed) = match envelope::parse(&callback.body).map_err(refused)? {
            Parsed::Signed(name, signed) => (name, signed),
            Parsed::Fault { .. } => return Err(CallbackRefused::Malformed("a fault")),
        };
        let action = header(&callback.headers, "soapaction");
        if action.is_some_and(|action| action.trim_matches('"') != name) {
            return Err(CallbackRefused::Malformed("SOAPAction"));
        }
        // Whatever keeps us from asking for the key, it is unknown.
        let key = self.key_named(&signed.key_id).await.ok().flatten();
        let sealed = signed.is_sealed();
        let key = key.ok_or(CallbackRefused::UnknownKey)?;
        let document = signed.open(&key, self.seal.as_ref()).map_err(refused)?;
        let parameters = root::parameters(&document).or(Err(CallbackRefused::Malformed("ROOT")))?;
        let fields = Fields(&parameters);
        if fields.text("MESSAGE")? != name {
            return Err(CallbackRefused::Malformed("MESSAGE"));
        }
        let id = fields.text("REQUESTID")?;
        if id.is_empty() || id.chars().count() > REQUEST_ID_MAX {
            return Err(CallbackRefused::Malformed("REQUESTID"));
        }
        within_window(fields.text("TIMESTAMP")?, now)?;
        let news = fields.news(&name)?;
        let event = news.map(|news| GatewayEvent { id: id.to_owned(), received_at: now, news });
        let answer = self
            .acknowledge(&name, id, sealed)
            .or(Err(CallbackRefused::Malformed("cannot be answered")))?;
        Ok(GatewayCall { event, answer })
    }

    fn fault(&self, refused: &CallbackRefused) -> String {
        envelope::fault(&refused.to_string())
    }
}

impl NonTaxGateway {
    fn acknowledge(&self, name: &str, id: &str, sealed: bool) -> Result<String, CryptoFailed> {
        let document = root::acknowledgement(&[("REQUESTID", id), ("MESSAGE", name)]);
        let seal = self.seal.as_ref().filter(|_| sealed).map(|seal| (seal, self.fresh_iv()));
        let name = format!("{name}Response");
        envelope::wrap(&name, &document, (&self.key_id, &self.key), seal)
    }
}

fn refused(fault: EnvelopeFault) -> CallbackRefused {
    match fault {
        EnvelopeFault::NotText(_)
        | EnvelopeFault::Declarations
        | EnvelopeFault::Malformed(_)
        | EnvelopeFault::OtherMessage => CallbackRefused::Malformed("envelope"),
        EnvelopeFault::UnknownKey => CallbackRefused::UnknownKey,
        EnvelopeFault::Seal | EnvelopeFault::Signature(CryptoFailed::Decrypt) => {
            CallbackRefused::Undecryptable
        }
        EnvelopeFault::Signature(
            CryptoFailed::Sign | CryptoFailed::Signature | CryptoFailed::Seal,
        ) => CallbackRefused::BadSignature,
    }
}

fn within_window(timestamp: &str, now: Timestamp) -> Result<(), CallbackRefused> {
    let digits = timestamp.len() == 14 && timestamp.bytes().all(|b| b.is_ascii_digit());
    let at = DateTime::strptime("%Y%m%d%H%M%S", timestamp).ok().filter(|_| digits);
    let at = at.and_then(from_beijing).ok_or(CallbackRefused::Malformed("TIMESTAMP"))?;
    if now.duration_since(at).abs() > WINDOW { Err(CallbackRefused::Stale) } else { Ok(()) }
}

/// The parameters of a call.
struct Fields<'a>(&'a BTreeMap<String, String>);

impl Fields<'_> {
    fn text(&self, name: &'static str) -> Result<&str, CallbackRefused> {
        self.0.get(name).map(String::as_str).ok_or(CallbackRefused::Malformed(name))
    }

    /// May be missing, and is cut: words for people.
    fn words(&self, name: &'static str) -> String {
        self.0.get(name).map_or("", String::as_str).chars().take(200).collect()
    }

    fn at(&self, date: &'static str, time: &'static str) -> Result<Timestamp, CallbackRefused> {
        instant(self.text(date)?, self.text(time)?).ok_or(CallbackRefused::Malformed(date))
    }

    fn money(&self, name: &'static str) -> Result<Fen, CallbackRefused> {
        let fen = Fen::from_yuan(self.text(name)?).ok().filter(|fen| *fen > Fen::ZERO);
        fen.ok_or(CallbackRefused::Malformed(name))
    }

    /// `None` where the numbers are not such as ours, or the message is none that we know: it
    /// means nothing to us.
    fn news(&self, message: &str) -> Result<Option<GatewayNews>, CallbackRefused> {
        match message {
            "WriteOff_Confirm" => self.write_off(),
            "Notice_Withdraw" => self.withdrawal(),
            "Refund_Decision" => self.decision(),
            _ => Ok(None),
        }
    }

    fn notice_no(&self) -> Result<Option<NoticeNo>, CallbackRefused> {
        Ok(NoticeNo::new(self.text("NOTICENO")?).ok())
    }

    fn payment_no(&self) -> Result<Option<PaymentNo>, CallbackRefused> {
        Ok(PaymentNo::new(self.text("PAYNO")?).ok())
    }

    fn write_off(&self) -> Result<Option<GatewayNews>, CallbackRefused> {
        let amount = self.money("PAYMONEY")?;
        let at = self.at("CONFIRMDATE", "CONFIRMTIME")?;
        let verdict = match self.text("RESULT")? {
            "CONFIRMED" => WriteOffVerdict::Confirmed,
            "REJECTED" => WriteOffVerdict::Rejected {
                reason_code: RejectionReason::from_code(self.text("REASONCODE")?)
                    .ok_or(CallbackRefused::Malformed("REASONCODE"))?,
                reason: self.words("REASON"),
            },
            _ => return Err(CallbackRefused::Malformed("RESULT")),
        };
        let (Some(notice_no), Some(payment_no)) = (self.notice_no()?, self.payment_no()?) else {
            return Ok(None);
        };
        Ok(Some(GatewayNews::WriteOff { notice_no, payment_no, amount, verdict, at }))
    }

    fn withdrawal(&self) -> Result<Option<GatewayNews>, CallbackRefused> {
        let at = self.at("WITHDRAWDATE", "WITHDRAWTIME")?;
        let reason = self.words("REASON");
        let no = self.notice_no()?;
        Ok(no.map(|notice_no| GatewayNews::NoticeWithdrawn { notice_no, reason, at }))
    }

    fn decision(&self) -> Result<Option<GatewayNews>, CallbackRefused> {
        let decision = DecisionWire {
            stage: self.text("STAGE")?.to_owned(),
            level: self.words("LEVEL"),
            verdict: self.text("VERDICT")?.to_owned(),
            decided_by: self.words("DECIDEDBY"),
            reason: self.words("REASON"),
            decide_date: self.text("DECIDEDATE")?.to_owned(),
            decide_time: self.text("DECIDETIME")?.to_owned(),
        };
        let decision = decision.into_decision().map_err(CallbackRefused::Malformed)?;
        let standing = standing(self.text("REFUNDSTATE")?, &self.words("NOTICEAFTER"))
            .map_err(CallbackRefused::Malformed)?;
        let amount = PayableFen::new(self.money("REFUNDMONEY")?.value())
            .or(Err(CallbackRefused::Malformed("REFUNDMONEY")))?;
        let refund_no = match self.text("REFUNDNO")? {
            "" => Some(None),
            text => RefundNo::new(text).ok().map(Some),
        };
        let numbers = (refund_no, self.notice_no()?, self.payment_no()?);
        let (Some(refund_no), Some(notice_no), Some(payment_no)) = numbers else {
            return Ok(None);
        };
        Ok(Some(GatewayNews::RefundDecided(RefundDecided {
            refund_no,
            notice_no,
            payment_no,
            amount,
            decision,
            standing,
        })))
    }
}

#[cfg(test)]
#[path = "callback_tests.rs"]
mod tests;
