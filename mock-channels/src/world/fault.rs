//! What a tester makes go wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::World;
use super::callback::Platform;
use crate::clock::Day;

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
    Express,
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
    /// Processed; WeChat Pay tries out whether the caller verifies, and signs wrongly on purpose.
    SignatureProbe,
    /// Not processed; the platform says in its own words that nobody knows what happened.
    SystemError,
    /// Processed; the same words.
    SystemErrorAfter,
    /// Not processed; too many calls, says WeChat Pay.
    FrequencyLimited,
    /// Not processed; refused with a code of the tester's choice.
    Refused,
    /// Processed; refused all the same.
    RefusedAfter,
    /// Processed; the signed answer is followed by a second, forged one under the same name.
    DoubleAnswer,
}

/// A fault that waits for the next matching call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) channel: Channel,
    /// Any operation of the channel when empty; `WORD.*` is any of a department.
    pub(crate) operation: Option<String>,
    pub(crate) fault: FaultKind,
    /// How many calls are still to be hit.
    pub(crate) times: u32,
    /// The word of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Hits every call before this moment, and none after it.
    #[serde(default, rename = "untilMs", skip_serializing_if = "Option::is_none")]
    pub(crate) until_ms: Option<i64>,
    /// How late a slow answer is; two seconds when empty.
    #[serde(default, rename = "latencyMs", skip_serializing_if = "Option::is_none")]
    pub(crate) latency_ms: Option<u64>,
    /// Hits so many of a hundred matching calls, evenly; all of them when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<u64>,
    /// The matching calls so far, where only some are hit.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub(crate) seen: u64,
}

fn is_nought(count: &u64) -> bool {
    *count == 0
}

impl Fault {
    /// Whether this matching call is one of those that are hit: of ten calls at 30 %, three.
    fn strikes(&mut self) -> bool {
        let Some(percent) = self.percent else { return true };
        let (before, after) = (self.seen * percent / 100, (self.seen + 1) * percent / 100);
        self.seen += 1;
        after > before
    }
}

/// Finds the first fault that fits and uses it up once.
pub(crate) fn take(
    faults: &mut Vec<Fault>,
    channel: Channel,
    operation: &str,
    now_ms: i64,
) -> Option<Fault> {
    faults.retain(|fault| fault.until_ms.is_none_or(|until_ms| now_ms < until_ms));
    let fits = |fault: &Fault| {
        fault.channel == channel
            && fault.operation.as_deref().is_none_or(|name| hits(name, operation))
    };
    let position = faults.iter_mut().position(|fault| fits(fault) && fault.strikes())?;
    let taken = faults[position].clone();
    if taken.until_ms.is_none() {
        faults[position].times = faults[position].times.saturating_sub(1);
    }
    if faults[position].times == 0 {
        faults.remove(position);
    }
    Some(taken)
}

fn hits(aim: &str, operation: &str) -> bool {
    let department = aim.strip_suffix('*');
    aim == operation || department.is_some_and(|department| operation.starts_with(department))
}

/// How the trade bill of one day is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BillFault {
    pub(crate) fault: BillFaultKind,
    /// How many bills are still to be spoilt; all of them when empty.
    pub(crate) times: Option<u32>,
    /// Which line is hit, counted from one; the first when empty.
    #[serde(default)]
    pub(crate) line: Option<u32>,
}

/// What is wrong with a file, and in which of its lines, counted from zero.
pub(crate) type Spoilt = Option<(BillFaultKind, usize)>;

impl BillFault {
    /// As those who make files want it.
    pub(crate) fn spoilt(&self) -> (BillFaultKind, usize) {
        (self.fault, self.line.unwrap_or(1).saturating_sub(1) as usize)
    }
}

/// Does to the lines of a file what is asked for; faults of the file as a whole do nothing here.
pub(crate) fn spoil_lines<L: Clone>(
    lines: &mut Vec<L>,
    fault: Spoilt,
    extra: impl FnOnce() -> L,
    raise: impl FnOnce(&mut L),
) {
    let Some((fault, index)) = fault else { return };
    let index = index.min(lines.len().saturating_sub(1));
    match fault {
        BillFaultKind::DuplicateLine => {
            if let Some(line) = lines.get(index).cloned() {
                lines.insert(index + 1, line);
            }
        }
        BillFaultKind::DropLine => {
            if index < lines.len() {
                lines.remove(index);
            }
        }
        BillFaultKind::ExtraLine => lines.push(extra()),
        BillFaultKind::ChangeAmount => {
            if let Some(line) = lines.get_mut(index) {
                raise(line);
            }
        }
        BillFaultKind::Truncated
        | BillFaultKind::WrongHash
        | BillFaultKind::WrongDay
        | BillFaultKind::BadLine
        | BillFaultKind::WrongTotals => {}
    }
}

/// Stands for every day that has no fault of its own.
pub(crate) const EVERY_DAY: &str = "*";

impl World {
    /// What is wrong with the daily files of a platform, by their days.
    pub(crate) fn bill_faults(&self, platform: Platform) -> &BTreeMap<String, BillFault> {
        match platform {
            Platform::WechatPay => &self.bill_faults,
            Platform::Alipay => &self.alipay.bill_faults,
            Platform::Unionpay => &self.unionpay.file_faults,
            Platform::Gateway => &self.gateway.bill_faults,
            Platform::WechatMessage => &self.outbox.no_files,
        }
    }

    pub(crate) fn bill_faults_mut(
        &mut self,
        platform: Platform,
    ) -> &mut BTreeMap<String, BillFault> {
        match platform {
            Platform::WechatPay => &mut self.bill_faults,
            Platform::Alipay => &mut self.alipay.bill_faults,
            Platform::Unionpay => &mut self.unionpay.file_faults,
            Platform::Gateway => &mut self.gateway.bill_faults,
            Platform::WechatMessage => &mut self.outbox.no_files,
        }
    }
}

/// The fault asked for a day.
pub(crate) fn asked_bill(faults: &BTreeMap<String, BillFault>, day: Day) -> Option<&BillFault> {
    faults.get(&day.text()).or_else(|| faults.get(EVERY_DAY))
}

/// The fault asked for a day, used up once if it was not meant for ever.
pub(crate) fn take_bill(faults: &mut BTreeMap<String, BillFault>, day: Day) -> Option<BillFault> {
    let own = day.text();
    let key = if faults.contains_key(&own) { own.as_str() } else { EVERY_DAY };
    let asked = faults.get_mut(key)?;
    let taken = asked.clone();
    if let Some(times) = &mut asked.times {
        *times = times.saturating_sub(1);
        if *times == 0 {
            faults.remove(key);
        }
    }
    Some(taken)
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
