//! The shape of the section `[certificate]`.

use super::wire::{CallWire, SentWire};
use domain::catalogue::{RawCertificate, RawPost, RawSpan};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateWire {
    #[serde(default)]
    operation: String,
    #[serde(default)]
    sends: Vec<SentWire>,
    #[serde(default)]
    subject: bool,
    #[serde(default)]
    title: String,
    #[serde(default)]
    seal: String,
    valid_months: Option<u8>,
    valid_days: Option<u16>,
    holder: Option<String>,
    span: Option<SpanWire>,
    post: Option<PostWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpanWire {
    from: String,
    to: String,
    most_months: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostWire {
    field: String,
    choice: String,
    region: String,
    address: String,
    phone: String,
}

impl CertificateWire {
    pub(super) fn into_raw(self) -> RawCertificate {
        let (operation, sends, subject) = (self.operation, self.sends, self.subject);
        let call = CallWire { operation, sends, subject, stale_minutes: None };
        RawCertificate {
            call: call.into_raw(),
            title: self.title,
            seal: self.seal,
            valid_months: self.valid_months,
            valid_days: self.valid_days,
            holder: self.holder,
            span: self.span.map(|span| RawSpan {
                from: span.from,
                to: span.to,
                most_months: span.most_months,
            }),
            post: self.post.map(|post| RawPost {
                field: post.field,
                choice: post.choice,
                region: post.region,
                address: post.address,
                phone: post.phone,
            }),
        }
    }
}
