//! Reconciling a day: fetch, check the file, judge every line, put right what the rail proves.

use super::day::judged_lines;
use super::run_refunds::KnownRefunds;
use super::{
    Bucket, DayBook, DayResult, DayState, Discrepancy, DiscrepancyCode, KnownPayment, LedgerLine,
    LineKind, MatchInput, PartitionBroken, Resolution, Statement, StatementError, StatementFault,
    StatementLine, StatementSource, match_rail,
};
use crate::clock::{Clock, beijing_day};
use crate::ids::PaymentNo;
use crate::money::{Fen, FenOverflow, PayableFen};
use crate::outside::StoreError;
use crate::payment::{
    Applied, ApplyRailReport, Evidence, LedgerBook, MerchantIdentity, Money, PaymentStore, Rail,
    RailReport, RailTxn, RefundStore,
};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a missing or damaged file is left before it is fetched again.
const TRY_AGAIN: SignedDuration = SignedDuration::from_mins(30);
/// So many days back the worker looks by itself.
pub(super) const WINDOW_DAYS: i64 = 31;

/// Why a day has no result.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// A sum is beyond 64 bits.
    #[error(transparent)]
    Overflow(#[from] FenOverflow),
    /// A bug of the matching; nothing was stored.
    #[error(transparent)]
    Partition(#[from] PartitionBroken),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: reconcile one day of one rail. Running it again gives the same, or better.
pub struct ReconcileDay {
    /// Where the statement comes from.
    pub source: Arc<dyn StatementSource>,
    /// Who we are there.
    pub merchant: MerchantIdentity,
    /// Our side.
    pub ledger: Arc<dyn LedgerBook>,
    /// Payments, for orders that the ledger lacks.
    pub payments: Arc<dyn PaymentStore>,
    /// Refunds, for lines of them.
    pub refunds: Arc<dyn RefundStore>,
    /// What puts a payment right.
    pub apply: Arc<ApplyRailReport>,
    /// Results.
    pub days: Arc<dyn DayBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl ReconcileDay {
    /// The day's result, stored. A missing or damaged file is a result too.
    ///
    /// # Errors
    /// [`ReconcileError`]; the earlier result stays.
    pub async fn run(&self, day: Date) -> Result<DayResult, ReconcileError> {
        let statement = match self.usable_statement(day).await? {
            Ok(statement) => statement,
            Err(fault) => return self.without_file(day, &fault).await,
        };
        let refunds = self.known_refunds(&statement, day).await?;
        let (before, found) = self.judge(&statement, day, &refunds).await?;
        let (put_right, unfinished) = self.put_right(&statement, &found, day).await;
        let (mut buckets, mut discrepancies) = if put_right.is_empty() {
            (before, found.clone())
        } else {
            self.judge(&statement, day, &refunds).await?
        };
        // What the statement put right stays visible as the discrepancy it was.
        for (index, line) in statement.lines.iter().enumerate() {
            let was = found.iter().find(|d| d.line_no == Some(line.line_no));
            if let Some(was) = was.filter(|_| put_right.contains(&line.line_no)) {
                buckets[index] = Bucket::Discrepancy(was.code);
                discrepancies.retain(|d| d.line_no != Some(line.line_no));
                discrepancies.push(Discrepancy { resolution: Resolution::PutRight, ..was.clone() });
            }
        }
        self.keep_put_right(&statement, day, &mut buckets, &mut discrepancies).await?;
        self.book_fees(&statement, &buckets, &refunds).await?;
        let now = self.clock.now();
        let soon = (unfinished || refunds.may_be_explained(&discrepancies)).then_some(TRY_AGAIN);
        let next_try_at = soon.or(refunds.rest()).map(|rest| now + rest);
        let ledger = self.ledger_lines(day).await?;
        let (returns, returned) = refunds.on_the_day(&statement, &buckets)?;
        let open = discrepancies.iter().any(|d| d.resolution == Resolution::Open);
        let result = DayResult {
            rail: self.source.rail(),
            day,
            state: if open { DayState::Different } else { DayState::Matched },
            judged_at: now,
            file_hash: statement.hash.clone(),
            lines: judged_lines(&statement, &buckets)?,
            ledger_count: u32::try_from(ledger.len()).unwrap_or(u32::MAX).saturating_add(returns),
            ledger_total: Fen::sum(ledger.iter().map(|line| line.amount))?.minus(returned)?,
            fee_total: Fen::sum(statement.lines.iter().map(|line| line.fee))?,
            discrepancies,
            next_try_at,
        };
        self.days.save(&result, &statement.original).await?;
        Ok(result)
    }

    /// What an earlier run put right is matched by now; it stays visible as what it was.
    async fn keep_put_right(
        &self,
        statement: &Statement,
        day: Date,
        buckets: &mut [Bucket],
        discrepancies: &mut Vec<Discrepancy>,
    ) -> Result<(), StoreError> {
        let Some(earlier) = self.days.find(self.source.rail(), day).await? else { return Ok(()) };
        let kept = earlier.discrepancies.iter().filter(|d| d.resolution == Resolution::PutRight);
        for was in kept {
            let same = |line: &StatementLine| {
                let pays = line.kind() == LineKind::Pay;
                pays && line.order_no == was.order_no && line.txn == was.txn
            };
            let Some(index) = statement.lines.iter().position(same) else { continue };
            if buckets[index] == Bucket::Matched {
                buckets[index] = Bucket::Discrepancy(was.code);
                let line_no = Some(statement.lines[index].line_no);
                discrepancies.push(Discrepancy { line_no, ..was.clone() });
            }
        }
        Ok(())
    }

    /// The file, or why it cannot be used.
    async fn usable_statement(
        &self,
        day: Date,
    ) -> Result<Result<Statement, StatementFault>, ReconcileError> {
        let late = |reason: String| {
            let (code, original) = (DiscrepancyCode::F01, Vec::new());
            Ok(Err(StatementFault { code, reason, original }))
        };
        let statement = match self.source.fetch(day).await {
            Ok(statement) => statement,
            Err(StatementError::Damaged(fault)) => return Ok(Err(*fault)),
            Err(StatementError::NotReady) => return late("渠道尚未生成当日对账单".to_owned()),
            Err(StatementError::Outside(error)) => {
                return late(format!("未能取得对账单：{error}"));
            }
        };
        if let Err(fault) = statement.check(day, &self.merchant) {
            return Ok(Err(fault));
        }
        if statement.hash.is_empty() {
            if !self.ledger_lines(day).await?.is_empty() {
                return late("渠道称当日没有交易，而平台有收款".to_owned());
            }
            if self.known_refunds(&statement, day).await?.are_due() {
                return late("渠道称当日没有交易，而平台有退款".to_owned());
            }
        }
        if !statement.hash.is_empty() {
            let rail = self.source.rail();
            let earlier = self.days.day_of_file(rail, &statement.hash, day).await?;
            if let Some(earlier) = earlier {
                let reason = format!("与{earlier}的对账单完全相同");
                let (code, original) = (DiscrepancyCode::F04, statement.original);
                return Ok(Err(StatementFault { code, reason, original }));
            }
        }
        Ok(Ok(statement))
    }

    async fn without_file(
        &self,
        day: Date,
        fault: &StatementFault,
    ) -> Result<DayResult, ReconcileError> {
        let earlier = self.days.find(self.source.rail(), day).await?;
        if let Some(judged) = earlier.filter(|day| day.state != DayState::WaitingForFile) {
            // A file that cannot be used takes nothing from one that was; a day that waits for
            // another try waits its turn again.
            let next_try_at = judged.next_try_at.map(|_| self.clock.now() + TRY_AGAIN);
            let kept = DayResult { next_try_at, ..judged };
            self.days.save(&kept, &fault.original).await?;
            return Ok(kept);
        }
        let now = self.clock.now();
        let ledger = self.ledger_lines(day).await?;
        let total = Fen::sum(ledger.iter().map(|line| line.amount))?;
        let discrepancy = Discrepancy {
            code: fault.code,
            order_no: String::new(),
            txn: String::new(),
            line_no: None,
            at_risk: total,
            note: fault.reason.clone(),
            resolution: Resolution::Open,
        };
        let result = DayResult {
            rail: self.source.rail(),
            day,
            state: DayState::WaitingForFile,
            judged_at: now,
            file_hash: String::new(),
            lines: Vec::new(),
            ledger_count: u32::try_from(ledger.len()).unwrap_or(u32::MAX),
            ledger_total: total,
            fee_total: Fen::ZERO,
            discrepancies: vec![discrepancy],
            next_try_at: Some(now + TRY_AGAIN),
        };
        self.days.save(&result, &fault.original).await?;
        Ok(result)
    }

    async fn judge(
        &self,
        statement: &Statement,
        day: Date,
        refunds: &KnownRefunds,
    ) -> Result<(Vec<Bucket>, Vec<Discrepancy>), ReconcileError> {
        let ledger = self.ledger_lines(day).await?;
        let known = self.known(statement, &ledger).await?;
        let (merchant, refunds) = (&self.merchant, &refunds.by_no);
        let (ledger, known) = (&ledger, &known);
        Ok(match_rail(&MatchInput { statement, merchant, ledger, known, refunds }))
    }

    async fn ledger_lines(&self, day: Date) -> Result<Vec<LedgerLine>, ReconcileError> {
        let journals = self.ledger.journals_of(self.source.rail(), day).await?;
        let mut lines = Vec::with_capacity(journals.len());
        for journal in journals.into_iter().filter(|j| j.kind.is_money_taken()) {
            let found = self.payments.find(&journal.payment_no).await?;
            let money = found.as_ref().and_then(|payment| payment.state.money());
            let (txn, amount) = match money {
                Some(money) => (money.txn.clone(), money.amount.fen()),
                None => return Err(no_money(&journal.payment_no).into()),
            };
            lines.push(LedgerLine { payment_no: journal.payment_no, txn, amount, at: journal.at });
        }
        Ok(lines)
    }

    /// Orders that the statement names and the day's ledger lacks, as far as they are ours.
    async fn known(
        &self,
        statement: &Statement,
        ledger: &[LedgerLine],
    ) -> Result<BTreeMap<String, KnownPayment>, ReconcileError> {
        let mut known = BTreeMap::new();
        let booked: std::collections::BTreeSet<_> =
            ledger.iter().map(|line| line.payment_no.as_str()).collect();
        let pays = statement.lines.iter().filter(|line| line.kind() == LineKind::Pay);
        for line in pays.filter(|line| !booked.contains(line.order_no.as_str())) {
            let Ok(no) = PaymentNo::new(&line.order_no) else { continue };
            let Some(payment) = self.payments.find(&no).await? else { continue };
            let booked = payment.state.money().map(|m| (m.txn.clone(), beijing_day(m.at)));
            let status = payment.state.status();
            known.insert(line.order_no.clone(), KnownPayment { status, booked });
        }
        Ok(known)
    }

    /// Applies lines for payments that we did not know to be paid; answers which lines did it,
    /// and whether somebody who had to be asked was silent, so that the day is tried again.
    async fn put_right(
        &self,
        statement: &Statement,
        found: &[Discrepancy],
        day: Date,
    ) -> (Vec<u32>, bool) {
        let (mut done, mut unfinished) = (Vec::new(), false);
        let lost = [DiscrepancyCode::L02, DiscrepancyCode::L10];
        for discrepancy in found.iter().filter(|d| lost.contains(&d.code)) {
            let line = statement.lines.iter().find(|l| Some(l.line_no) == discrepancy.line_no);
            let Some((line, report)) =
                line.and_then(|line| Some((line, report_of(line, self.source.rail())?)))
            else {
                continue;
            };
            let evidence = Evidence::Statement(format!("{day}#{}", line.line_no));
            match self.apply.run(&report, &evidence).await {
                Ok(Applied::Moved(_)) => done.push(line.line_no),
                Ok(_) => {}
                Err(_) => unfinished = true,
            }
        }
        (done, unfinished)
    }
}

fn report_of(line: &StatementLine, rail: Rail) -> Option<RailReport> {
    let txn = RailTxn::new(&line.txn).ok()?;
    let amount = PayableFen::new(line.amount.value()).ok()?;
    Some(RailReport {
        rail,
        order_no: line.order_no.clone(),
        app_id: line.app_id.clone(),
        merchant_no: line.merchant_no.clone(),
        currency: "CNY".to_owned(),
        money: Money { txn, amount, at: line.at },
    })
}

fn no_money(no: &PaymentNo) -> StoreError {
    StoreError::Corrupt { table: "journal", column: "payment_no", row: no.to_string() }
}

/// Use case: the days that should be reconciled by now and are not.
pub struct ReconcileDue {
    /// One per rail.
    pub rails: Vec<Arc<ReconcileDay>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl ReconcileDue {
    /// Reconciles every day since the first payment whose statement should exist
    /// ([`StatementSource::ready_at`]) and that is open; answers what became of each. One that fails does not
    /// stop the others.
    ///
    /// # Errors
    /// When the store cannot say which days are open.
    pub async fn run_once(
        &self,
    ) -> Result<Vec<(Date, Result<DayResult, ReconcileError>)>, StoreError> {
        let now = self.clock.now();
        let mut results = Vec::new();
        for rail in &self.rails {
            let first = rail.days.first_day(rail.source.rail()).await?;
            let Some(first) = first else { continue };
            // Rails keep three months; a day older than the window waits for a command.
            let mut day = first.max(beijing_day(now) - jiff::Span::new().days(WINDOW_DAYS));
            loop {
                if rail.source.ready_at(day).is_none_or(|ready| now < ready) {
                    break;
                }
                if self.open(rail, day, now).await? {
                    results.push((day, rail.run(day).await));
                }
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        }
        Ok(results)
    }

    async fn open(
        &self,
        rail: &ReconcileDay,
        day: Date,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let earlier = rail.days.find(rail.source.rail(), day).await?;
        Ok(match earlier {
            None => true,
            Some(result) => result.next_try_at.is_some_and(|at| at <= now),
        })
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
