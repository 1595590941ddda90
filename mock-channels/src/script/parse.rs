//! Reads a script: one rule a line, or several with semicolons between. All faults of a script are
//! reported at once.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::time;
use crate::clock::Day;
use crate::world::callback::Platform;
use crate::world::fault::{BillFault, BillFaultKind};
use crate::world::script::{Action, EventKind, Rule, Trigger};

mod action;

#[cfg(test)]
mod tests;

/// More text than anybody writes.
const LONGEST_TEXT: usize = 512 * 1024;

/// What is wrong with a line of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineFault {
    /// Counted from one.
    pub line: usize,
    /// In words for a tester.
    pub message: String,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "第 {} 行：{}", self.line, self.message)
    }
}

/// The rules of a text. Times of day and waits count from `now_ms`.
pub(super) fn parse(text: &str, now_ms: i64) -> Result<Vec<Rule>, Vec<LineFault>> {
    if text.len() > LONGEST_TEXT {
        return Err(vec![LineFault { line: 1, message: "脚本太长".to_owned() }]);
    }
    let (mut rules, mut faults) = (Vec::new(), Vec::new());
    for (index, whole) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = index + 1;
        for part in parts(whole) {
            match rule(part, now_ms) {
                Ok((trigger, action)) => rules.push(Rule {
                    line,
                    text: part.to_owned(),
                    trigger,
                    action,
                    fired: None,
                    in_flight: false,
                }),
                Err(message) => faults.push(LineFault { line, message }),
            }
        }
    }
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}

/// The rules of a line without its comment. A line with JSON is one rule, whatever is in it.
fn parts(line: &str) -> Vec<&str> {
    let line = line.trim();
    if line.starts_with('#') {
        return Vec::new();
    }
    if line.contains('{') {
        return vec![line];
    }
    let rules = line.split_once('#').map_or(line, |(rules, _comment)| rules);
    rules.split(';').map(str::trim).filter(|rule| !rule.is_empty()).collect()
}

/// The words of a rule, one after the other.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.rest.split_whitespace().next()
    }

    fn next(&mut self) -> Option<&'a str> {
        let word = self.peek()?;
        let start = self.rest.find(word).unwrap_or(0);
        self.rest = self.rest[start + word.len()..].trim_start();
        Some(word)
    }

    /// Takes the next word if it is this one.
    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        if found {
            self.next();
        }
        found
    }

    /// The last word of a trigger, without the colon that may follow it.
    fn before_colon(&mut self) -> Option<&'a str> {
        let word = self.next()?;
        if let Some(bare) = word.strip_suffix(':') {
            return Some(bare);
        }
        if let Some(rest) = self.rest.strip_prefix(':') {
            self.rest = rest.trim_start();
        }
        Some(word)
    }

    fn end(&self) -> Result<(), String> {
        if self.rest.is_empty() { Ok(()) } else { Err(format!("“{}”是多余的", self.rest)) }
    }
}

/// A word that is a name of the control API: a platform, a channel, a fault.
fn named<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(word.into()).ok()
}

fn rule(text: &str, now_ms: i64) -> Result<(Trigger, Action), String> {
    let mut words = Words { rest: text };
    match words.next() {
        Some("after") => {
            let trigger = after(&mut words)?;
            Ok((trigger, action::read(&mut words, true)?))
        }
        Some("at") => {
            let at_ms = at(&mut words, now_ms)?;
            Ok((Trigger::At { at_ms }, action::read(&mut words, false)?))
        }
        Some("statement" | "statement:") => Ok((Trigger::Now, statement(text)?)),
        Some(other) => Err(format!("规则应以 after、at 或 statement 开头，不是“{other}”")),
        None => Err("空规则".to_owned()),
    }
}

/// `after [PLATFORM] order|payment|close|refund N:`
fn after(words: &mut Words<'_>) -> Result<Trigger, String> {
    let platform = words.peek().and_then(named::<Platform>);
    if platform.is_some() {
        words.next();
    }
    let event = words.next().unwrap_or_default().trim_end_matches(':');
    let event: EventKind = named(event).ok_or(format!(
        "after 后应为 order、payment、close 或 refund（前面可加平台），不是“{event}”"
    ))?;
    let count = words.before_colon().unwrap_or_default();
    let count = count.parse().ok().filter(|count| *count >= 1);
    let count = count.ok_or("after 需要一个从 1 开始的序号")?;
    Ok(Trigger::After { platform, event, count })
}

/// `at 23:59:58`, `at 2026-03-02 23:59:58.250`, `at +5m`, with or without a colon.
fn at(words: &mut Words<'_>, now_ms: i64) -> Result<i64, String> {
    moment(words, now_ms)
        .ok_or("at 后应为 HH:MM[:SS]、YYYY-MM-DD HH:MM[:SS] 或 +时长（如 +5m）".to_owned())
}

fn moment(words: &mut Words<'_>, now_ms: i64) -> Option<i64> {
    if words.peek().and_then(Day::from_text).is_some() {
        let date = words.next()?;
        return time::moment(date, words.before_colon()?);
    }
    let word = words.before_colon()?;
    match word.strip_prefix('+') {
        Some(wait) => Some(now_ms + time::duration(wait)?),
        None => Some(time::next(time::time_of_day(word)?, now_ms)),
    }
}

/// `statement [PLATFORM] [DATE]: duplicate line 7`
fn statement(text: &str) -> Result<Action, String> {
    let (head, tail) = text.split_once(':').ok_or("statement 后需要冒号")?;
    let mut words = Words { rest: head.trim_start_matches("statement").trim() };
    let platform = words.peek().and_then(named::<Platform>);
    if platform.is_some() {
        words.next();
    }
    let date = words.next();
    if let Some(date) = date.filter(|date| Day::from_text(date).is_none()) {
        return Err(format!("“{date}”不是平台，也不是 YYYY-MM-DD"));
    }
    words.end()?;
    let mut words = Words { rest: tail.trim() };
    let fault = bill_fault(&mut words)?;
    words.end()?;
    Ok(Action::Bill { platform, date: date.map(str::to_owned), fault })
}

fn bill_fault(words: &mut Words<'_>) -> Result<BillFault, String> {
    const KNOWN: &str = "duplicate|drop|change|garble line N、extra line、truncate、\
        wrong hash|day|totals";
    let (verb, object) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let fault = match (verb, object) {
        ("duplicate", "line") => BillFaultKind::DuplicateLine,
        ("drop", "line") => BillFaultKind::DropLine,
        ("change", "line") => BillFaultKind::ChangeAmount,
        ("garble", "line") => BillFaultKind::BadLine,
        ("extra", "line") => BillFaultKind::ExtraLine,
        ("truncate", "") => BillFaultKind::Truncated,
        ("wrong", "hash") => BillFaultKind::WrongHash,
        ("wrong", "day") => BillFaultKind::WrongDay,
        ("wrong", "totals") => BillFaultKind::WrongTotals,
        _ => return Err(format!("对账单故障应为 {KNOWN}，不是“{verb} {object}”")),
    };
    let of_line = object == "line" && verb != "extra";
    let line = if of_line {
        let number = words.next().and_then(|word| word.parse().ok()).filter(|line| *line >= 1);
        Some(number.ok_or(format!("{verb} line 需要一个从 1 开始的行号"))?)
    } else {
        None
    };
    Ok(BillFault { fault, times: None, line })
}
