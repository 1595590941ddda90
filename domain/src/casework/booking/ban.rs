//! Who stays away again and again may not book for a while.

use crate::catalogue::NoShowRule;
use jiff::{SignedDuration, Timestamp};

const DAY_S: i64 = 24 * 60 * 60;

fn days(count: u16) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count) * DAY_S)
}

/// How far back somebody's past matters to the rule.
pub(super) fn looks_back(rule: NoShowRule) -> SignedDuration {
    days(rule.within_days) + days(rule.ban_days)
}

/// Until when somebody may not book who stayed away at these times (of the appointments, in any
/// order); `None`: not banned now.
pub fn banned_until(rule: NoShowRule, missed: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    let mut missed = missed.to_vec();
    missed.sort();
    let together = missed.windows(usize::from(rule.times).max(1));
    let bans = together.filter_map(|group| {
        let (first, last) = (*group.first()?, *group.last()?);
        let often = last.duration_since(first) <= days(rule.within_days);
        often.then_some(last.checked_add(days(rule.ban_days)).unwrap_or(Timestamp::MAX))
    });
    bans.max().filter(|until| *until > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::samples::at;

    const RULE: NoShowRule = NoShowRule { times: 3, within_days: 90, ban_days: 60 };

    fn day(number: i64) -> Timestamp {
        at(number * DAY_S)
    }

    #[test]
    fn three_times_in_ninety_days_bans_for_sixty() {
        for (missed, now, until) in [
            (vec![], 0, None),
            (vec![0, 10], 11, None),
            (vec![0, 10, 20], 21, Some(80)),
            (vec![20, 0, 10], 21, Some(80)),
            (vec![0, 10, 90], 91, Some(150)),
            (vec![0, 10, 91], 92, None),
            (vec![0, 10, 20], 79, Some(80)),
            (vec![0, 10, 20], 80, None),
            (vec![0, 1, 85, 86], 87, Some(146)),
        ] {
            let times: Vec<Timestamp> = missed.iter().copied().map(day).collect();
            assert_eq!(banned_until(RULE, &times, day(now)), until.map(day), "{missed:?} {now}");
        }
    }
}
