//! Entries and draws of lotteries. The secret of a draw is sealed until it is told.

use super::column::{Row, micros};
use super::entity::{lottery_draw, lottery_entry};
use super::personal_data::Place;
use super::{Store, conflict_if_duplicate, is_duplicate, message_events, unavailable};
use async_trait::async_trait;
use domain::casework::lottery::{
    ApplicationCode, Digest, Draw, Drawn, Entry, EntryStanding, Issue, LotteryPool, LotterySecret,
    LotteryStore,
};
use domain::catalogue::AppSlug;
use domain::ids::{CaseNo, PersonId};
use domain::messaging::MessageEvent;
use domain::outside::StoreError;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;

/// So many codes go into one statement.
const CHUNK: usize = 500;

fn secret_place(row: &str) -> Place<'_> {
    Place { table: "lottery_draw", column: "secret", row }
}

fn draw_key(app: &AppSlug, issue: Issue) -> String {
    format!("{app}/{issue}")
}

fn entry_of(row: lottery_entry::Model) -> Result<Entry, StoreError> {
    let at = Row { table: "lottery_entry", key: &row.code };
    let standing = if row.won { EntryStanding::Won } else { EntryStanding::Lost };
    let last = row.last_issue.as_deref().map(Issue::new).transpose();
    Ok(Entry {
        app: at.valid("app", AppSlug::new(&row.app))?,
        code: at.valid("code", ApplicationCode::new(&row.code))?,
        case_no: at.valid("case_no", CaseNo::new(&row.case_no))?,
        person: at.valid("person_id", PersonId::new(&row.person_id))?,
        pool: row.pool.clone(),
        entered_at: at.time("entered_at", row.entered_at)?,
        lost: at.count("lost", row.lost)?,
        last: at.valid("last_issue", last)?.map(|issue| (issue, standing)),
    })
}

impl Store {
    fn draw_row(&self, draw: &Draw) -> Result<lottery_draw::Model, StoreError> {
        let key = draw_key(&draw.app, draw.issue);
        let pools: Vec<_> = draw.pools.iter().map(|pool| (&pool.name, pool.quota)).collect();
        let pools = serde_json::to_string(&pools);
        let drawn = draw.drawn.as_ref();
        Ok(lottery_draw::Model {
            app: draw.app.as_str().to_owned(),
            issue: draw.issue.to_string(),
            pools: pools.map_err(|error| StoreError::Unavailable(error.into()))?,
            list: draw.list.clone(),
            eligible: i64::from(draw.eligible),
            list_digest: draw.list_digest.to_string(),
            secret: self.keys.seal(secret_place(&key), &draw.secret.reveal().to_string())?,
            commitment: draw.commitment.to_string(),
            committed_at: micros(draw.committed_at),
            public_day: draw.public_day.to_string(),
            public_words: draw.public_words.clone(),
            public_value: drawn.map(|drawn| drawn.public_value.clone()),
            seed: drawn.map(|drawn| drawn.seed.to_string()),
            winners: drawn.map(|drawn| drawn.winners.clone()),
            winning: drawn.map(|drawn| i64::from(drawn.winning)),
            drawn_at: drawn.map(|drawn| micros(drawn.at)),
        })
    }

    fn draw_of(&self, row: lottery_draw::Model) -> Result<Draw, StoreError> {
        let key = format!("{}/{}", row.app, row.issue);
        let at = Row { table: "lottery_draw", key: &key };
        let digest = |column, text: &str| at.some(column, Digest::read(text));
        let drawn = match (row.public_value, row.seed, row.winners, row.winning, row.drawn_at) {
            (None, None, None, None, None) => None,
            (Some(public_value), Some(seed), Some(winners), Some(winning), Some(drawn_at)) => {
                Some(Drawn {
                    public_value,
                    seed: digest("seed", &seed)?,
                    winners,
                    winning: at.count("winning", winning)?,
                    at: at.time("drawn_at", drawn_at)?,
                })
            }
            _ => return Err(at.corrupt("drawn_at")),
        };
        let pools: Vec<(String, u32)> = at.valid("pools", serde_json::from_str(&row.pools))?;
        let secret = self.keys.open(secret_place(&key), &row.secret)?;
        Ok(Draw {
            app: at.valid("app", AppSlug::new(&row.app))?,
            issue: at.valid("issue", Issue::new(&row.issue))?,
            pools: pools.into_iter().map(|(name, quota)| LotteryPool { name, quota }).collect(),
            list: row.list,
            eligible: at.count("eligible", row.eligible)?,
            list_digest: digest("list_digest", &row.list_digest)?,
            secret: LotterySecret::new(digest("secret", &secret)?.0),
            commitment: digest("commitment", &row.commitment)?,
            committed_at: at.time("committed_at", row.committed_at)?,
            public_day: at.day("public_day", &row.public_day)?,
            public_words: row.public_words,
            drawn,
        })
    }
}

/// The codes of lines `pool,code` or `pool,code,weight`.
fn codes(lines: &str) -> Vec<&str> {
    lines.lines().filter_map(|line| line.split(',').nth(1)).collect()
}

async fn mark(
    transaction: &DatabaseTransaction,
    (app, issue): (&str, &str),
    (codes, standing): (&[&str], EntryStanding),
) -> Result<(), StoreError> {
    use lottery_entry::Column as C;
    for chunk in codes.chunks(CHUNK) {
        let update = lottery_entry::Entity::update_many()
            .col_expr(C::LastIssue, Expr::value(issue))
            .filter(C::App.eq(app))
            .filter(C::Code.is_in(chunk.iter().copied()));
        let update = match standing {
            EntryStanding::Won => update.col_expr(C::Won, Expr::value(true)),
            EntryStanding::Lost => update.col_expr(C::Lost, Expr::col(C::Lost).add(1)),
        };
        update.exec(transaction).await.map_err(unavailable)?;
    }
    Ok(())
}

#[async_trait]
impl LotteryStore for Store {
    async fn enter(&self, entry: &Entry) -> Result<(), StoreError> {
        let row = lottery_entry::Model {
            app: entry.app.as_str().to_owned(),
            code: entry.code.as_str().to_owned(),
            case_no: entry.case_no.as_str().to_owned(),
            person_id: entry.person.as_str().to_owned(),
            pool: entry.pool.clone(),
            entered_at: micros(entry.entered_at),
            lost: i64::from(entry.lost),
            last_issue: None,
            won: false,
        };
        let insert = lottery_entry::Entity::insert(row.into_active_model());
        match insert.exec_without_returning(&self.write).await {
            Ok(_) => Ok(()),
            Err(error) if is_duplicate(&error) => {
                let known = self.find_entry(&entry.case_no).await?;
                if known.is_some() { Ok(()) } else { Err(StoreError::Conflict) }
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn list_taking_part(&self, app: &AppSlug) -> Result<Vec<Entry>, StoreError> {
        let rows = lottery_entry::Entity::find()
            .filter(lottery_entry::Column::App.eq(app.as_str()))
            .filter(lottery_entry::Column::Won.eq(false))
            .order_by_asc(lottery_entry::Column::Code)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(entry_of).collect()
    }

    async fn find_entry(&self, case_no: &CaseNo) -> Result<Option<Entry>, StoreError> {
        let row = lottery_entry::Entity::find()
            .filter(lottery_entry::Column::CaseNo.eq(case_no.as_str()))
            .one(&self.write)
            .await
            .map_err(unavailable)?;
        row.map(entry_of).transpose()
    }

    async fn find_entries(&self, nos: &[CaseNo]) -> Result<BTreeMap<CaseNo, Entry>, StoreError> {
        let rows = lottery_entry::Entity::find()
            .filter(lottery_entry::Column::CaseNo.is_in(nos.iter().map(CaseNo::as_str)))
            .all(&self.write)
            .await
            .map_err(unavailable)?;
        let found = rows.into_iter().filter_map(|row| {
            let no = nos.iter().find(|no| no.as_str() == row.case_no)?.clone();
            Some(entry_of(row).map(|entry| (no, entry)))
        });
        found.collect()
    }

    async fn commit(&self, draw: &Draw) -> Result<(), StoreError> {
        let row = self.draw_row(draw)?.into_active_model();
        let stored = lottery_draw::Entity::insert(row).exec_without_returning(&self.write).await;
        stored.map(|_| ()).map_err(conflict_if_duplicate)
    }

    async fn find_draw(&self, app: &AppSlug, issue: Issue) -> Result<Option<Draw>, StoreError> {
        let key = (app.as_str().to_owned(), issue.to_string());
        let row = lottery_draw::Entity::find_by_id(key).one(&self.read).await;
        row.map_err(unavailable)?.map(|row| self.draw_of(row)).transpose()
    }

    async fn list_issues(&self, app: &AppSlug, limit: u16) -> Result<Vec<Issue>, StoreError> {
        let issues: Vec<String> = lottery_draw::Entity::find()
            .select_only()
            .column(lottery_draw::Column::Issue)
            .filter(lottery_draw::Column::App.eq(app.as_str()))
            .order_by_desc(lottery_draw::Column::Issue)
            .limit(u64::from(limit))
            .into_tuple()
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let at = |issue: &String| {
            Row { table: "lottery_draw", key: issue }.valid("issue", Issue::new(issue))
        };
        issues.iter().map(at).collect()
    }

    async fn list_undrawn(&self) -> Result<Vec<(AppSlug, Issue)>, StoreError> {
        let open: Vec<(String, String)> = lottery_draw::Entity::find()
            .select_only()
            .column(lottery_draw::Column::App)
            .column(lottery_draw::Column::Issue)
            .filter(lottery_draw::Column::DrawnAt.is_null())
            .order_by_asc(lottery_draw::Column::Issue)
            .into_tuple()
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let read = |(app, issue): (String, String)| {
            let at = Row { table: "lottery_draw", key: &issue };
            Ok((at.valid("app", AppSlug::new(&app))?, at.valid("issue", Issue::new(&issue))?))
        };
        open.into_iter().map(read).collect()
    }

    async fn conclude(&self, draw: &Draw, events: &[MessageEvent]) -> Result<(), StoreError> {
        let row = self.draw_row(draw)?;
        let winners = row.winners.clone().ok_or(StoreError::Conflict)?;
        let result = lottery_draw::ActiveModel {
            public_value: Set(row.public_value),
            seed: Set(row.seed),
            winners: Set(row.winners),
            winning: Set(row.winning),
            drawn_at: Set(row.drawn_at),
            ..lottery_draw::ActiveModel::default()
        };
        let transaction = self.begin().await?;
        let stored = lottery_draw::Entity::update_many()
            .set(result)
            .filter(lottery_draw::Column::App.eq(row.app.as_str()))
            .filter(lottery_draw::Column::Issue.eq(row.issue.as_str()))
            .filter(lottery_draw::Column::DrawnAt.is_null());
        let stored = stored.exec(&transaction).await.map_err(unavailable)?;
        if stored.rows_affected != 1 {
            return Err(StoreError::Conflict);
        }
        let won = codes(&winners);
        let winning: std::collections::BTreeSet<&str> = won.iter().copied().collect();
        let mut lost = codes(&row.list);
        lost.retain(|code| !winning.contains(code));
        let of = (row.app.as_str(), row.issue.as_str());
        mark(&transaction, of, (&won, EntryStanding::Won)).await?;
        mark(&transaction, of, (&lost, EntryStanding::Lost)).await?;
        message_events::insert(&transaction, &self.keys, events).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn list_entries(
        &self,
        app: &AppSlug,
        codes: &[ApplicationCode],
    ) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::with_capacity(codes.len());
        for chunk in codes.chunks(CHUNK) {
            let rows = lottery_entry::Entity::find()
                .filter(lottery_entry::Column::App.eq(app.as_str()))
                .filter(lottery_entry::Column::Code.is_in(chunk.iter().map(|c| c.as_str())))
                .order_by_asc(lottery_entry::Column::Code)
                .all(&self.read)
                .await
                .map_err(unavailable)?;
            for row in rows {
                entries.push(entry_of(row)?);
            }
        }
        Ok(entries)
    }
}
