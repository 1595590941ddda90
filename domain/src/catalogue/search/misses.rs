//! Searches that found nothing, for the editors: what people want and how they call it.

use super::text::normal;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// More different texts are not kept; the one that was not asked for the longest goes.
const KEPT: usize = 1_000;
/// So many letters and digits with digits among them are somebody's number.
const NUMBER: usize = 6;

/// A text that found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// As typed, in one spelling, with `*` in the place of numbers.
    pub text: String,
    /// How often.
    pub times: u32,
    /// The last time.
    pub last: Timestamp,
}

/// Those of this process since it started.
#[derive(Default)]
pub struct Misses(Mutex<HashMap<String, Miss>>);

impl Misses {
    /// Counts one.
    pub fn count(&self, text: &str, at: Timestamp) {
        let text = masked(&normal(text));
        if text.is_empty() || text == "*" {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT && !kept.contains_key(&text) {
            let oldest = kept.values().min_by_key(|miss| (miss.last, &miss.text));
            let oldest = oldest.map(|miss| miss.text.clone());
            if let Some(oldest) = oldest {
                kept.remove(&oldest);
            }
        }
        let miss = kept.entry(text.clone()).or_insert(Miss { text, times: 0, last: at });
        miss.times = miss.times.saturating_add(1);
        miss.last = miss.last.max(at);
    }

    /// The most frequent, then the latest.
    pub fn list(&self, first: usize) -> Vec<Miss> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut misses: Vec<Miss> = kept.values().cloned().collect();
        misses.sort_by(|a, b| {
            (b.times, b.last).cmp(&(a.times, a.last)).then_with(|| a.text.cmp(&b.text))
        });
        misses.truncate(first);
        misses
    }
}

/// Ids, phones, plates and all that looks like them become `*`, with the character of a province
/// that stands before a plate.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii() {
            rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (run, after) = rest.split_at(length);
        let number = run.len() >= NUMBER && run.bytes().any(|b| b.is_ascii_digit());
        if number {
            masked = masked.strip_suffix(PROVINCES).unwrap_or(&masked).to_owned();
        }
        masked.push_str(if number { "*" } else { run });
        rest = after;
    }
    masked
}

/// First characters of plates.
const PROVINCES: [char; 31] = [
    '京', '津', '沪', '渝', '冀', '豫', '云', '辽', '黑', '湘', '皖', '鲁', '新', '苏', '浙', '赣',
    '鄂', '桂', '甘', '晋', '蒙', '陕', '吉', '闽', '贵', '粤', '青', '藏', '川', '宁', '琼',
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn frequent_texts_come_first_in_one_spelling() {
        let misses = Misses::default();
        for (text, second) in [("ＥＴＣ 办理", 1), ("etc办理", 2), ("飞机票", 3)] {
            misses.count(text, at(second));
        }
        let got = misses.list(10);
        assert_eq!((got[0].text.as_str(), got[0].times, got[0].last), ("etc办理", 2, at(2)));
        assert_eq!(got[1].text, "飞机票");
        assert_eq!(misses.list(1).len(), 1);
    }

    #[test]
    fn numbers_of_persons_are_not_kept() {
        let misses = Misses::default();
        for text in [
            "张三33010119900307123X的档案",
            "电话 138-0013-8000",
            "浙A12345去哪了",
            "浙A·D12345",
            "91330100XXXXXX019U",
        ] {
            misses.count(text, at(1));
        }
        let got: Vec<String> = misses.list(10).into_iter().map(|miss| miss.text).collect();
        assert_eq!(got, ["*去哪了", "张三*的档案", "电话*"]);
    }

    #[test]
    fn a_flood_of_texts_pushes_out_the_oldest_and_no_more() {
        let misses = Misses::default();
        for number in 0..1_500_i64 {
            misses.count(
                &format!("没有{}", "啊".repeat(usize::try_from(number).unwrap())),
                at(number),
            );
        }
        let got = misses.list(2_000);
        assert_eq!(got.len(), KEPT);
        assert_eq!(got.iter().map(|miss| miss.last).min(), Some(at(500)));
    }
}
