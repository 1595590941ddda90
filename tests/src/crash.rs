//! The crash-point sweep: the real binary dies at a point, is started again, and every fen must
//! be where it belongs. See docs/reliability.md.

mod proof;
mod refund_proof;
mod refund_story;
mod run;
mod story;
mod two_nodes;

pub use two_nodes::{Fates, either_node_may_die};

use adapters::crash::Point;
use run::Run;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Which database a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// A file.
    Sqlite,
    /// A database of its own on the throw-away server.
    Postgres,
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// Which passages of a point are to be the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passages {
    /// The one that the text names, else the first.
    Named,
    /// The first, the second, … until the story ends before the process does.
    Every,
}

/// What a sweep found at one point.
#[derive(Debug)]
pub struct Swept {
    /// The point.
    pub point: String,
    /// How many processes died there.
    pub deaths: u32,
    /// Why the last run failed, if it did.
    pub failure: Option<String>,
}

/// Every point there is, by name.
pub fn all_points() -> Vec<String> {
    Point::all().iter().map(Point::to_string).collect()
}

/// Runs mostly wait, for processes that start and for workers that rest.
const AT_ONCE: usize = 6;
/// No story passes a point more often; one that does would never end.
const MOST_PASSAGES: u32 = 20;

/// Lets the binary die at each of these points.
pub async fn sweep(base: Base, points: Vec<String>, passages: Passages) -> Vec<Swept> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let sweeping: Vec<_> = points
        .into_iter()
        .map(|point| {
            let permits = Arc::clone(&permits);
            tokio::spawn(async move {
                let _permit = permits.acquire().await.unwrap();
                sweep_one(base, point, passages).await
            })
        })
        .collect();
    let mut swept = Vec::new();
    for point in sweeping {
        swept.push(point.await.unwrap());
    }
    swept
}

async fn sweep_one(base: Base, point: String, passages: Passages) -> Swept {
    let mut swept = Swept { point, deaths: 0, failure: None };
    for passage in 1..=MOST_PASSAGES {
        let at = match passages {
            Passages::Named => swept.point.clone(),
            Passages::Every => format!("{}:{passage}", swept.point),
        };
        match tokio::spawn(died(base, at.clone())).await {
            Ok(true) => swept.deaths += 1,
            Ok(false) if swept.deaths == 0 => {
                swept.failure = Some(format!("{at} on {base}: the story never came there"));
            }
            Ok(false) => break,
            Err(panicked) => {
                let why = panicked.into_panic();
                let text = why.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| why.downcast_ref::<&str>().copied());
                let text = text.unwrap_or("a panic without words");
                swept.failure = Some(format!("{at} on {base}: {text}"));
            }
        }
        if swept.failure.is_some() || passages == Passages::Named {
            break;
        }
    }
    swept
}

/// Steps that only money on its way back passes; all others belong to the way in.
const OF_REFUNDS: [&str; 11] = [
    "outbox.never_receipted",
    "news.",
    "refund.",
    "receipt.",
    "rail.refund",
    "rail.query_refund",
    "gateway.ask_refund",
    "gateway.query_refund",
    "gateway.tell_paid_back",
    "gateway.reverse_receipt",
    "gateway.replace_receipt",
];

/// One story over one database. Did the process die on the way?
async fn died(base: Base, at: String) -> bool {
    let mut run = Run::start(base, &at).await;
    if OF_REFUNDS.iter().any(|step| at.starts_with(step)) {
        let told = refund_story::giving_back(&mut run).await;
        refund_proof::back_once(&mut run, &told).await;
    } else {
        let told = story::paying(&mut run).await;
        proof::paid_once(&mut run, &told).await;
    }
    run.finish().await
}
