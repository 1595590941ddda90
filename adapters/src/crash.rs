//! Crash points: the moments right before and right after each step that outlives the process,
//! at which a test can have it die. The sweep (docs/reliability.md) kills at every one of them.
//!
//! A point that is not armed costs one relaxed load. Nothing but the setting `YIWANG_CRASH_AT`
//! arms one, and production refuses that setting.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

/// Declares the steps once: a variant, its name, and its place in [`Step::ALL`].
macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident => $name:literal,)*) => {
        /// Something that happens in the database or outside, and stays after a crash.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Step { $($(#[$doc])* $step,)* }

        impl Step {
            /// Every step; a house test finds each of them used.
            pub const ALL: &'static [Self] = &[$(Self::$step,)*];

            /// The name in settings and reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$step => $name,)* }
            }
        }
    };
}

steps! {
    /// A new attempt is stored, before the rail is asked.
    PaymentInsert => "payment.insert",
    /// A payment moves: state, history line, journal and outbox rows.
    PaymentSave => "payment.save",
    /// The healer takes payments that are due.
    PaymentLease => "payment.lease",
    /// A verified callback is stored, before it is answered.
    CallbackRecord => "callback.record",
    /// A worker takes callbacks that wait.
    CallbackLease => "callback.lease",
    /// A callback has been acted on.
    CallbackFinish => "callback.finish",
    /// A worker takes effects that are due.
    OutboxLease => "outbox.lease",
    /// The gateway knows that a notice was paid.
    OutboxWrittenOff => "outbox.written_off",
    /// A receipt is kept.
    OutboxReceipted => "outbox.receipted",
    /// A notice whose items get no receipt has none, for ever.
    OutboxNeverReceipted => "outbox.never_receipted",
    /// An effect comes again later.
    OutboxPostpone => "outbox.postpone",
    /// A day's verdict and its file are kept.
    DaySave => "day.save",
    /// A day's clearing with the finance department is kept.
    ClearingSave => "clearing.save",
    /// A verified call of the gateway is stored, before it is answered.
    NewsRecord => "news.record",
    /// A worker takes news that wait.
    NewsLease => "news.lease",
    /// News have been acted on.
    NewsFinish => "news.finish",
    /// Refunds are stored, and their sums reserved.
    RefundInsert => "refund.insert",
    /// A refund moves: state, history line, decision, and its payment's change and journal.
    RefundSave => "refund.save",
    /// A worker takes refunds that are due.
    RefundLease => "refund.lease",
    /// A refund is to be looked at sooner.
    RefundWake => "refund.wake",
    /// A red receipt is kept, linked to the one that it takes back.
    ReceiptReversal => "receipt.reversal",
    /// The receipt of the rest is kept.
    ReceiptReplacement => "receipt.replacement",
    /// What no change of a payment books: a fee.
    LedgerBook => "ledger.book",
    /// The nightly check of the ledger is kept.
    LedgerCheck => "ledger.check",
    /// The balances of the ledger are made anew from its entries.
    LedgerRebuild => "ledger.rebuild",
    /// The rail is asked for an order.
    RailSubmit => "rail.submit",
    /// The rail is asked where an order stands.
    RailQuery => "rail.query",
    /// The rail is asked to close an order.
    RailClose => "rail.close",
    /// The rail is asked to give money back.
    RailRefund => "rail.refund",
    /// The rail is asked where a refund stands.
    RailQueryRefund => "rail.query_refund",
    /// The rail is asked for a day's statement.
    RailStatement => "rail.statement",
    /// The gateway is asked for a notice, before a payment of it is stored.
    GatewayFindNotice => "gateway.find_notice",
    /// The gateway is told that a notice was paid.
    GatewayWriteOff => "gateway.write_off",
    /// The gateway is asked for a receipt.
    GatewayReceipt => "gateway.receipt",
    /// The gateway is asked to agree to a refund.
    GatewayAskRefund => "gateway.ask_refund",
    /// The gateway is asked where a refund's procedure stands.
    GatewayQueryRefund => "gateway.query_refund",
    /// The gateway is told that the money is back.
    GatewayTellPaidBack => "gateway.tell_paid_back",
    /// The gateway is asked for a red receipt.
    GatewayReverseReceipt => "gateway.reverse_receipt",
    /// The gateway is asked for a receipt of the rest.
    GatewayReplaceReceipt => "gateway.replace_receipt",
    /// The finance department gets the day's orders.
    GatewaySendOrders => "gateway.send_orders",
    /// The finance department gets the day's shares.
    GatewaySendSplit => "gateway.send_split",
    /// The finance department is asked which files of a day there are.
    GatewayListFiles => "gateway.list_files",
    /// One of them is fetched.
    GatewayFetchFile => "gateway.fetch_file",
}

/// Which side of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// All is prepared, nothing has happened.
    Before,
    /// It has happened, and nobody has been told.
    After,
}

/// One side of one step: `payment.save:before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    step: Step,
    side: Side,
}

impl Point {
    /// Every point there is.
    pub fn all() -> Vec<Self> {
        let both = |step: &Step| [Side::Before, Side::After].map(|side| Self { step: *step, side });
        Step::ALL.iter().flat_map(both).collect()
    }

    /// Never zero, which stands for "no point".
    const fn code(self) -> u32 {
        self.step as u32 * 2 + self.side as u32 + 1
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Before => "before",
            Side::After => "after",
        };
        write!(f, "{}:{side}", self.step.name())
    }
}

/// Which passage of which point is the last: `payment.save:before`, or `payment.save:before:2`
/// for the second one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrashAt {
    point: Point,
    passage: u32,
}

impl fmt::Display for CrashAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.point, self.passage)
    }
}

/// The text names no point.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no such crash point")]
pub struct NoSuchPoint;

impl FromStr for CrashAt {
    type Err = NoSuchPoint;

    fn from_str(text: &str) -> Result<Self, NoSuchPoint> {
        let found = Point::all().into_iter().find_map(|point| {
            let passage = match text.strip_prefix(&point.to_string())? {
                "" => 1,
                rest => rest.strip_prefix(':')?.parse().ok().filter(|passage| *passage > 0)?,
            };
            Some(Self { point, passage })
        });
        found.ok_or(NoSuchPoint)
    }
}

/// The code of the armed point, or zero.
static ARMED: AtomicU32 = AtomicU32::new(0);
/// How many passages of it are left to live.
static LEFT: AtomicU32 = AtomicU32::new(0);

/// From now on, this process dies there.
pub fn arm(at: CrashAt) {
    LEFT.store(at.passage, Ordering::Relaxed);
    ARMED.store(at.point.code(), Ordering::Release);
}

/// Does a step between its two points; who traces the request sees it under its name.
pub(crate) async fn around<T>(step: Step, doing: impl Future<Output = T>) -> T {
    pass(Point { step, side: Side::Before });
    let done = crate::asked::step(|| step.name().to_owned(), doing).await;
    pass(Point { step, side: Side::After });
    done
}

fn pass(point: Point) {
    if ARMED.load(Ordering::Relaxed) == point.code() {
        pass_armed();
    }
}

/// As `kill -9` would: nothing is flushed, nothing is dropped, nobody is told.
#[cold]
fn pass_armed() {
    if LEFT.fetch_sub(1, Ordering::Relaxed) == 1 {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_named_and_read_back() {
        let all = Point::all();
        assert_eq!(all.len(), Step::ALL.len() * 2);
        for (index, point) in all.iter().enumerate() {
            let read = |text: String| text.parse::<CrashAt>();
            let at = |passage| Ok::<_, NoSuchPoint>(CrashAt { point: *point, passage });
            assert_eq!(read(point.to_string()), at(1));
            assert_eq!(read(format!("{point}:12")), at(12));
            assert_eq!(read(at(12).unwrap().to_string()), at(12));
            assert_eq!(point.code() as usize, index + 1, "no two share a code, none is zero");
        }
    }

    #[test]
    fn what_names_no_point_is_refused() {
        for text in [
            "",
            "payment.save",
            "payment.save:",
            "payment.save:during",
            "payment.save:before:",
            "payment.save:before:0",
            "payment.save:before:x",
            "payment.save:beforehand",
            " payment.save:before",
        ] {
            assert_eq!(text.parse::<CrashAt>(), Err(NoSuchPoint), "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_point_that_is_not_armed_lets_pass() {
        assert_eq!(around(Step::PaymentSave, async { 7 }).await, 7);
    }
}
