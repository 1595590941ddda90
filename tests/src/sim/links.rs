//! What makes links for those who pay for another: here in plain text, since nobody in the town
//! reads tokens.

use domain::ids::PersonId;
use domain::notice::NoticeNo;
use domain::payment::{PayLink, PayLinkSeal};
use jiff::Timestamp;

/// `PERSON_NOTICE-NOTICE_MILLISECONDS`.
pub struct PlainLinks;

impl PayLinkSeal for PlainLinks {
    fn seal(&self, link: &PayLink) -> String {
        let nos: Vec<_> = link.notice_nos.iter().map(NoticeNo::as_str).collect();
        format!("{}_{}_{}", link.person, nos.join("-"), link.expires_at.as_millisecond())
    }

    fn open(&self, token: &str) -> Option<PayLink> {
        let mut parts = token.split('_');
        let person = PersonId::new(parts.next()?).ok()?;
        let nos = parts.next()?.split('-').map(NoticeNo::new);
        let notice_nos = nos.collect::<Result<_, _>>().ok()?;
        let expires_at = Timestamp::from_millisecond(parts.next()?.parse().ok()?).ok()?;
        Some(PayLink { person, notice_nos, expires_at })
    }
}
