//! How much one may ask in a minute. Every operation costs points (see [`Prices`]), and each
//! purse that it is paid from fills steadily: that of a person, of a session, of an address for
//! those who are not signed in, and one of its own for what money needs.

mod bill;
mod bucket;
mod lane;
mod network;

use super::guard::{Prices, TooDear};
use async_graphql::parser::types::ExecutableDocument;
pub use bill::{Bill, Cost, RateLimited};
use bucket::{Bucket, Left};
pub use bucket::{Short, Size};
use domain::clock::Clock;
use domain::identity::Caller;
pub use lane::Lane;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
pub use network::{Neighbourhood, Proxies};
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::sync::Arc;

/// Purses that are remembered, the longest unused go first: about 40 MB. One that is forgotten is
/// full again; after a minute without use it would be anyway.
const PURSES: u64 = 200_000;
/// A token that nobody has costs its address so much: who tries tokens is stopped, who came back
/// after a long time is not.
const UNKNOWN_TOKEN: u64 = 1_000;
/// A document that is refused costs its address so much: it was scanned, and perhaps parsed and
/// validated, before anybody was asked who sends it.
const REFUSED_DOCUMENT: u64 = 50;

/// How large the purses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Whether whoever asks too much is refused; else it is only counted.
    pub enforced: bool,
    /// Of a person, on all devices.
    pub person: Size,
    /// Of one session.
    pub session: Size,
    /// Of a person, for what money needs.
    pub money: Size,
    /// Of an address, for all there who are not signed in.
    pub address: Size,
    /// Of somebody at the desk.
    pub staff: Size,
}

/// Who pays.
#[derive(Debug, Clone, Copy)]
pub enum Payer<'a> {
    /// Somebody signed in.
    Person(&'a Caller),
    /// Somebody at the desk, by the account's name.
    Staff(&'a str),
    /// Somebody unknown, who asks from there.
    At(Option<IpAddr>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Person(String, Lane),
    Session(String),
    Staff(String),
    Address(Option<Neighbourhood>, Lane),
}

/// Which purse ran short, or is the emptiest.
#[derive(Debug, Clone, Copy)]
struct Purse {
    name: &'static str,
    size: Size,
}

/// The purses of this process, and what operations cost.
pub struct Fairness {
    public: Prices,
    staff: Prices,
    limits: Limits,
    clock: Arc<dyn Clock>,
    purses: Cache<Key, Arc<Bucket>>,
}

/// Which schema an operation is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desk {
    /// That of citizens.
    Public,
    /// That of staff.
    Staff,
}

impl Fairness {
    /// With full purses.
    ///
    /// # Errors
    /// A schema's own definition cannot be read.
    pub fn new(
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, async_graphql::parser::Error> {
        let purses = Cache::builder().max_capacity(PURSES).eviction_policy(EvictionPolicy::lru());
        Ok(Self {
            public: Prices::of(&crate::graphql::sdl())?,
            staff: Prices::of(&crate::staff_graphql::sdl())?,
            limits,
            clock,
            purses: purses.build(),
        })
    }

    /// What the operation costs.
    ///
    /// # Errors
    /// [`TooDear`].
    pub fn cost(
        &self,
        desk: Desk,
        document: &ExecutableDocument,
        name: Option<&str>,
        variables: &Map<String, Value>,
    ) -> Result<u64, TooDear> {
        let prices = match desk {
            Desk::Public => &self.public,
            Desk::Staff => &self.staff,
        };
        prices.cost(document, name, variables)
    }

    /// Takes the points of one operation out of every purse that pays for it, or out of none.
    ///
    /// # Errors
    /// [`RateLimited`] says when there will be enough.
    pub fn charge(&self, lane: Lane, points: u64, payer: Payer<'_>) -> Result<Bill, RateLimited> {
        let now = self.clock.now();
        let mut paid: Vec<(Arc<Bucket>, Purse, Left)> = Vec::with_capacity(2);
        for (key, purse) in self.purses_of(lane, payer) {
            let bucket = self.bucket(key);
            match bucket.take(points, purse.size, now) {
                Ok(left) => paid.push((bucket, purse, left)),
                Err(short) => {
                    for (bucket, purse, _) in &paid {
                        bucket.give_back(points, purse.size);
                    }
                    return self.short(points, purse, short);
                }
            }
        }
        // The emptiest is the one that will run short first.
        let share = |purse: &Purse, left: &Left| {
            u128::from(left.points) * 1_000_000 / u128::from(purse.size.points().max(1))
        };
        let emptiest = paid.iter().min_by_key(|(_, purse, left)| share(purse, left));
        Ok(emptiest.map_or_else(Bill::free, |(_, purse, left)| Bill::of(points, *purse, *left)))
    }

    /// A token that nobody has was shown.
    ///
    /// # Errors
    /// [`RateLimited`], when too many of them come from there.
    pub fn unknown_token(&self, address: Option<IpAddr>) -> Result<(), RateLimited> {
        self.charge(Lane::Browse, UNKNOWN_TOKEN, Payer::At(address)).map(|_| ())
    }

    /// A document was sent that is not executed.
    ///
    /// # Errors
    /// [`RateLimited`], when too many of them come from there.
    pub fn refused_document(&self, address: Option<IpAddr>) -> Result<(), RateLimited> {
        self.charge(Lane::Browse, REFUSED_DOCUMENT, Payer::At(address)).map(|_| ())
    }

    fn short(&self, points: u64, purse: Purse, short: Short) -> Result<Bill, RateLimited> {
        tracing::info!(
            purse = purse.name,
            points,
            enforced = self.limits.enforced,
            "asked too much"
        );
        let refused = RateLimited::of(purse, short);
        if self.limits.enforced { Err(refused) } else { Ok(Bill::of_empty(points, purse)) }
    }

    fn purses_of(&self, lane: Lane, payer: Payer<'_>) -> Vec<(Key, Purse)> {
        let Limits { person, session, money, address, staff, enforced: _ } = self.limits;
        match payer {
            Payer::Person(caller) => {
                let id = caller.person.id.as_str().to_owned();
                match lane {
                    Lane::Money => {
                        vec![(Key::Person(id, lane), Purse { name: "money", size: money })]
                    }
                    Lane::Browse => {
                        let own = Key::Session(caller.session.as_str().to_owned());
                        vec![
                            (Key::Person(id, lane), Purse { name: "person", size: person }),
                            (own, Purse { name: "session", size: session }),
                        ]
                    }
                }
            }
            Payer::Staff(name) => {
                vec![(Key::Staff(name.to_owned()), Purse { name: "staff", size: staff })]
            }
            Payer::At(at) => {
                let key = Key::Address(at.map(Neighbourhood::of), lane);
                vec![(key, Purse { name: "address", size: address })]
            }
        }
    }

    fn bucket(&self, key: Key) -> Arc<Bucket> {
        self.purses.get_with(key, Arc::default)
    }
}

#[cfg(test)]
mod tests;
