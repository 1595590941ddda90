//! A bucket of points that fills steadily: whoever has saved may spend at once, nobody spends
//! more than flows in for long.

use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};

const MICROS_A_SECOND: i64 = 1_000_000;

/// How large a bucket is: so many points, and as many flow in within [`WINDOW_S`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(u64);

/// An empty bucket is full again after so many seconds.
pub const WINDOW_S: i64 = 60;
const WINDOW: i64 = WINDOW_S * MICROS_A_SECOND;

impl Size {
    /// So many points a minute.
    pub const fn a_minute(points: u64) -> Self {
        Self(points)
    }

    /// The points of a full bucket.
    pub const fn points(self) -> u64 {
        self.0
    }

    /// How long it takes until so many have flown in, in microseconds, rounded up.
    fn time_of(self, points: u64) -> i64 {
        let time =
            (u128::from(points) * WINDOW.unsigned_abs() as u128).div_ceil(self.0.max(1).into());
        i64::try_from(time).unwrap_or(i64::MAX)
    }

    /// How many flow in within this time, in microseconds.
    fn points_of(self, time: i64) -> u64 {
        let points = u128::from(time.max(0).unsigned_abs()) * u128::from(self.0)
            / u128::from(WINDOW.unsigned_abs());
        u64::try_from(points).unwrap_or(u64::MAX)
    }
}

/// One bucket. It knows when it will be full, and nothing else; so it takes one atomic step.
#[derive(Debug, Default)]
pub struct Bucket {
    /// Microseconds since 1970.
    full_at: AtomicI64,
}

/// What is left of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Points.
    pub points: u64,
    /// Seconds until it is full, rounded up.
    pub full_in_s: u64,
}

/// There are not so many points; they will be in so many seconds, rounded up, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// Seconds.
    pub come_again_s: u64,
}

fn seconds(micros: i64) -> u64 {
    micros.max(0).unsigned_abs().div_ceil(MICROS_A_SECOND.unsigned_abs())
}

impl Bucket {
    /// Takes points out, all of them or none.
    ///
    /// # Errors
    /// [`Short`], when there are fewer; nothing is taken then.
    pub fn take(&self, points: u64, size: Size, now: Timestamp) -> Result<Left, Short> {
        let (now, cost) = (now.as_microsecond(), size.time_of(points));
        let after = |full_at: i64| begins(full_at, now).saturating_add(cost);
        let taken = self.full_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, |full_at| {
            let after = after(full_at);
            (after - now <= WINDOW).then_some(after)
        });
        match taken {
            Ok(before) => Ok(left(after(before), now, size)),
            Err(before) => {
                let missing = after(before).saturating_sub(now).saturating_sub(WINDOW);
                Err(Short { come_again_s: seconds(missing).max(1) })
            }
        }
    }

    /// Puts points back that were taken for something that was not done.
    pub fn give_back(&self, points: u64, size: Size) {
        self.full_at.fetch_sub(size.time_of(points), Ordering::AcqRel);
    }
}

/// A bucket that is full, or that would be full later than an empty one, because the clock was
/// put back meanwhile, begins anew.
fn begins(full_at: i64, now: i64) -> i64 {
    if full_at > now.saturating_add(WINDOW) { now } else { full_at.max(now) }
}

fn left(full_at: i64, now: i64, size: Size) -> Left {
    let missing = full_at - now;
    Left { points: size.points_of(WINDOW - missing), full_in_s: seconds(missing) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    const SIZE: Size = Size::a_minute(600);

    #[test]
    fn a_full_bucket_gives_all_it_has_and_then_what_flows_in() {
        let bucket = Bucket::default();
        let take = |points, second| bucket.take(points, SIZE, at(second));
        assert_eq!(take(400, 0), Ok(Left { points: 200, full_in_s: 40 }));
        assert_eq!(take(200, 0), Ok(Left { points: 0, full_in_s: 60 }));
        assert_eq!(take(1, 0), Err(Short { come_again_s: 1 }));
        assert_eq!(take(25, 0), Err(Short { come_again_s: 3 }), "rounded up");
        assert_eq!(take(10, 1), Ok(Left { points: 0, full_in_s: 60 }), "10 a second");
        assert_eq!(take(600, 61), Ok(Left { points: 0, full_in_s: 60 }), "full after a minute");
        assert_eq!(take(600, 10_000), Ok(Left { points: 0, full_in_s: 60 }), "and never fuller");
        assert_eq!(take(601, 20_000), Err(Short { come_again_s: 1 }), "more than it ever holds");
    }

    #[test]
    fn who_is_refused_and_comes_again_when_told_is_served() {
        let bucket = Bucket::default();
        for step in 0..50_u32 {
            let (points, second) = (u64::from(step * 37 % 600) + 1, i64::from(step) * 7);
            if let Err(Short { come_again_s }) = bucket.take(points, SIZE, at(second)) {
                let then = at(second + i64::try_from(come_again_s).unwrap());
                let trial =
                    Bucket { full_at: AtomicI64::new(bucket.full_at.load(Ordering::Acquire)) };
                assert!(trial.take(points, SIZE, then).is_ok(), "step {step}");
            }
        }
    }

    #[test]
    fn what_was_not_done_is_given_back() {
        let bucket = Bucket::default();
        bucket.take(600, SIZE, at(0)).unwrap();
        bucket.give_back(300, SIZE);
        assert_eq!(bucket.take(300, SIZE, at(0)), Ok(Left { points: 0, full_in_s: 60 }));
    }

    #[test]
    fn a_clock_that_is_put_back_starves_nobody() {
        let bucket = Bucket::default();
        bucket.take(600, SIZE, at(3_600)).unwrap();
        assert_eq!(bucket.take(100, SIZE, at(0)).unwrap().points, 500);
    }

    #[test]
    fn many_at_once_take_no_more_than_there_is() {
        let bucket = Bucket::default();
        let taken: u64 = std::thread::scope(|scope| {
            let takers = (0..8).map(|_| {
                scope.spawn(|| (0..200).filter(|_| bucket.take(1, SIZE, at(0)).is_ok()).count())
            });
            let takers: Vec<_> = takers.collect();
            takers.into_iter().map(|taker| taker.join().unwrap() as u64).sum()
        });
        assert_eq!(taken, 600);
    }
}
