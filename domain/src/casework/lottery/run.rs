//! Does what is due: takes applications in, freezes lists, draws.

use super::{
    ApplicationCode, Digest, Draw, Drawn, Eligible, EntrantBook, Entry, Issue, LotterySecret,
    LotteryStore, LotteryTerms, NewEntrant, PublicValues, Sha256, Winner, commitment, list_text,
    seed, winners,
};
use crate::catalogue::{AppDefinition, AppSlug, CatalogueSource};
use crate::clock::{Clock, IdSource, beijing_time, from_beijing};
use crate::messaging::{EventKey, EventKind, MessageEvent};
use crate::outside::{OutsideError, StoreError};
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::sync::Arc;

/// What one turn did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LotteryStep {
    /// So many applications take part from now on.
    Entered(AppSlug, usize),
    /// The list of this issue was frozen and its commitment published.
    Committed(AppSlug, Issue),
    /// The draw of this issue was done.
    Drawn(AppSlug, Issue),
    /// The draw is due and its public value is not there yet.
    Waits(AppSlug, Issue),
}

/// Why a turn did not do all that is due.
#[derive(Debug, thiserror::Error)]
pub enum LotteryError {
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The public value could not be asked for.
    #[error("the public value was not learnt")]
    Public(#[source] OutsideError),
    /// A list of ours cannot be read: nothing is drawn from it.
    #[error("the list of {issue} is not what was committed to")]
    ListBroken {
        /// Of which issue.
        issue: Issue,
    },
}

/// The use case.
pub struct RunLotteries {
    /// The apps and their terms.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Where applications come from.
    pub entrants: Arc<dyn EntrantBook>,
    /// Entries and draws.
    pub lotteries: Arc<dyn LotteryStore>,
    /// The public number.
    pub public_values: Arc<dyn PublicValues>,
    /// The hash.
    pub hash: Arc<dyn Sha256>,
    /// Codes and secrets.
    pub ids: Arc<dyn IdSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl RunLotteries {
    /// One turn over all apps that draw. Safe on several nodes at once: a code, a commitment and
    /// a result are each stored once, and who comes second finds it done.
    ///
    /// # Errors
    /// [`LotteryError`] of the first app that failed; the next turn begins again.
    pub async fn run_due(&self, limit: u16) -> Result<Vec<LotteryStep>, LotteryError> {
        let catalogue = self.catalogue.current();
        let mut steps = Vec::new();
        for app in catalogue.apps() {
            let Some(terms) = &app.lottery else { continue };
            steps.extend(self.enter(app, terms, limit).await?);
            steps.extend(self.commit_due(app, terms).await?);
            steps.extend(self.draw_due(app, terms).await?);
        }
        Ok(steps)
    }

    async fn enter(
        &self,
        app: &AppDefinition,
        terms: &LotteryTerms,
        limit: u16,
    ) -> Result<Option<LotteryStep>, LotteryError> {
        let new = self.entrants.list_new(&app.slug, terms, limit).await?;
        let count = new.len();
        for NewEntrant { case_no, person, pool, code } in new {
            let made = || ApplicationCode::generate(self.ids.as_ref());
            let code = code.unwrap_or_else(made);
            let entered_at = self.clock.now();
            let app = app.slug.clone();
            let entry = Entry { app, code, case_no, person, pool, entered_at, lost: 0, last: None };
            match self.lotteries.enter(&entry).await {
                Ok(()) => {}
                // Somebody has that code, whoever gave it: the application gets one of its own.
                Err(StoreError::Conflict) => {
                    self.lotteries.enter(&Entry { code: made(), ..entry }).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok((count > 0).then(|| LotteryStep::Entered(app.slug.clone(), count)))
    }

    async fn commit_due(
        &self,
        app: &AppDefinition,
        terms: &LotteryTerms,
    ) -> Result<Option<LotteryStep>, LotteryError> {
        let now = self.clock.now();
        let issue = Issue::at(now);
        let due = now >= terms.commits.of(issue);
        if !due || self.lotteries.find_draw(&app.slug, issue).await?.is_some() {
            return Ok(None);
        }
        let known = |pool: &str| terms.pools.iter().any(|known| known.name == pool);
        let entries = self.lotteries.list_taking_part(&app.slug).await?;
        let list: Vec<_> = entries
            .into_iter()
            .filter(|entry| known(&entry.pool))
            .map(|Entry { pool, code, lost, .. }| Eligible {
                pool,
                code,
                weight: terms.weight(lost),
            })
            .collect();
        let eligible = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let list = list_text(list);
        let list_digest = Digest::of(self.hash.as_ref(), &list);
        let secret = LotterySecret::new(self.ids.random_bytes());
        let of = (&app.slug, issue);
        let draw = Draw {
            app: app.slug.clone(),
            issue,
            pools: terms.pools.clone(),
            commitment: commitment(self.hash.as_ref(), of, (&secret, list_digest), &terms.pools),
            list,
            eligible,
            list_digest,
            secret,
            committed_at: now,
            public_day: public_day(terms, now),
            public_words: terms.public_value.words.clone(),
            drawn: None,
        };
        match self.lotteries.commit(&draw).await {
            Ok(()) => Ok(Some(LotteryStep::Committed(app.slug.clone(), issue))),
            // Another node was faster: its list and its secret count.
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn draw_due(
        &self,
        app: &AppDefinition,
        terms: &LotteryTerms,
    ) -> Result<Vec<LotteryStep>, LotteryError> {
        let undrawn = self.lotteries.list_undrawn().await?;
        let mut steps = Vec::new();
        for (of, issue) in undrawn {
            if of != app.slug || self.clock.now() < terms.draws.of(issue) {
                continue;
            }
            let Some(draw) = self.lotteries.find_draw(&of, issue).await? else { continue };
            // Whoever answers earlier does not tell what was drawn.
            if self.clock.now() < drawn_from(terms, draw.public_day) {
                steps.push(LotteryStep::Waits(of, issue));
                continue;
            }
            let value = self.public_values.of_day(&terms.public_value, draw.public_day).await;
            let Some(value) = value.map_err(LotteryError::Public)? else {
                steps.push(LotteryStep::Waits(of, issue));
                continue;
            };
            if self.conclude(app, draw, &value).await? {
                steps.push(LotteryStep::Drawn(of, issue));
            }
        }
        Ok(steps)
    }

    async fn conclude(
        &self,
        app: &AppDefinition,
        draw: Draw,
        value: &str,
    ) -> Result<bool, LotteryError> {
        let hash = self.hash.as_ref();
        let broken = LotteryError::ListBroken { issue: draw.issue };
        let digest = Digest::of(hash, &draw.list);
        let of = (&draw.app, draw.issue);
        let bound = commitment(hash, of, (&draw.secret, digest), &draw.pools);
        if bound != draw.commitment {
            return Err(broken);
        }
        let Some(list) = read_list(&draw.list) else { return Err(broken) };
        let seed = seed(hash, &draw.secret, value);
        let won = winners(hash, seed, &list, &draw.pools);
        let lines = won.iter().map(|won| format!("{},{}\n", won.pool, won.code)).collect();
        let drawn = Drawn {
            public_value: value.to_owned(),
            seed,
            winners: lines,
            winning: u32::try_from(won.len()).unwrap_or(u32::MAX),
            at: self.clock.now(),
        };
        let events = self.events(app, &draw, &won).await?;
        let draw = Draw { drawn: Some(drawn), ..draw };
        match self.lotteries.conclude(&draw, &events).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Winners hear of it. All others see it where they look: a message to everybody who lost
    /// would be a message a month to most of a city.
    async fn events(
        &self,
        app: &AppDefinition,
        draw: &Draw,
        won: &[Winner],
    ) -> Result<Vec<MessageEvent>, LotteryError> {
        let codes: Vec<_> = won.iter().map(|won| won.code.clone()).collect();
        let entries = self.lotteries.list_entries(&app.slug, &codes).await?;
        let at = self.clock.now();
        let event = |entry: Entry| {
            let key = EventKey::new(&format!("lottery:{}:{}:won", entry.case_no, draw.issue));
            let facts = [
                ("app", app.name.zh.clone()),
                ("issue", draw.issue.to_string()),
                ("code", entry.code.to_string()),
            ];
            let facts = facts.map(|(name, value)| (name.to_owned(), value)).to_vec();
            let kind = EventKind::LotteryWon;
            Some(MessageEvent { key: key.ok()?, person: entry.person, kind, facts, at })
        };
        Ok(entries.into_iter().filter_map(event).collect())
    }
}

/// The moment from which on that day's number can be known.
fn drawn_from(terms: &LotteryTerms, day: Date) -> jiff::Timestamp {
    let time = day.at(terms.public_value.drawn_from_hour, 0, 0, 0);
    from_beijing(time).unwrap_or(jiff::Timestamp::MAX)
}

/// The first day whose number is drawn after the list was committed to.
fn public_day(terms: &LotteryTerms, committed_at: jiff::Timestamp) -> Date {
    let time = beijing_time(committed_at);
    if time.hour() < terms.public_value.drawn_from_hour {
        return time.date();
    }
    time.date().saturating_add(1.day())
}

/// The lines that [`list_text`] made; `None` for any others.
fn read_list(text: &str) -> Option<Vec<Eligible>> {
    let line = |line: &str| {
        let (pool, rest) = line.split_once(',')?;
        let (code, weight) = rest.split_once(',')?;
        let code = ApplicationCode::new(code).ok()?;
        Some(Eligible { pool: pool.to_owned(), code, weight: weight.parse().ok()? })
    };
    text.lines().map(line).collect()
}
