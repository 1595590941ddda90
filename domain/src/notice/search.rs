//! What a citizen may look for at the gateway, and what they are shown of it.

use super::{FindNotices, ListedNotice, Notice, NoticeNo, PayerKey, PayerName};
use crate::identity::Person;
use crate::outside::OutsideError;
use crate::standards::{NoticeQr, PayCode, PlateKind, PlateNo, Uscc};
use jiff::Timestamp;

/// How somebody names what they look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// All that they owe themselves.
    Own,
    /// Whoever holds a number holds the notice.
    Number(NoticeNo),
    /// The 20-digit payment code.
    PayCode(PayCode),
    /// The text of a notice's QR code, which names its amount.
    Qr(NoticeQr),
    /// What is owed for a vehicle, by its owner.
    Vehicle {
        /// Its plate.
        plate: PlateNo,
        /// The plate's kind.
        kind: PlateKind,
    },
    /// What a company owes: who asks knows its code and its whole name.
    Company {
        /// 统一社会信用代码.
        code: Uscc,
        /// As registered.
        name: String,
    },
}

/// Why nothing was looked for.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Vehicles and companies are shown to people whose name is proved.
    #[error("the name is not proved")]
    NameNotProved,
    /// The QR code's unit or amount is not that of the notice: it was edited.
    #[error("the QR code is not that of the notice")]
    NotAsPrinted,
    /// The gateway did not answer.
    #[error("the gateway did not answer")]
    Gateway(#[from] OutsideError),
}

impl FindNotices {
    /// What `who` may see of what they look for, the most urgent first. A notice named by its
    /// number comes in whatever state it is, all others only while they are open.
    ///
    /// # Errors
    /// [`SearchError`].
    pub async fn search(
        &self,
        who: &Person,
        sought: &Sought,
        now: Timestamp,
    ) -> Result<Vec<ListedNotice>, SearchError> {
        match sought {
            Sought::Own => match &who.real_name {
                Some(proved) => Ok(self.run(&proved.id_card, now).await?),
                // Who has not proved a name has no notices that could be looked up by it.
                None => Ok(Vec::new()),
            },
            Sought::Number(no) => Ok(listed(self.notices.find(no).await?, now)),
            Sought::PayCode(code) => Ok(listed(self.notices.find_by_pay_code(code).await?, now)),
            Sought::Qr(qr) => self.scanned(qr, now).await,
            Sought::Vehicle { plate, kind } => {
                let proved = who.real_name.as_ref().ok_or(SearchError::NameNotProved)?;
                let key = PayerKey::Vehicle { plate: plate.clone(), kind: kind.clone() };
                let found = self.of_payer(&key, now).await?;
                Ok(of_name(found, proved.name.as_str()))
            }
            Sought::Company { code, name } => {
                who.real_name.as_ref().ok_or(SearchError::NameNotProved)?;
                let found = self.of_payer(&PayerKey::Company(code.clone()), now).await?;
                Ok(of_name(found, name))
            }
        }
    }

    async fn scanned(
        &self,
        qr: &NoticeQr,
        now: Timestamp,
    ) -> Result<Vec<ListedNotice>, SearchError> {
        // A number that is none of this province's is one that the gateway does not know.
        let Ok(no) = NoticeNo::new(&qr.notice) else { return Ok(Vec::new()) };
        let found = listed(self.notices.find(&no).await?, now);
        let as_printed = |listed: &ListedNotice| {
            let Notice { agency, region, .. } = &listed.notice;
            agency.code == qr.unit
                && *region == qr.region
                && listed.due.principal == qr.amount.fen()
        };
        if found.iter().all(as_printed) { Ok(found) } else { Err(SearchError::NotAsPrinted) }
    }
}

/// One whose sums overflow is nobody's: nobody could pay it.
fn listed(found: Option<Notice>, now: Timestamp) -> Vec<ListedNotice> {
    let due = |notice: Notice| notice.due(now).ok().map(|due| ListedNotice { notice, due });
    found.and_then(due).into_iter().collect()
}

/// Those on which this very name is printed.
fn of_name(found: Vec<ListedNotice>, name: &str) -> Vec<ListedNotice> {
    let name = PayerName::new(name);
    let named = !name.as_str().is_empty();
    found.into_iter().filter(|listed| named && listed.notice.payer == name).collect()
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
