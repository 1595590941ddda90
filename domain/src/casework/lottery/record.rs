//! One draw, from the commitment to the result.

use super::{Digest, Issue, LotteryPool};
use crate::catalogue::AppSlug;
use crate::clock::beijing;
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;

/// 32 random bytes that are told with the result. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct LotterySecret([u8; 32]);

impl LotterySecret {
    /// Of these bytes, which nobody can guess.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// 64 lower-case hex digits: for the store, which seals them, and for the published result.
    pub fn reveal(&self) -> Digest {
        Digest(self.0)
    }
}

impl fmt::Debug for LotterySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LotterySecret(***)")
    }
}

/// A draw that was committed to, and perhaps done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// Of which app.
    pub app: AppSlug,
    /// Of which month.
    pub issue: Issue,
    /// As they were when the list was frozen.
    pub pools: Vec<LotteryPool>,
    /// Who takes part: lines of `pool,code,weight`.
    pub list: String,
    /// How many lines it has.
    pub eligible: u32,
    /// SHA-256 of the list.
    pub list_digest: Digest,
    /// Told with the result.
    pub secret: LotterySecret,
    /// Published before the public value is known.
    pub commitment: Digest,
    /// When it was published.
    pub committed_at: Timestamp,
    /// Of which day the public value is.
    pub public_day: Date,
    /// What the public value is, in words.
    pub public_words: String,
    /// What came of it.
    pub drawn: Option<Drawn>,
}

/// What came of a draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// As it was published by others.
    pub public_value: String,
    /// Follows from the secret and the public value.
    pub seed: Digest,
    /// Who won: lines of `pool,code`, best first.
    pub winners: String,
    /// How many lines it has.
    pub winning: u32,
    /// When.
    pub at: Timestamp,
}

impl Draw {
    /// Everything but the two lists, one `name=value` a line; all that somebody needs who draws
    /// again. Holds the secret only once the draw is done.
    pub fn text(&self) -> String {
        let time = |at: Timestamp| at.display_with_offset(beijing_offset(at)).to_string();
        let mut text = format!("app={}\nissue={}\n", self.app, self.issue);
        for pool in &self.pools {
            text.push_str(&format!("quota={}:{}\n", pool.name, pool.quota));
        }
        text.push_str(&format!(
            "list={}\ncommitment={}\ncommitted_at={}\npublic_words={}\npublic_day={}\n",
            self.list_digest,
            self.commitment,
            time(self.committed_at),
            self.public_words,
            self.public_day,
        ));
        if let Some(drawn) = &self.drawn {
            text.push_str(&format!(
                "secret={}\npublic={}\nseed={}\ndrawn_at={}\n",
                self.secret.reveal(),
                drawn.public_value,
                drawn.seed,
                time(drawn.at),
            ));
        }
        text
    }
}

fn beijing_offset(at: Timestamp) -> jiff::tz::Offset {
    beijing().to_offset(at)
}
