//! 摇号: what is published of a draw, and how an own application fared.

use super::UseCases;
use super::error::store_failed;
use super::loaders::loaders;
use super::scalars::{DateTime, Day};
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::casework::lottery::{Draw, Entry, EntryStanding, Issue};
use domain::catalogue::AppSlug;
use domain::ids::CaseNo;

/// A draw (摇号): what was committed to before, and what came of it. `docs/lottery.md` says how to
/// do it again.
pub struct LotteryDraw(Draw);

/// Who is drawn against each other.
#[derive(SimpleObject)]
pub struct LotteryPool {
    /// Its name.
    name: String,
    /// How many win.
    quota: u32,
}

/// What came of a draw.
#[derive(SimpleObject)]
pub struct LotteryResult {
    /// Hidden in the commitment until now.
    secret: String,
    /// The number that others drew in public.
    public_value: String,
    /// Follows from both; decides.
    seed: String,
    /// How many won.
    winning: u32,
    /// When.
    drawn_at: DateTime,
}

/// A draw (摇号): what was committed to before, and what came of it. `docs/lottery.md` says how to
/// do it again.
#[Object]
impl LotteryDraw {
    /// 期次: the month, `202603`.
    async fn issue(&self) -> String {
        self.0.issue.to_string()
    }

    /// Who is drawn against each other.
    async fn pools(&self) -> Vec<LotteryPool> {
        let pool = |pool: &domain::casework::lottery::LotteryPool| LotteryPool {
            name: pool.name.clone(),
            quota: pool.quota,
        };
        self.0.pools.iter().map(pool).collect()
    }

    /// How many take part.
    async fn eligible(&self) -> u32 {
        self.0.eligible
    }

    /// SHA-256 of the list of those who take part.
    async fn list_digest(&self) -> String {
        self.0.list_digest.to_string()
    }

    /// SHA-256 over secret, list and quotas, published before the public value is known.
    async fn commitment(&self) -> String {
        self.0.commitment.to_string()
    }

    /// When it was published.
    async fn committed_at(&self) -> DateTime {
        self.0.committed_at.into()
    }

    /// What the public value is.
    async fn public_words(&self) -> &str {
        &self.0.public_words
    }

    /// Of which day it is.
    async fn public_day(&self) -> Day {
        Day(self.0.public_day)
    }

    /// What came of it; null before the draw.
    async fn result(&self) -> Option<LotteryResult> {
        self.0.drawn.as_ref().map(|drawn| LotteryResult {
            secret: self.0.secret.reveal().to_string(),
            public_value: drawn.public_value.clone(),
            seed: drawn.seed.to_string(),
            winning: drawn.winning,
            drawn_at: drawn.at.into(),
        })
    }

    /// Where the texts are: `draw.txt`, `eligible.txt` and `winners.txt` below this address.
    async fn texts_url(&self, ctx: &Context<'_>) -> String {
        let base = &ctx.data_unchecked::<UseCases>().public_url;
        format!("{}/lottery/{}/{}/", base.trim_end_matches('/'), self.0.app, self.0.issue)
    }
}

/// The query `lotteryDraw`.
pub async fn draw(
    ctx: &Context<'_>,
    app: &str,
    issue: Option<String>,
) -> Result<Option<LotteryDraw>> {
    let lotteries = &ctx.data_unchecked::<UseCases>().desk.lotteries;
    let Ok(app) = AppSlug::new(app) else { return Ok(None) };
    let issue = match issue {
        Some(text) => Issue::new(text.trim()).ok(),
        None => {
            let newest = lotteries.list_issues(&app, 1).await;
            newest.map_err(|error| store_failed(&error))?.pop()
        }
    };
    let Some(issue) = issue else { return Ok(None) };
    let found = lotteries.find_draw(&app, issue).await;
    Ok(found.map_err(|error| store_failed(&error))?.map(LotteryDraw))
}

/// How an application fared in the last draw that it took part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum LotteryStanding {
    /// It takes part in the next draw, its first.
    Waiting,
    /// 中签.
    Won,
    /// 未中签; it takes part in the next draw.
    Lost,
}

/// An own application in a lottery.
#[derive(SimpleObject)]
pub struct LotteryEntry {
    /// 申请编码: as it stands in the lists.
    application_code: String,
    /// In which pool.
    pool: String,
    /// How many draws it lost.
    lost: u32,
    /// How it stands.
    standing: LotteryStanding,
    /// In which draw that was decided; null before the first.
    last_issue: Option<String>,
}

impl From<Entry> for LotteryEntry {
    fn from(entry: Entry) -> Self {
        let standing = match entry.last {
            None => LotteryStanding::Waiting,
            Some((_, EntryStanding::Won)) => LotteryStanding::Won,
            Some((_, EntryStanding::Lost)) => LotteryStanding::Lost,
        };
        Self {
            application_code: entry.code.to_string(),
            pool: entry.pool,
            lost: entry.lost,
            standing,
            last_issue: entry.last.map(|(issue, _)| issue.to_string()),
        }
    }
}

/// The entry of a case that is the caller's.
pub async fn of_own_case(ctx: &Context<'_>, no: &CaseNo) -> Result<Option<LotteryEntry>> {
    let lotteries = &ctx.data_unchecked::<UseCases>().desk.lotteries;
    let entries = |nos: Vec<_>| async move { lotteries.find_entries(&nos).await };
    Ok(loaders(ctx).entries.load(no.clone(), entries).await?.map(LotteryEntry::from))
}
