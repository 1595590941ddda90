//! The desk of reconciliation. The database itself refuses what its rules forbid (migration 23): that, a revision that
//! was not the one read, and a key that is taken are all [`StoreError::Conflict`] here.

use super::audit::append;
use super::column::{micros, sha256_hex};
use super::desk_rows::{
    day_of, decision_of, decision_row, event_of, event_row, exception_changes, exception_of,
    exception_row, execution_of, execution_row, mark_row, proposal_of, proposal_row, run_of,
    run_row, seal_of, seal_row,
};
use super::entity::{
    audit_head, desk_day, desk_decision, desk_event, desk_exception, desk_execution, desk_mark,
    desk_proposal, desk_run, desk_seal, staff_delegation, staff_person,
};
use super::{Store, is_duplicate, unavailable};
use async_trait::async_trait;
use domain::identity::AuditRecord;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::reconciliation::desk::{
    AuditPoint, DayStanding, Decision, Delegation, DeskBook, DeskDay, Exception, ExceptionChange,
    ExceptionEvent, ExceptionFilter, ExceptionState, Execution, JudgedFile, Leg, NewProposal,
    NewRun, Proposal, RunFacts, Seal, Standing, Trace,
};
use jiff::Timestamp;
use jiff::civil::Date;
use sea_orm::sea_query::{Expr, LikeExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, IntoActiveModel, PaginatorTrait as _, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;

/// So many rows go into one INSERT: 25 columns of 1,000 rows stay below SQLite's 32,766 parameters.
const CHUNK: usize = 1_000;
/// What the rules of migration 23 begin with.
const RULE: &str = "yiwang: ";

/// Whether a rule of the database said no.
pub(super) fn refused(error: DbErr) -> StoreError {
    let said = error.to_string();
    if is_duplicate(&error) || said.contains(RULE) {
        tracing::warn!(rule = %said, "the database refused");
        return StoreError::Conflict;
    }
    unavailable(error)
}

pub(super) async fn insert<A>(
    transaction: &DatabaseTransaction,
    rows: Vec<A>,
) -> Result<(), StoreError>
where
    A: ActiveModelTrait + Send,
{
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<A> = rows.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        let insert = A::Entity::insert_many(chunk);
        insert.exec_without_returning(transaction).await.map_err(refused)?;
    }
}

/// Steps first, as the database demands; then what they did.
async fn apply(
    transaction: &DatabaseTransaction,
    changes: &[ExceptionChange],
    at: Timestamp,
    by: &str,
) -> Result<(), StoreError> {
    let new = |change: &&ExceptionChange| change.after.revision == 1;
    let opened: Vec<_> = changes.iter().filter(new).collect();
    let rows = opened.iter().map(|change| exception_row(&change.after).into_active_model());
    insert(transaction, rows.collect()).await?;
    let rows = opened.iter().map(|change| event_row(change, at, by).into_active_model());
    insert(transaction, rows.collect()).await?;
    for change in changes.iter().filter(|change| !new(change)) {
        insert(transaction, vec![event_row(change, at, by).into_active_model()]).await?;
        let updated = desk_exception::Entity::update_many()
            .set(exception_changes(&change.after))
            .filter(desk_exception::Column::No.eq(change.after.no.as_str()))
            .filter(desk_exception::Column::Revision.eq(i64::from(change.after.revision) - 1))
            .exec(transaction)
            .await
            .map_err(refused)?;
        if updated.rows_affected != 1 {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

/// The day as it becomes.
async fn move_day(
    transaction: &DatabaseTransaction,
    before: &DeskDay,
    after: &DeskDay,
) -> Result<(), StoreError> {
    use desk_day::Column;
    let updated = desk_day::Entity::update_many()
        .col_expr(Column::Standing, Expr::value(after.standing.words().0))
        .col_expr(Column::Version, Expr::value(i64::from(after.version)))
        .col_expr(Column::Revision, Expr::value(i64::from(before.revision) + 1))
        .col_expr(Column::Run, Expr::value(i64::from(after.run)))
        .filter(desk_day::Column::Day.eq(before.day.to_string()))
        .filter(desk_day::Column::Revision.eq(i64::from(before.revision)))
        .exec(transaction)
        .await
        .map_err(refused)?;
    if updated.rows_affected == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// A part of a number that is read out on the phone, at its end.
fn ends_with(column: desk_exception::Column, words: &str) -> sea_orm::sea_query::SimpleExpr {
    let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    column.like(LikeExpr::new(format!("%{escaped}")).escape('\\'))
}

fn condition(filter: &ExceptionFilter) -> Condition {
    use desk_exception::Column;
    let mut all = Condition::all();
    if let Some(day) = filter.day {
        all = all.add(Column::Day.eq(day.to_string()));
    }
    if !filter.states.is_empty() {
        all = all.add(Column::State.is_in(filter.states.iter().map(|state| state.words().0)));
    }
    let equal = [
        (Column::Code, &filter.code),
        (Column::Rail, &filter.rail),
        (Column::Cause, &filter.cause),
        (Column::Assignee, &filter.assignee),
        (Column::ProposalNo, &filter.proposal),
    ];
    for (column, wanted) in equal {
        if let Some(wanted) = wanted {
            all = all.add(column.eq(super::column::without_nul(wanted)));
        }
    }
    if let Some(words) = &filter.words {
        let words = super::column::without_nul(words);
        let any = [
            Column::No,
            Column::OrderNo,
            Column::TxnNo,
            Column::NoticeNo,
            Column::RefundNo,
            Column::CreditNo,
        ];
        let any = any
            .into_iter()
            .fold(Condition::any(), |any, column| any.add(ends_with(column, &words)));
        all = all.add(any);
    }
    all
}

impl Store {
    async fn standings(&self, days: Condition) -> Result<BTreeMap<String, Standing>, StoreError> {
        use desk_exception::Column;
        let open: Vec<&str> = ExceptionState::ALL
            .iter()
            .filter(|state| state.is_open())
            .map(|state| state.words().0)
            .collect();
        let files = ["F01", "F02", "F03"];
        let rows: Vec<(String, String, String, String, i64, i64, i64)> =
            desk_exception::Entity::find()
                .select_only()
                .column(Column::Day)
                .column(Column::State)
                .column(Column::Code)
                .column(Column::Assignee)
                .column_as(Column::No.count(), "found")
                .column_as(Expr::cust("CAST(COALESCE(SUM(at_risk), 0) AS BIGINT)"), "net")
                .column_as(Expr::cust("CAST(COALESCE(SUM(ABS(at_risk)), 0) AS BIGINT)"), "gross")
                .filter(days)
                .group_by(Column::Day)
                .group_by(Column::State)
                .group_by(Column::Code)
                .group_by(Column::Assignee)
                .into_tuple()
                .all(&self.read)
                .await
                .map_err(unavailable)?;
        let mut standings: BTreeMap<String, Standing> = BTreeMap::new();
        for (day, state, code, assignee, count, net, gross) in rows {
            let of = standings.entry(day).or_default();
            let count = count.unsigned_abs();
            of.found += count;
            if open.contains(&state.as_str()) {
                of.open += count;
                of.net = Fen::new(of.net.value().saturating_add(net));
                of.gross = Fen::new(of.gross.value().saturating_add(gross));
                if assignee.is_empty() {
                    of.unassigned += count;
                }
                if files.contains(&code.as_str()) {
                    of.files_missing += count;
                }
            }
        }
        Ok(standings)
    }

    async fn whole_proposal(
        &self,
        connection: &impl ConnectionTrait,
        row: desk_proposal::Model,
    ) -> Result<Proposal, StoreError> {
        let no = row.no.as_str();
        let marks = desk_mark::Entity::find().filter(desk_mark::Column::ProposalNo.eq(no));
        let marks = marks.all(connection).await.map_err(unavailable)?;
        let decisions = desk_decision::Entity::find()
            .filter(desk_decision::Column::ProposalNo.eq(no))
            .order_by_asc(desk_decision::Column::Position)
            .all(connection)
            .await
            .map_err(unavailable)?;
        let executed = desk_execution::Entity::find_by_id(no).one(connection).await;
        Ok(Proposal {
            made: proposal_of(&row, marks)?,
            decisions: decisions.into_iter().map(decision_of).collect::<Result<_, _>>()?,
            executed: executed.map_err(unavailable)?.map(execution_of).transpose()?,
            digest: row.digest,
        })
    }
}

#[async_trait]
impl DeskBook for Store {
    async fn find_day(&self, day: Date) -> Result<Option<DeskDay>, StoreError> {
        let row = desk_day::Entity::find_by_id(day.to_string()).one(&self.read).await;
        row.map_err(unavailable)?.as_ref().map(day_of).transpose()
    }

    async fn list_days(
        &self,
        first: Date,
        last: Date,
    ) -> Result<Vec<(DeskDay, Standing)>, StoreError> {
        let (first, last) = (first.to_string(), last.to_string());
        let rows = desk_day::Entity::find()
            .filter(desk_day::Column::Day.between(&first, &last))
            .order_by_desc(desk_day::Column::Day)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let within = desk_exception::Column::Day.between(&first, &last);
        let standings = self.standings(Condition::all().add(within)).await?;
        let one = |row: desk_day::Model| {
            let standing = standings.get(&row.day).copied().unwrap_or_default();
            Ok((day_of(&row)?, standing))
        };
        rows.into_iter().map(one).collect()
    }

    async fn standing(&self, day: Date) -> Result<Standing, StoreError> {
        let of_day = desk_exception::Column::Day.eq(day.to_string());
        let found = self.standings(Condition::all().add(of_day)).await?;
        Ok(found.into_values().next().unwrap_or_default())
    }

    async fn file_run(
        &self,
        run: &NewRun,
        before: Option<&DeskDay>,
        changes: &[ExceptionChange],
    ) -> Result<RunFacts, StoreError> {
        let transaction = self.begin().await?;
        let new =
            DeskDay { day: run.day, standing: DayStanding::Open, version: 1, revision: 1, run: 0 };
        if before.is_none() {
            let row = desk_day::Model {
                day: run.day.to_string(),
                standing: new.standing.words().0.to_owned(),
                version: 1,
                revision: 1,
                run: 0,
            };
            insert(&transaction, vec![row.into_active_model()]).await?;
        }
        let before = before.unwrap_or(&new);
        let of_day = desk_run::Entity::find().filter(desk_run::Column::Day.eq(run.day.to_string()));
        let filed = of_day.count(&transaction).await.map_err(unavailable)?;
        let number = u32::try_from(filed + 1).unwrap_or(u32::MAX);
        let row = run_row(run, number);
        insert(&transaction, vec![row.clone().into_active_model()]).await?;
        apply(&transaction, changes, run.at, &format!("RUN {} {number}", run.day)).await?;
        super::desk_evidence::keep(&transaction, &self.keys, (run, number), changes).await?;
        let run = if run.holds { number } else { before.run };
        move_day(&transaction, before, &DeskDay { run, ..before.clone() }).await?;
        transaction.commit().await.map_err(refused)?;
        run_of(row)
    }

    async fn judged_files(&self, day: Date, run: u32) -> Result<Vec<JudgedFile>, StoreError> {
        self.files_of_run(day, run).await
    }

    async fn line_verdicts(
        &self,
        day: Date,
        run: u32,
        position: u32,
        first: u32,
    ) -> Result<Vec<u8>, StoreError> {
        self.verdicts_from((day, run), position, first).await
    }

    async fn legs(&self, exception_no: &str) -> Result<Vec<Leg>, StoreError> {
        self.kept_legs(exception_no).await
    }

    async fn traces(&self, order_no: &str) -> Result<Vec<Trace>, StoreError> {
        self.traces_of(order_no).await
    }

    async fn runs(&self, day: Date) -> Result<Vec<RunFacts>, StoreError> {
        let rows = desk_run::Entity::find()
            .filter(desk_run::Column::Day.eq(day.to_string()))
            .order_by_desc(desk_run::Column::Number)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(run_of).collect()
    }

    async fn exceptions(
        &self,
        filter: &ExceptionFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Exception>, StoreError> {
        let mut select = desk_exception::Entity::find()
            .filter(condition(filter))
            .order_by_asc(desk_exception::Column::No)
            .limit(u64::from(limit));
        if let Some(edge) = after {
            select = select.filter(desk_exception::Column::No.gt(edge));
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        rows.into_iter().map(exception_of).collect()
    }

    async fn find_exception(&self, no: &str) -> Result<Option<Exception>, StoreError> {
        let row = desk_exception::Entity::find_by_id(super::column::without_nul(no));
        row.one(&self.read).await.map_err(unavailable)?.map(exception_of).transpose()
    }

    async fn history(&self, no: &str) -> Result<Vec<ExceptionEvent>, StoreError> {
        let rows = desk_event::Entity::find()
            .filter(desk_event::Column::ExceptionNo.eq(super::column::without_nul(no)))
            .order_by_asc(desk_event::Column::Revision)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(event_of).collect()
    }

    async fn known_at(
        &self,
        day: Date,
        at: Timestamp,
    ) -> Result<Vec<(String, ExceptionEvent)>, StoreError> {
        let prefix = format!("DZ{}-", day.strftime("%Y%m%d"));
        let rows = desk_event::Entity::find()
            .filter(desk_event::Column::ExceptionNo.starts_with(&prefix))
            .filter(desk_event::Column::At.lte(micros(at)))
            .order_by_asc(desk_event::Column::ExceptionNo)
            .order_by_asc(desk_event::Column::Revision)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let mut last: BTreeMap<String, ExceptionEvent> = BTreeMap::new();
        for row in rows {
            last.insert(row.exception_no.clone(), event_of(row)?);
        }
        Ok(last.into_iter().collect())
    }

    async fn as_they_stand(&self, day: Date) -> Result<(String, String), StoreError> {
        use desk_exception::Column;
        let rows: Vec<(String, String, i64, i64)> = desk_exception::Entity::find()
            .select_only()
            .columns([Column::No, Column::State, Column::Revision, Column::AtRisk])
            .filter(Column::Day.eq(day.to_string()))
            .order_by_asc(Column::No)
            .into_tuple()
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let line = |(no, state, revision, fen)| format!("{no} {state} {revision} {fen}\n");
        let text: String = rows.into_iter().map(line).collect();
        let digest = sha256_hex(text.as_bytes());
        Ok((text, digest))
    }

    async fn save(
        &self,
        changes: &[ExceptionChange],
        by: &str,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        apply(&transaction, changes, audit.at, by).await?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(refused)
    }

    async fn propose(
        &self,
        proposal: &NewProposal,
        changes: &[ExceptionChange],
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        insert(&transaction, vec![proposal_row(proposal).into_active_model()]).await?;
        let marks = proposal.marks.iter().map(|mark| mark_row(proposal, mark).into_active_model());
        insert(&transaction, marks.collect()).await?;
        apply(&transaction, changes, proposal.at, &proposal.maker.by).await?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(refused)
    }

    async fn find_proposal(&self, no: &str) -> Result<Option<Proposal>, StoreError> {
        let moment = self.snapshot().await?;
        let row = desk_proposal::Entity::find_by_id(super::column::without_nul(no));
        match row.one(&moment).await.map_err(unavailable)? {
            Some(row) => Ok(Some(self.whole_proposal(&moment, row).await?)),
            None => Ok(None),
        }
    }

    async fn open_proposals(&self, limit: u32) -> Result<Vec<Proposal>, StoreError> {
        let moment = self.snapshot().await?;
        let done = "no NOT IN (SELECT proposal_no FROM desk_execution)";
        let over = "no NOT IN (SELECT proposal_no FROM desk_decision WHERE kind <> 'APPROVE')";
        let rows = desk_proposal::Entity::find()
            .filter(Expr::cust(done))
            .filter(Expr::cust(over))
            .order_by_asc(desk_proposal::Column::No)
            .limit(u64::from(limit))
            .all(&moment)
            .await
            .map_err(unavailable)?;
        let mut proposals = Vec::with_capacity(rows.len());
        for row in rows {
            proposals.push(self.whole_proposal(&moment, row).await?);
        }
        Ok(proposals)
    }

    async fn decide(
        &self,
        decision: &Decision,
        changes: &[ExceptionChange],
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        insert(&transaction, vec![decision_row(decision).into_active_model()]).await?;
        apply(&transaction, changes, decision.at, &decision.hand.by).await?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(refused)
    }

    async fn execute(
        &self,
        execution: &Execution,
        changes: &[ExceptionChange],
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        insert(&transaction, vec![execution_row(execution).into_active_model()]).await?;
        apply(&transaction, changes, execution.at, &execution.by).await?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(refused)
    }

    async fn last_seal(&self) -> Result<Option<Seal>, StoreError> {
        let newest = desk_seal::Entity::find().order_by_desc(desk_seal::Column::Number);
        newest.one(&self.read).await.map_err(unavailable)?.map(seal_of).transpose()
    }

    async fn seals(&self, day: Date) -> Result<Vec<Seal>, StoreError> {
        let rows = desk_seal::Entity::find()
            .filter(desk_seal::Column::Day.eq(day.to_string()))
            .order_by_desc(desk_seal::Column::Number)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(seal_of).collect()
    }

    async fn audit_point(&self) -> Result<AuditPoint, StoreError> {
        let head = audit_head::Entity::find_by_id(1).one(&self.read).await.map_err(unavailable)?;
        let (number, hash) = head.map_or((0, String::new()), |head| (head.number, head.hash));
        Ok(AuditPoint { number: number.unsigned_abs(), hash })
    }

    async fn seal(
        &self,
        execution: &Execution,
        seal: &Seal,
        before: &DeskDay,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let last = desk_seal::Entity::find().order_by_desc(desk_seal::Column::Number);
        let last = last.one(&transaction).await.map_err(unavailable)?;
        let previous = last.map(|last| last.hash).unwrap_or_default();
        insert(&transaction, vec![execution_row(execution).into_active_model()]).await?;
        let row = seal_row(seal, &previous, &execution.proposal_no);
        insert(&transaction, vec![row.into_active_model()]).await?;
        let closed = DeskDay { standing: DayStanding::Closed, ..before.clone() };
        move_day(&transaction, before, &closed).await?;
        transaction.commit().await.map_err(refused)
    }

    async fn reopen(
        &self,
        execution: &Execution,
        before: &DeskDay,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        insert(&transaction, vec![execution_row(execution).into_active_model()]).await?;
        let (standing, version) = (DayStanding::Open, before.version + 1);
        move_day(&transaction, before, &DeskDay { standing, version, ..before.clone() }).await?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(refused)
    }

    async fn person_of(&self, account: &str) -> Result<String, StoreError> {
        let row = staff_person::Entity::find_by_id(super::column::without_nul(account));
        let row = row.one(&self.read).await.map_err(unavailable)?;
        Ok(row.map_or_else(|| account.to_owned(), |row| row.person))
    }

    async fn note_person(
        &self,
        account: &str,
        person: &str,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let row = staff_person::Model { name: account.to_owned(), person: person.to_owned() };
        insert(&transaction, vec![row.into_active_model()]).await?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(refused)
    }

    async fn delegate(&self, given: &Delegation, audit: &AuditRecord) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let row = staff_delegation::Model {
            giver: given.giver.clone(),
            taker: given.taker.clone(),
            from_at: micros(given.from),
            until_at: micros(given.until),
            reason: super::column::without_nul(&given.reason),
        };
        insert(&transaction, vec![row.into_active_model()]).await?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(refused)
    }

    async fn may_act(&self, taker: &str, giver: &str, at: Timestamp) -> Result<bool, StoreError> {
        use staff_delegation::Column;
        let valid = staff_delegation::Entity::find()
            .filter(Column::Taker.eq(super::column::without_nul(taker)))
            .filter(Column::Giver.eq(super::column::without_nul(giver)))
            .filter(Column::FromAt.lte(micros(at)))
            .filter(Column::UntilAt.gt(micros(at)));
        Ok(valid.one(&self.read).await.map_err(unavailable)?.is_some())
    }
}
