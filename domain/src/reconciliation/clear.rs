//! The clearing of a day with the finance department: our two files are sent, its two fetched.

use super::clear_items::items_of;
use super::clear_refunds;
use super::cleared::{judge, ordered, rejections, unusable};
use super::{
    ClearedDay, ClearingBook, ClearingDay, ClearingDifference, ClearingDifferenceKind as Kind,
    ClearingError, ClearingExchange, ClearingItem, ClearingOrder, ClearingPayment, ClearingState,
    DayBook, DayResult, DayState, Sent,
};
use crate::clock::{Clock, beijing_day, from_beijing};
use crate::ids::PaymentNo;
use crate::money::{Fen, FenOverflow};
use crate::notice::{Notice, NoticeBook};
use crate::outside::{OutsideError, StoreError};
use crate::payment::{
    JournalKind, LedgerBook, Money, NoticeSnapshot, Payment, PaymentStore, Rail, RefundStore,
};
use crate::receipt::{ReceiptBook, ReceiptId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// The day could not be cleared now; nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum ClearError {
    /// The gateway had to be asked about a notice and did not answer.
    #[error("the gateway did not answer")]
    Outside(#[from] OutsideError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sum beyond 64 bits.
    #[error(transparent)]
    Overflow(#[from] FenOverflow),
}

/// Use case: clear one day.
pub struct ClearOneDay {
    /// The gateway's files.
    pub exchange: Arc<dyn ClearingExchange>,
    /// The gateway's notices: what our own snapshots do not keep of them.
    pub notices: Arc<dyn NoticeBook>,
    /// Which payments were taken on the day.
    pub ledger: Arc<dyn LedgerBook>,
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// What went back of them.
    pub refunds: Arc<dyn RefundStore>,
    /// Their receipts.
    pub receipts: Arc<dyn ReceiptBook>,
    /// Results.
    pub book: Arc<dyn ClearingBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Finance is asked again after this while it has not judged.
const UNJUDGED: SignedDuration = SignedDuration::from_mins(10);
/// And after this while it has not made up its mind about all lines.
const UNDECIDED: SignedDuration = SignedDuration::from_hours(1);

impl ClearOneDay {
    /// Sends, fetches, judges and stores. Safe to repeat: the gateway keeps what it has judged.
    ///
    /// # Errors
    /// [`ClearError`].
    pub async fn run(&self, day: Date) -> Result<ClearedDay, ClearError> {
        let (payments, mut differences) = self.payments_of(day).await?;
        let (refunds, more) = self.refunds_of(day).await?;
        differences.extend(more);
        let mut cleared = ClearedDay {
            day,
            state: ClearingState::Unsent,
            judged_at: self.clock.now(),
            orders: u32::try_from(payments.len() + refunds.len()).unwrap_or(u32::MAX),
            paid: sum_of(&payments)?,
            refunded: clear_refunds::sum_of(&refunds)?,
            batches: 0,
            agreed: 0,
            differences: Vec::new(),
            next_try_at: None,
        };
        match ClearingDay::new(day, payments, refunds) {
            Err(faults) => {
                let none = (String::new(), String::new());
                differences.extend(
                    faults.iter().map(|fault| unusable(Kind::Unsendable, &none, fault.to_string())),
                );
            }
            Ok(sound) => {
                let (state, more) = self.send(&sound).await?;
                cleared.state = state;
                differences.extend(more);
                if state == ClearingState::Sent {
                    self.hear(&sound, &mut cleared, &mut differences).await?;
                }
            }
        }
        cleared.differences = differences;
        self.settle(&mut cleared);
        self.book.save(&cleared).await?;
        Ok(cleared)
    }

    async fn send(
        &self,
        day: &ClearingDay,
    ) -> Result<(ClearingState, Vec<ClearingDifference>), ClearError> {
        match self.exchange.send_orders(day).await? {
            Sent::Rejected(lines) => {
                return Ok((ClearingState::Unsent, rejections("支付平台对账文件", &lines)));
            }
            Sent::Judged => return Ok((ClearingState::Sent, Vec::new())),
            Sent::Taken => {}
        }
        Ok(match self.exchange.send_split(day).await? {
            Sent::Rejected(lines) => {
                (ClearingState::Unsent, rejections("支付平台分成文件", &lines))
            }
            Sent::Judged | Sent::Taken => (ClearingState::Sent, Vec::new()),
        })
    }

    /// What finance says, as far as it has said anything.
    async fn hear(
        &self,
        day: &ClearingDay,
        cleared: &mut ClearedDay,
        differences: &mut Vec<ClearingDifference>,
    ) -> Result<(), ClearError> {
        let none = (String::new(), String::new());
        match self.exchange.results(day.day()).await {
            Ok(batches) if batches.is_empty() => {}
            Ok(batches) => {
                cleared.batches = u8::try_from(batches.len()).unwrap_or(u8::MAX);
                let (agreed, more) = judge(day, &batches)?;
                cleared.agreed = agreed;
                differences.extend(more);
            }
            Err(ClearingError::Outside(error)) => return Err(error.into()),
            Err(ClearingError::Faulty { file, fault }) => {
                let reason = format!("{file}: {fault}");
                differences.push(unusable(Kind::FaultyFile, &none, reason));
            }
        }
        match self.exchange.ordered_refunds(day.day()).await {
            Ok(refunds) => differences.extend(refunds.iter().flatten().map(ordered)),
            Err(ClearingError::Outside(error)) => return Err(error.into()),
            Err(ClearingError::Faulty { file, fault }) => {
                let reason = format!("{file}: {fault}");
                differences.push(unusable(Kind::FaultyFile, &none, reason));
            }
        }
        Ok(())
    }

    fn settle(&self, cleared: &mut ClearedDay) {
        let now = self.clock.now();
        let has = |kind: Kind| cleared.differences.iter().any(|d| d.kind == kind);
        let (undecided, faulty) = (has(Kind::ToBeConfirmed), has(Kind::FaultyFile));
        if !cleared.differences.is_empty() {
            cleared.state = match cleared.state {
                ClearingState::Unsent => ClearingState::Unsent,
                ClearingState::Sent | ClearingState::Agreed | ClearingState::Different => {
                    ClearingState::Different
                }
            };
        } else if cleared.batches > 0 {
            cleared.state = ClearingState::Agreed;
        }
        cleared.next_try_at = match cleared.state {
            ClearingState::Agreed => None,
            ClearingState::Sent => Some(now + UNJUDGED),
            ClearingState::Different if cleared.batches == 0 => Some(now + UNJUDGED),
            ClearingState::Different if undecided || faulty => Some(now + UNDECIDED),
            ClearingState::Different => None,
            ClearingState::Unsent => Some(now + UNDECIDED),
        };
    }

    /// Every notice that was honoured on the day, and what keeps others out of the file.
    async fn payments_of(
        &self,
        day: Date,
    ) -> Result<(Vec<ClearingPayment>, Vec<ClearingDifference>), ClearError> {
        let (mut lines, mut differences) = (Vec::new(), Vec::new());
        for rail in Rail::ALL {
            for journal in self.ledger.journals_of(rail, day).await? {
                if journal.kind != JournalKind::Paid {
                    continue;
                }
                let no = &journal.payment_no;
                let lost = || corrupt("payment_no", no);
                let payment = self.payments.find(no).await?.ok_or_else(lost)?;
                let money = payment.state.money().ok_or_else(lost)?;
                for snapshot in &payment.notices {
                    match self.line(&payment, money, snapshot).await? {
                        Some(line) => lines.push(line),
                        None => differences.push(not_the_gateways(
                            (no.to_string(), snapshot.no.to_string()),
                            snapshot.total(),
                        )),
                    }
                }
            }
        }
        Ok((lines, differences))
    }

    async fn line(
        &self,
        payment: &Payment,
        money: &Money,
        snapshot: &NoticeSnapshot,
    ) -> Result<Option<ClearingPayment>, ClearError> {
        let Some(Asked { notice, items, receipt }) = self.asked(payment, snapshot).await? else {
            return Ok(None);
        };
        Ok(Some(ClearingPayment {
            payment_no: payment.no.clone(),
            order: ClearingOrder {
                rail: payment.rail,
                txn: money.txn.as_str().to_owned(),
                at: money.at,
                region: notice.region,
                agency_code: snapshot.agency.code.clone(),
                notice_no: snapshot.no.clone(),
                payer: notice.payer,
                principal: snapshot.principal,
                late_fee: snapshot.late_fee,
                receipt,
                ordered_at: payment.created_at,
                business_code: notice.business_code,
            },
            items,
            written_off_at: snapshot.written_off_at,
        }))
    }

    /// `None` where the gateway has no such notice, or another than was paid.
    pub(super) async fn asked(
        &self,
        payment: &Payment,
        snapshot: &NoticeSnapshot,
    ) -> Result<Option<Asked>, ClearError> {
        let Some(notice) = self.notices.find(&snapshot.no).await? else { return Ok(None) };
        let Some(items) = items_of(&notice, &snapshot.items) else { return Ok(None) };
        let receipts = self.receipts.list_of_payment(&payment.no).await?;
        // The one that was issued for the money, whatever became of it since.
        let mut receipts = receipts.into_iter().filter(|filed| filed.red_letter.is_none());
        let receipt = receipts.find(|filed| filed.receipt.notice_no == snapshot.no);
        let receipt = receipt.map(|filed| filed.receipt.id);
        Ok(Some(Asked { notice, items, receipt }))
    }
}

/// What our own snapshot of a notice does not keep.
pub(super) struct Asked {
    /// As the gateway has it.
    pub notice: Notice,
    /// With the late fees that were paid.
    pub items: Vec<ClearingItem>,
    /// Issued for the money.
    pub receipt: Option<ReceiptId>,
}

pub(super) fn corrupt(column: &'static str, no: &PaymentNo) -> StoreError {
    StoreError::Corrupt { table: "journal", column, row: no.to_string() }
}

/// A line, named by order and notice, that the gateway could not judge.
pub(super) fn not_the_gateways(line: (String, String), amount: Fen) -> ClearingDifference {
    let reason = "统一公共支付平台没有这张缴款单，或与缴款时不符".to_owned();
    ClearingDifference { amount, ..unusable(Kind::Unsendable, &line, reason) }
}

fn sum_of(payments: &[ClearingPayment]) -> Result<Fen, FenOverflow> {
    payments.iter().try_fold(Fen::ZERO, |sum, payment| sum.plus(payment.order.total()?))
}

/// Use case: the days that should be cleared by now and are not.
pub struct ClearDue {
    /// One day.
    pub day: Arc<ClearOneDay>,
    /// Which of our days are closed with the rails: what a statement brings to light belongs
    /// into the files.
    pub days: Arc<dyn DayBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Older days wait for a command.
const WINDOW_DAYS: i64 = 30;

impl ClearDue {
    /// Clears every day since the first payment that is due; answers what became of each. One
    /// that fails does not stop the others.
    ///
    /// # Errors
    /// When the store cannot say which days are open.
    pub async fn run_once(
        &self,
    ) -> Result<Vec<(Date, Result<ClearedDay, ClearError>)>, StoreError> {
        let now = self.clock.now();
        let mut first: Option<Date> = None;
        for rail in Rail::ALL {
            let of_rail = self.days.first_day(rail).await?;
            first = first.into_iter().chain(of_rail).min();
        }
        let Some(first) = first else { return Ok(Vec::new()) };
        let mut day = first.max(beijing_day(now) - jiff::Span::new().days(WINDOW_DAYS));
        let mut results = Vec::new();
        while hour_after(day, 10).is_some_and(|earliest| earliest <= now) {
            if self.open(day, now).await? && self.ready(day, now).await? {
                results.push((day, self.day.run(day).await));
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        Ok(results)
    }

    async fn open(&self, day: Date, now: Timestamp) -> Result<bool, StoreError> {
        Ok(match self.day.book.find(day).await? {
            None => true,
            Some(earlier) => earlier.next_try_at.is_some_and(|at| at <= now),
        })
    }

    /// Once every rail's statement is judged; from 14:00 of the next day without.
    async fn ready(&self, day: Date, now: Timestamp) -> Result<bool, StoreError> {
        if hour_after(day, 14).is_some_and(|latest| latest <= now) {
            return Ok(true);
        }
        let newest = self.days.list(NEWEST).await?;
        for rail in Rail::ALL {
            let uses = self.days.first_day(rail).await?.is_some_and(|first| first <= day);
            let judged = |result: &DayResult| {
                let is_it = result.rail == rail && result.day == day;
                is_it && result.state != DayState::WaitingForFile
            };
            if uses && !newest.iter().any(judged) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Yesterday's results of all rails are among so many.
const NEWEST: u16 = 16;

/// That hour of the next day, Beijing.
fn hour_after(day: Date, hour: i8) -> Option<Timestamp> {
    from_beijing(day.tomorrow().ok()?.at(hour, 0, 0, 0))
}

#[cfg(test)]
#[path = "clear_tests.rs"]
mod tests;
