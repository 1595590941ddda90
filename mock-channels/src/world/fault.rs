//! What a tester makes go wrong.

use serde::{Deserialize, Serialize};

/// One of the platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Channel {
    Wechat,
    WechatPay,
    Alipay,
    Unionpay,
    Gateway,
    Exchange,
}

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FaultKind {
    /// The request is taken and nothing happens: not processed, never answered.
    Silent,
    /// Processed; the connection drops before a byte of the answer.
    LostAnswer,
    /// Not processed; a plain 500.
    Error500,
    /// Processed, two seconds late.
    Slow,
    /// Processed; the connection drops in the middle of the answer.
    Truncated,
    /// Processed; the answer carries no signature.
    Unsigned,
    /// Processed; the answer carries a signature of something else.
    WrongSignature,
    /// Not processed; the platform says in its own words that nobody knows what happened.
    SystemError,
    /// Processed; the same words.
    SystemErrorAfter,
    /// Processed; the signed answer is followed by a second, forged one under the same name.
    DoubleAnswer,
}

/// A fault that waits for the next matching call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) channel: Channel,
    /// Any operation of the channel when empty.
    pub(crate) operation: Option<String>,
    pub(crate) fault: FaultKind,
    /// How many calls are still to be hit.
    pub(crate) times: u32,
}

/// Finds the first fault that fits and uses it up once.
pub(crate) fn take(
    faults: &mut Vec<Fault>,
    channel: Channel,
    operation: &str,
) -> Option<FaultKind> {
    let position = faults.iter().position(|fault| {
        fault.channel == channel && fault.operation.as_deref().is_none_or(|name| name == operation)
    })?;
    let kind = faults[position].fault;
    faults[position].times = faults[position].times.saturating_sub(1);
    if faults[position].times == 0 {
        faults.remove(position);
    }
    Some(kind)
}

/// How the trade bill of one day is wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BillFault {
    pub(crate) fault: BillFaultKind,
    /// How many bills are still to be spoilt; all of them when empty.
    pub(crate) times: Option<u32>,
}

/// What is wrong with a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BillFaultKind {
    /// The file ends in the middle; its hash is that of the whole.
    Truncated,
    /// The answer names a hash that the file does not have.
    WrongHash,
    /// Every line is of the day before.
    WrongDay,
    /// The first line comes twice.
    DuplicateLine,
    /// The first line is missing.
    DropLine,
    /// A payment that never was.
    ExtraLine,
    /// The first payment is one fen higher.
    ChangeAmount,
    /// A line with a column too few.
    BadLine,
    /// The totals are not those of the lines.
    WrongTotals,
}
