//! Searches that found nothing, for the editors: what people want and how they call it.

use super::text::normal;
use crate::outside::StoreError;
use async_trait::async_trait;
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
    /// As typed, in one spelling.
    pub text: String,
    /// How often.
    pub times: u32,
    /// The first time.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
}

/// Where the counts of all nodes come together.
#[async_trait]
pub trait SearchMisses: Send + Sync {
    /// Adds to what was counted before; texts that nobody has asked for the longest may go.
    async fn add_misses(&self, misses: &[Miss]) -> Result<(), StoreError>;
    /// The most frequent, then the latest.
    async fn list_misses(&self, limit: u16) -> Result<Vec<Miss>, StoreError>;
}

/// Those of this process that are not stored yet.
#[derive(Default)]
pub struct Misses(Mutex<HashMap<String, Miss>>);

impl Misses {
    /// Counts one.
    pub fn count(&self, text: &str, at: Timestamp) {
        let text = normal(text);
        if !text.is_empty() && !has_number(&text) {
            self.add(Miss { text, times: 1, first: at, last: at });
        }
    }

    fn add(&self, new: Miss) {
        let text = new.text.clone();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT && !kept.contains_key(&text) {
            let oldest = kept.values().min_by_key(|miss| (miss.last, &miss.text));
            let oldest = oldest.map(|miss| miss.text.clone());
            if let Some(oldest) = oldest {
                kept.remove(&oldest);
            }
        }
        let miss = kept.entry(text).or_insert(Miss { times: 0, ..new.clone() });
        miss.times = miss.times.saturating_add(new.times);
        miss.first = miss.first.min(new.first);
        miss.last = miss.last.max(new.last);
    }

    /// All of them, by text; none are left.
    pub fn take(&self) -> Vec<Miss> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut misses: Vec<Miss> = kept.drain().map(|(_, miss)| miss).collect();
        misses.sort_by(|a, b| a.text.cmp(&b.text));
        misses
    }

    /// Those that could not be stored are counted on.
    pub fn put_back(&self, misses: Vec<Miss>) {
        misses.into_iter().for_each(|miss| self.add(miss));
    }
}

/// Ids, phones, plates and all that looks like them: a text that has one says more of somebody than
/// of what they look for, and is not kept at all.
fn has_number(text: &str) -> bool {
    let mut runs = text.split(|c: char| !c.is_ascii());
    runs.any(|run| run.len() >= NUMBER && run.bytes().any(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn texts_are_counted_in_one_spelling_and_taken_once() {
        let misses = Misses::default();
        for (text, second) in [("ＥＴＣ 办理", 1), ("etc办理", 2), ("飞机票", 3)] {
            misses.count(text, at(second));
        }
        let got = misses.take();
        let told: Vec<_> =
            got.iter().map(|m| (m.text.as_str(), m.times, m.first, m.last)).collect();
        assert_eq!(told, [("etc办理", 2, at(1), at(2)), ("飞机票", 1, at(3), at(3))]);
        assert_eq!(misses.take(), []);
        misses.count("飞机票", at(4));
        misses.put_back(got);
        let again = misses.take();
        assert_eq!((again[1].times, again[1].first, again[1].last), (2, at(3), at(4)));
    }

    #[test]
    fn texts_with_numbers_of_persons_are_not_kept() {
        let misses = Misses::default();
        for text in [
            "张三33010119900307123X的档案",
            "电话 138-0013-8000",
            "浙A12345去哪了",
            "浙A·D12345",
            "91330100XXXXXX019U",
            "１３８００１３８０００",
        ] {
            misses.count(text, at(1));
        }
        misses.count("pm25火星", at(1));
        let got: Vec<String> = misses.take().into_iter().map(|miss| miss.text).collect();
        assert_eq!(got, ["pm25火星"]);
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
        let got = misses.take();
        assert_eq!(got.len(), KEPT);
        assert_eq!(got.iter().map(|miss| miss.last).min(), Some(at(500)));
    }
}
