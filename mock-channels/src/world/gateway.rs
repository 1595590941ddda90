//! What the payment gateway keeps beside the notices: settings, refunds, clearing files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::company::Company;
use super::fault::BillFault;
use super::refund::Refund;

/// The gateway's own state.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct GatewayWorld {
    pub(crate) companies: Vec<Company>,
    /// How many payment codes were given out.
    pub(crate) pay_codes: u64,
    /// How many notices companies were sent.
    pub(crate) company_notices: u64,
    pub(crate) settings: GatewaySettings,
    pub(crate) refunds: Vec<Refund>,
    /// Clearing files that were taken, by name.
    pub(crate) uploads: BTreeMap<String, Upload>,
    /// The batches of verdicts of each day, by the day's `YYYYMMDD`.
    pub(crate) verdicts: BTreeMap<String, Vec<Vec<Verdict>>>,
    /// What a tester wants finance to say about a line, by order and notice number.
    pub(crate) wanted_verdicts: BTreeMap<String, WantedVerdict>,
    /// What is wrong with the files that it gives out, by their days.
    pub(crate) bill_faults: BTreeMap<String, BillFault>,
    /// Calls that a person of the magic names got `BUSY` for once.
    pub(crate) was_busy: Vec<String>,
}

/// How the gateway behaves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct GatewaySettings {
    /// Where its calls to us go; none are made when empty.
    pub(crate) notify_url: Option<String>,
    pub(crate) confirm: ConfirmMode,
    /// With [`ConfirmMode::Later`]: after how many seconds; only by lever when empty.
    pub(crate) confirm_after_seconds: Option<i64>,
    /// The algorithm of every signature; that of the question when empty.
    pub(crate) algorithm: Option<Algorithm>,
    /// Whether its calls to us are sealed.
    pub(crate) seal_calls: bool,
}

/// When agencies confirm write-offs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ConfirmMode {
    #[default]
    AtOnce,
    Later,
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    #[serde(rename = "RSA-SHA256")]
    RsaSha256,
    #[serde(rename = "SM2-SM3")]
    Sm2Sm3,
}

impl Algorithm {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "RSA-SHA256",
            Self::Sm2Sm3 => "SM2-SM3",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::RsaSha256, Self::Sm2Sm3].into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A clearing file as it was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Upload {
    pub(crate) taken_ms: i64,
    /// The decoded text.
    pub(crate) text: String,
    /// SHA-256 of the bytes.
    pub(crate) digest: String,
}

/// What finance says about one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    pub(crate) region: String,
    pub(crate) agency: String,
    pub(crate) notice_no: String,
    pub(crate) order_no: String,
    pub(crate) amount_fen: i64,
    pub(crate) result: VerdictKind,
    pub(crate) reason_code: String,
    pub(crate) reason: String,
}

/// The three verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum VerdictKind {
    Ok,
    Failed,
    ToBeConfirmed,
}

impl VerdictKind {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Ok => "0",
            Self::Failed => "1",
            Self::ToBeConfirmed => "2",
        }
    }
}

/// What a tester wants finance to say.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WantedVerdict {
    pub(crate) result: VerdictKind,
    pub(crate) reason: String,
}

impl GatewayWorld {
    pub(crate) fn company(&self, uscc: &str) -> Option<&Company> {
        self.companies.iter().find(|company| company.uscc == uscc)
    }

    pub(crate) fn refund(&self, refund_no: &str) -> Option<&Refund> {
        let named = |refund: &&Refund| !refund_no.is_empty() && refund.refund_no == refund_no;
        self.refunds.iter().find(named)
    }

    /// What of a payment is asked back, approved or paid back.
    pub(crate) fn bound_fen(&self, notice_no: &str, pay_no: &str) -> i64 {
        self.of_payment(notice_no, pay_no)
            .filter(|refund| refund.binds())
            .map(|refund| refund.amount_fen)
            .sum()
    }

    /// What of a payment is back.
    pub(crate) fn returned_fen(&self, notice_no: &str, pay_no: &str) -> i64 {
        self.of_payment(notice_no, pay_no)
            .filter(|refund| refund.paid.is_some())
            .map(|refund| refund.amount_fen)
            .sum()
    }

    fn of_payment<'a>(
        &'a self,
        notice_no: &'a str,
        pay_no: &'a str,
    ) -> impl Iterator<Item = &'a Refund> {
        self.refunds
            .iter()
            .filter(move |refund| refund.notice_no == notice_no && refund.pay_no == pay_no)
    }
}
