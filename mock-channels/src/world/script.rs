//! What a fault script is made of, and how far it has come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::callback::{CallbackMode, Platform};
use super::fault::{BillFault, Channel, FaultKind};

/// The script that is loaded, what has happened since, and what testers did by hand.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Scripting {
    pub(crate) text: String,
    pub(crate) loaded_ms: i64,
    pub(crate) rules: Vec<Rule>,
    /// How often which event happened since the script was loaded: `payment`, `alipay payment`.
    pub(crate) counts: BTreeMap<String, u64>,
    /// A fault of the answer that is being made right now.
    pub(crate) answer: Option<(Channel, AnswerFault)>,
    /// What is wanted of notifications that are still to be made.
    pub(crate) awaited: Vec<Awaited>,
    /// The rules that would do again what testers did.
    pub(crate) recorded: Vec<String>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    /// Counted from one.
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) trigger: Trigger,
    pub(crate) action: Action,
    pub(crate) fired: Option<Fired>,
    /// Under way right now. Not kept: after a restart nothing is under way.
    #[serde(skip)]
    pub(crate) in_flight: bool,
}

/// That a rule was carried out, and what came of it, in words for a tester.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fired {
    pub(crate) at_ms: i64,
    pub(crate) said: String,
}

/// When a rule is carried out, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trigger {
    /// With an event, the first, the second, …; of any platform when empty.
    After { platform: Option<Platform>, event: EventKind, count: u64 },
    /// At a time.
    At { at_ms: i64 },
    /// When the script is loaded.
    Now,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EventKind {
    /// A new order was placed.
    Order,
    /// A payer paid.
    Payment,
    /// An order was closed unpaid.
    Close,
    /// A refund was accepted.
    Refund,
}

impl EventKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Close => "close",
            Self::Refund => "refund",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) platform: Platform,
    pub(crate) kind: EventKind,
    /// The merchant's number of the order; of the notice, where the gateway is.
    pub(crate) order_no: &'a str,
    pub(crate) notified: Notified,
}

/// Where the notification of an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notified {
    /// Made, unless there is no address for it.
    Already,
    /// Made when the event's outcome is known.
    Later,
    /// There is none.
    Never,
}

/// What a script wants of a notification that is still to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Awaited {
    pub(crate) platform: Platform,
    pub(crate) order_no: String,
    pub(crate) mode: CallbackMode,
}

/// How the answer to the call that caused an event goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AnswerFault {
    pub(crate) kind: FaultKind,
    /// The platform's word for a refusal.
    pub(crate) code: Option<String>,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Action {
    /// The notification of the event.
    Callback(CallbackMode),
    /// All notifications from now on.
    Callbacks(CallbackMode),
    /// The answer to the call that caused the event.
    Answer(AnswerFault),
    /// Calls from now on.
    Fault(FaultWish),
    /// The daily file of a day, or of every day; of all platforms when none is named.
    Bill { platform: Option<Platform>, date: Option<String>, fault: BillFault },
    /// A payer pays, an agency confirms; every payer who waits when nothing is named.
    Approve(Approval),
    /// A payer goes back.
    Refuse { order: String },
    /// A notification is delivered now: the n-th of the order, with the settings of the lever.
    Release { order: String, nth: usize, settings: Value },
    /// The clock moves on.
    Clock { to_ms: i64 },
    /// A lever is pulled.
    Call { method: Method, path: String, body: Value },
}

/// How a payer pays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// Everybody who waits on this platform, where no order is named.
    #[serde(default)]
    pub(crate) platform: Option<Platform>,
    pub(crate) order: Option<String>,
    pub(crate) amount_fen: Option<i64>,
    pub(crate) paid_ms: Option<i64>,
    pub(crate) force: bool,
}

/// A fault of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FaultWish {
    pub(crate) channel: Channel,
    pub(crate) operation: Option<String>,
    pub(crate) kind: FaultKind,
    pub(crate) code: Option<String>,
    pub(crate) times: u32,
    /// How long it lasts, however often it is met.
    pub(crate) lasts_ms: Option<i64>,
}

/// How a lever is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Post,
    Delete,
}
