//! A link by which somebody else pays: it shows amounts, and nothing about the person.

use super::payable::{Payable, PayableError};
use super::start::Starter;
use super::{
    CashierKind, NoticeSnapshot, Payment, PaymentStore, Rail, Refusal, StartPayment,
    StartPaymentError, Started, WantedPayment,
};
use crate::clock::{Clock, IdSource};
use crate::identity::{Caller, Channel};
use crate::ids::{IdempotencyKey, PersonId};
use crate::money::Fen;
use crate::notice::{NoticeBook, NoticeNo, PaymentItems};
use crate::outside::StoreError;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// How long a link can be opened: a day, for somebody who reads messages in the evening.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// What a link stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayLink {
    /// For whom is paid: the payment and its receipts are theirs.
    pub person: PersonId,
    /// What is to be paid, in order of the numbers.
    pub notice_nos: Vec<NoticeNo>,
    /// It opens until here.
    pub expires_at: Timestamp,
}

/// Makes a text of a link that says nothing to anybody else.
pub trait PayLinkSeal: Send + Sync {
    /// The token: letters, digits, `-` and `_` only. MUST hide what the link stands for.
    fn seal(&self, link: &PayLink) -> String;
    /// The link of a token that this seal, or one of its predecessors, made.
    fn open(&self, token: &str) -> Option<PayLink>;
}

/// A token and until when it opens.
#[derive(Debug, Clone)]
pub struct MadeLink {
    /// Goes behind `/pay/`.
    pub token: String,
    /// What it stands for.
    pub link: PayLink,
}

/// Use case: a citizen asks somebody to pay for them.
pub struct MakePayLink {
    /// The gateway.
    pub notices: Arc<dyn NoticeBook>,
    /// The catalogue of items.
    pub items: Arc<PaymentItems>,
    /// What makes the token.
    pub seal: Arc<dyn PayLinkSeal>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl MakePayLink {
    /// # Errors
    /// [`PayableError`]: notices that cannot be paid now make no link.
    pub async fn run(
        &self,
        caller: &Caller,
        notice_nos: &[NoticeNo],
    ) -> Result<MadeLink, PayableError> {
        let now = self.clock.now();
        let payable =
            Payable { notices: self.notices.as_ref(), items: &self.items, now, late_fees_of: now };
        let notices = payable.load(notice_nos).await?;
        let deadline = notices.iter().filter_map(|notice| notice.expires_at).min();
        let end = now + LIFE;
        let link = PayLink {
            person: caller.person.id.clone(),
            notice_nos: notices.into_iter().map(|notice| notice.no).collect(),
            expires_at: deadline.map_or(end, |deadline| deadline.min(end)),
        };
        Ok(MadeLink { token: self.seal.seal(&link), link })
    }
}

/// What who holds a link may know.
#[derive(Debug, Clone)]
pub enum LinkShows {
    /// No link of ours.
    Unknown,
    /// It is over.
    Expired,
    /// Paid, or being paid: where the attempt stands.
    Taken(Box<Payment>),
    /// Can be paid; items and what they cost now.
    Payable(Vec<NoticeSnapshot>),
    /// Cannot be paid: withdrawn, paid elsewhere, past its deadline.
    NotPayable,
}

/// Why a link was not opened.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The gateway did not answer.
    #[error("the gateway did not answer")]
    Gateway(#[source] crate::outside::OutsideError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: somebody opens a link, and pays by a QR code.
pub struct PayByLink {
    /// The gateway.
    pub notices: Arc<dyn NoticeBook>,
    /// The catalogue of items.
    pub items: Arc<PaymentItems>,
    /// What reads tokens.
    pub seal: Arc<dyn PayLinkSeal>,
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// What starts them.
    pub start: Arc<StartPayment>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl PayByLink {
    /// What the link shows now.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn look(&self, token: &str) -> Result<LinkShows, LinkError> {
        let Some(link) = self.seal.open(token) else { return Ok(LinkShows::Unknown) };
        let now = self.clock.now();
        for no in &link.notice_nos {
            match self.payments.find_holder(no).await? {
                // Another attempt of the same person for the same notices is this link's own.
                Some(held) if held.person == link.person && same(&held, &link) => {
                    return Ok(LinkShows::Taken(Box::new(held)));
                }
                Some(_) => return Ok(LinkShows::NotPayable),
                None => {}
            }
        }
        if now >= link.expires_at {
            return Ok(LinkShows::Expired);
        }
        let payable =
            Payable { notices: self.notices.as_ref(), items: &self.items, now, late_fees_of: now };
        match payable.load(&link.notice_nos).await {
            Ok(notices) => Ok(LinkShows::Payable(notices)),
            Err(PayableError::Refused(_)) => Ok(LinkShows::NotPayable),
            Err(PayableError::Gateway(error)) => Err(LinkError::Gateway(error)),
        }
    }

    /// Begins, or goes on with, the payment that this link is for, by a code for WeChat.
    ///
    /// # Errors
    /// [`StartPaymentError`], as for any payment; a token that does not open is
    /// [`Refusal::Notices`].
    pub async fn pay(
        &self,
        token: &str,
        expected_total: Fen,
    ) -> Result<Started, StartPaymentError> {
        let open = |link: &PayLink| self.clock.now() < link.expires_at;
        let Some(link) = self.seal.open(token).filter(open) else {
            return Err(StartPaymentError::Refused(Refusal::Notices, None));
        };
        let starter = Starter {
            person: link.person,
            former: Vec::new(),
            channel: Channel::App,
            cashier: Some(CashierKind::WeChatNative),
        };
        let wanted = WantedPayment {
            notice_nos: link.notice_nos,
            rail: Rail::WeChatPay,
            expected_total,
            quote: None,
            // A second tap meets the first by the notices that it holds, not by its key.
            key: IdempotencyKey::generate(self.ids.as_ref()),
        };
        match self.start.start(&starter, wanted).await {
            Err(StartPaymentError::Refused(Refusal::InProgress, Some(own))) => Ok(*own),
            started => started,
        }
    }
}

fn same(payment: &Payment, link: &PayLink) -> bool {
    payment.notices.iter().map(|notice| &notice.no).eq(&link.notice_nos)
}
