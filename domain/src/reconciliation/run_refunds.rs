//! What a day's statement is compared with beside payments: our refunds, and the fees that it
//! says were kept or given back.

use super::matching_refunds::named;
use super::run::WINDOW_DAYS;
use super::{
    Bucket, DayState, Discrepancy, DiscrepancyCode, KnownRefund, ReconcileDay, RefundStage,
    Statement,
};
use crate::clock::beijing_day;
use crate::ids::{PaymentNo, RefundNo};
use crate::money::{Fen, FenOverflow};
use crate::outside::StoreError;
use crate::payment::{Journal, JournalKind, Refund, RefundState};
use jiff::SignedDuration;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// How long a day is left whose statement names a refund that is still on its way.
const UNDER_WAY: SignedDuration = SignedDuration::from_hours(24);

/// Our refunds that a statement is judged by.
#[derive(Default)]
pub(super) struct KnownRefunds {
    pub by_no: BTreeMap<String, KnownRefund>,
    /// When they were first sent.
    sent_on: BTreeMap<String, Date>,
    /// Is there an earlier day that could have shown one of them, and is not judged?
    unjudged: bool,
}

impl KnownRefunds {
    fn add(&mut self, refund: &Refund, day: Date) {
        let stage = stage_of(&refund.state);
        let booked = matches!(&stage, RefundStage::Done { day: on, .. } if *on == day);
        let no = refund.no.to_string();
        if let Some(at) = refund.sent_at {
            self.sent_on.insert(no.clone(), beijing_day(at));
        }
        let (payment_no, amount) = (refund.payment_no.clone(), refund.amount.fen());
        let known = KnownRefund { payment_no, amount, stage, booked, shown_on: None };
        self.by_no.insert(no, known);
    }

    /// Those that are done, were sent on `earlier` or before, and are in no statement so far.
    fn sought_on(&mut self, earlier: Date) -> impl Iterator<Item = (&String, &mut KnownRefund)> {
        let sent_on = &self.sent_on;
        self.by_no.iter_mut().filter(move |(no, refund)| {
            let sent = sent_on.get(*no).is_some_and(|sent| *sent <= earlier);
            let done = matches!(refund.stage, RefundStage::Done { .. });
            sent && done && refund.shown_on.is_none()
        })
    }

    /// Must the statement show any?
    pub fn are_due(&self) -> bool {
        self.by_no.values().any(|refund| refund.booked && refund.shown_on.is_none())
    }

    /// What the day's statement should have of refunds, or has in agreement: how many, and their
    /// sum.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn on_the_day(
        &self,
        statement: &Statement,
        buckets: &[Bucket],
    ) -> Result<(u32, Fen), FenOverflow> {
        let due = self.by_no.iter().filter(|(_, r)| r.booked && r.shown_on.is_none());
        let lines = statement.lines.iter().zip(buckets);
        let agreed = lines.filter(|(_, bucket)| **bucket == Bucket::Matched);
        let agreed = agreed.filter_map(|(line, _)| named(line, &self.by_no));
        let all: BTreeMap<&str, Fen> = due
            .map(|(no, refund)| (no.as_str(), refund))
            .chain(agreed)
            .map(|(no, refund)| (no, refund.amount))
            .collect();
        Ok((u32::try_from(all.len()).unwrap_or(u32::MAX), Fen::sum(all.into_values())?))
    }

    /// Is one missing that a day may show which is not judged yet?
    pub fn may_be_explained(&self, found: &[Discrepancy]) -> bool {
        let missing = |d: &Discrepancy| d.code == DiscrepancyCode::R01 && d.line_no.is_none();
        self.unjudged && found.iter().any(missing)
    }

    /// When the day is looked at again because a refund is still on its way; its fee is booked
    /// once it is back.
    pub fn rest(&self) -> Option<SignedDuration> {
        let waits = |refund: &KnownRefund| refund.stage == RefundStage::AtRail;
        self.by_no.values().any(waits).then_some(UNDER_WAY)
    }
}

fn stage_of(state: &RefundState) -> RefundStage {
    match state {
        RefundState::Requested
        | RefundState::AgencyChecked
        | RefundState::Approved
        | RefundState::Rejected => RefundStage::Unsent,
        RefundState::Submitted | RefundState::Unknown | RefundState::NeedsAccount => {
            RefundStage::AtRail
        }
        RefundState::Done { txn, at } => {
            RefundStage::Done { txn: txn.clone(), day: beijing_day(*at) }
        }
        RefundState::Failed { .. } => RefundStage::Failed,
    }
}

impl ReconcileDay {
    /// Refunds of the day's ledger, and those that the statement names.
    pub(super) async fn known_refunds(
        &self,
        statement: &Statement,
        day: Date,
    ) -> Result<KnownRefunds, StoreError> {
        let rail = self.source.rail();
        let mut known = KnownRefunds::default();
        for journal in self.ledger.journals_of(rail, day).await? {
            if journal.kind != JournalKind::RefundDone {
                continue;
            }
            let lost = || StoreError::Corrupt {
                table: "journal",
                column: "refund_no",
                row: journal.payment_no.to_string(),
            };
            let no = journal.refund_no.as_ref().ok_or_else(lost)?;
            known.add(&self.refunds.find(no).await?.ok_or_else(lost)?, day);
        }
        for line in &statement.lines {
            let Some(stated) = &line.refund else { continue };
            let found = match &stated.no {
                Some(no) if known.by_no.contains_key(no) => continue,
                Some(no) => match RefundNo::new(no) {
                    Ok(no) => self.refunds.find(&no).await?.into_iter().collect(),
                    Err(_) => Vec::new(),
                },
                None => match PaymentNo::new(&line.order_no) {
                    Ok(no) => self.refunds.list_of_payment(&no).await?,
                    Err(_) => Vec::new(),
                },
            };
            found.iter().filter(|refund| refund.rail == rail).for_each(|r| known.add(r, day));
        }
        self.look_back(&mut known, day).await?;
        Ok(known)
    }

    /// Finds the refunds that an earlier day's statement has.
    async fn look_back(&self, known: &mut KnownRefunds, day: Date) -> Result<(), StoreError> {
        let mut earlier = day;
        for _ in 0..WINDOW_DAYS {
            let Ok(before) = earlier.yesterday() else { break };
            earlier = before;
            if known.sought_on(earlier).next().is_none() {
                break;
            }
            let result = self.days.find(self.source.rail(), earlier).await?;
            let Some(result) = result.filter(|day| day.state != DayState::WaitingForFile) else {
                known.unjudged = true;
                continue;
            };
            let lines = result.lines.iter();
            let shown: BTreeSet<_> =
                lines.map(|line| (line.order_no.as_str(), line.txn.as_str())).collect();
            for (no, refund) in known.sought_on(earlier) {
                let RefundStage::Done { txn, .. } = &refund.stage else { continue };
                let txn = txn.as_ref().map_or(no.as_str(), |txn| txn.as_str());
                // Some files name the payment, others the refund alone.
                let orders = [refund.payment_no.as_str(), no.as_str()];
                if orders.iter().any(|order| shown.contains(&(*order, txn))) {
                    refund.shown_on = Some(earlier);
                }
            }
        }
        Ok(())
    }

    /// Books what the rail kept of payments and gave back with refunds, line by line, where both
    /// sides agree on the money.
    pub(super) async fn book_fees(
        &self,
        statement: &Statement,
        buckets: &[Bucket],
        refunds: &KnownRefunds,
    ) -> Result<(), StoreError> {
        let rail = self.source.rail();
        let lines = statement.lines.iter().zip(buckets);
        for (line, _) in lines.filter(|(_, bucket)| **bucket == Bucket::Matched) {
            let fee = match named(line, &refunds.by_no) {
                _ if line.refund.is_none() => {
                    let Ok(no) = PaymentNo::new(&line.order_no) else { continue };
                    Journal::of_fee(no, None, rail, line.fee, line.at)
                }
                Some((no, KnownRefund { payment_no, stage: RefundStage::Done { .. }, .. })) => {
                    let Ok(no) = RefundNo::new(no) else { continue };
                    Journal::of_fee(payment_no.clone(), Some(no), rail, line.fee, line.at)
                }
                // Booked once it is back.
                Some(_) | None => continue,
            };
            if let Some(fee) = fee {
                self.ledger.book(rail, &fee).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "run_refunds_tests.rs"]
mod tests;
