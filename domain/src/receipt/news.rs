//! What the gateway tells us by itself: write-offs confirmed or rejected, notices withdrawn,
//! decisions on refunds. Stored first, acted on afterwards, like the callbacks of rails.

use crate::ids::{PaymentNo, RefundNo};
use crate::money::{Fen, PayableFen};
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::payment::{CallbackRefused, DeskDecision, DeskStanding, RailCallback, Received};
use async_trait::async_trait;
use jiff::Timestamp;

/// Why an agency rejects a write-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionReason {
    /// Another payment, or another channel, has it.
    AlreadyPaid,
    /// The agency took the notice back.
    Withdrawn,
    /// Another one; see the words.
    Other,
}

impl RejectionReason {
    /// The word of columns, and of the gateway.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AlreadyPaid => "ALREADY_PAID",
            Self::Withdrawn => "WITHDRAWN",
            Self::Other => "OTHER",
        }
    }

    /// Does it prove that the money never counted? Otherwise people judge what becomes of it.
    pub const fn is_proof(self) -> bool {
        match self {
            Self::AlreadyPaid | Self::Withdrawn => true,
            Self::Other => false,
        }
    }

    /// The reason whose [`RejectionReason::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        let all = [Self::AlreadyPaid, Self::Withdrawn, Self::Other];
        all.into_iter().find(|reason| reason.code() == code)
    }
}

/// Does a write-off stand?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOffVerdict {
    /// Yes.
    Confirmed,
    /// No, for ever: the money must go back.
    Rejected {
        /// Why, sorted.
        reason_code: RejectionReason,
        /// Why, in the agency's words.
        reason: String,
    },
}

/// A decision about a refund, with what it makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundDecided {
    /// Ours; `None`: finance began it.
    pub refund_no: Option<RefundNo>,
    /// The notice.
    pub notice_no: NoticeNo,
    /// The payment.
    pub payment_no: PaymentNo,
    /// What goes back.
    pub amount: PayableFen,
    /// Who decided what.
    pub decision: DeskDecision,
    /// Where the refund stands after it.
    pub standing: DeskStanding,
}

/// What the gateway says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayNews {
    /// `WriteOff_Confirm`.
    WriteOff {
        /// The notice.
        notice_no: NoticeNo,
        /// The payment.
        payment_no: PaymentNo,
        /// With the late fee.
        amount: Fen,
        /// Does it stand?
        verdict: WriteOffVerdict,
        /// By the gateway's clock.
        at: Timestamp,
    },
    /// `Notice_Withdraw`: nothing may be paid for it any more.
    NoticeWithdrawn {
        /// The notice.
        notice_no: NoticeNo,
        /// Why, in the agency's words.
        reason: String,
        /// By the gateway's clock.
        at: Timestamp,
    },
    /// `Refund_Decision`.
    RefundDecided(RefundDecided),
}

/// News with the id of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayEvent {
    /// REQUESTID, 1 to 64 characters: the same in every delivery.
    pub id: String,
    /// When this delivery came.
    pub received_at: Timestamp,
    /// What it says.
    pub news: GatewayNews,
}

/// A verified call of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayCall {
    /// What to keep; `None`: it is genuine, and about nothing of ours.
    pub event: Option<GatewayEvent>,
    /// The signed answer, to be sent with HTTP 200 once the event is kept.
    pub answer: String,
}

/// Reads calls of the gateway.
#[async_trait]
pub trait GatewayCallbacks: Send + Sync {
    /// Verifies over the raw bytes, opens, checks the time window, and prepares the answer.
    ///
    /// # Errors
    /// [`CallbackRefused`]; nothing of the content may be believed.
    async fn read(
        &self,
        callback: &RailCallback,
        now: Timestamp,
    ) -> Result<GatewayCall, CallbackRefused>;
    /// What a refused call is answered, with HTTP 500: a fault without signature.
    fn fault(&self, refused: &CallbackRefused) -> String;
}

/// Calls that were verified.
#[async_trait]
pub trait GatewayInbox: Send + Sync {
    /// Keeps it with the bytes that were signed. MUST answer [`Received::Seen`] when the same
    /// event with the same news is there.
    async fn record(&self, event: &GatewayEvent, raw: &[u8]) -> Result<Received, StoreError>;
    /// Takes up to `limit` that wait, for nobody else before `until`.
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<GatewayEvent>, StoreError>;
    /// Has been acted on; `outcome` is for staff.
    async fn finish(&self, event: &GatewayEvent, outcome: &str) -> Result<(), StoreError>;
}
