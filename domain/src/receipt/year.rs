//! All that a person paid in one year, by Beijing's calendar.

use super::verify::{GivenBackBook, sum};
use crate::clock::from_beijing;
use crate::ids::{PaymentNo, PersonId};
use crate::money::Fen;
use crate::outside::StoreError;
use crate::payment::{Payment, PaymentStatus};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// Which payments: those whose money came within a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidWithin {
    /// Whose: the ids of one person.
    pub owners: Vec<PersonId>,
    /// From here.
    pub from: Timestamp,
    /// Before this.
    pub until: Timestamp,
}

/// Payments with money, in the order in which it came.
#[async_trait]
pub trait PaidBook: Send + Sync {
    /// Up to `limit` payments whose money came within that time, whatever became of it, in
    /// order of time and number, from after the one that `after` names; keyset paging.
    async fn list_paid(
        &self,
        within: &PaidWithin,
        after: Option<&(Timestamp, PaymentNo)>,
        limit: u16,
    ) -> Result<Vec<Payment>, StoreError>;
}

/// One payment of a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidLine {
    /// The payment, with its notices and their items.
    pub payment: Payment,
    /// When the rail took the money.
    pub paid_at: Timestamp,
    /// How much it took.
    pub paid: Fen,
    /// How much of it was given back until now, in whichever year.
    pub refunded: Fen,
}

/// All that a person paid in one year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearOfPayments {
    /// Beijing's.
    pub year: i16,
    /// In order of time.
    pub lines: Vec<PaidLine>,
    /// Sum of the lines.
    pub paid: Fen,
    /// Of that, given back until now.
    pub refunded: Fen,
    /// False where there are more lines than [`YearlyStatement::MAX_LINES`]: the sums are then
    /// those of the lines that are there.
    pub complete: bool,
}

impl YearOfPayments {
    /// What was paid and not given back.
    pub fn kept(&self) -> Fen {
        Fen::new(self.paid.value().saturating_sub(self.refunded.value()))
    }
}

/// Use case: a person's statement of one year.
pub struct YearlyStatement {
    /// Payments.
    pub paid: Arc<dyn PaidBook>,
    /// Refunds.
    pub given_back: Arc<dyn GivenBackBook>,
}

/// Read at a time.
const PAGE: u16 = 100;

impl YearlyStatement {
    /// Nobody pays more often; whoever does is told that the statement stops there.
    pub const MAX_LINES: usize = 2_000;

    /// The statement of a person, who has these ids; `None` for a year that no calendar has.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn run(
        &self,
        owners: &[PersonId],
        year: i16,
    ) -> Result<Option<YearOfPayments>, StoreError> {
        let Some((from, until)) = bounds(year) else { return Ok(None) };
        let within = PaidWithin { owners: owners.to_vec(), from, until };
        let (mut lines, mut after) = (Vec::new(), None);
        let complete = loop {
            let page = self.paid.list_paid(&within, after.as_ref(), PAGE).await?;
            let full = page.len() == usize::from(PAGE);
            self.add(&mut lines, page).await?;
            if lines.len() > Self::MAX_LINES {
                lines.truncate(Self::MAX_LINES);
                break false;
            }
            match lines.last() {
                Some(line) if full => after = Some((line.paid_at, line.payment.no.clone())),
                Some(_) | None => break true,
            }
        };
        let paid = sum(lines.iter().map(|line| line.paid))?;
        let refunded = sum(lines.iter().map(|line| line.refunded))?;
        Ok(Some(YearOfPayments { year, lines, paid, refunded, complete }))
    }

    async fn add(&self, lines: &mut Vec<PaidLine>, page: Vec<Payment>) -> Result<(), StoreError> {
        let numbers: Vec<_> = page.iter().map(|payment| payment.no.clone()).collect();
        let all = self.given_back.list_given_back(&numbers).await?;
        for payment in page {
            let Some(money) = payment.state.money() else { continue };
            let (paid_at, paid) = (money.at, money.amount.fen());
            let refunded = match payment.state.status() {
                // Also of money that never had a receipt.
                PaymentStatus::Refunded => paid,
                PaymentStatus::Submitted
                | PaymentStatus::Unknown
                | PaymentStatus::UnderReview
                | PaymentStatus::Paid
                | PaymentStatus::Closed
                | PaymentStatus::RefundDue
                | PaymentStatus::Refunding
                | PaymentStatus::PartiallyRefunded => {
                    let mine = all.iter().filter(|back| back.payment_no == payment.no);
                    sum(mine.map(|back| back.amount))?
                }
            };
            lines.push(PaidLine { payment, paid_at, paid, refunded });
        }
        Ok(())
    }
}

/// Beginning and end of a Beijing year of four digits.
fn bounds(year: i16) -> Option<(Timestamp, Timestamp)> {
    if !(2000..=9998).contains(&year) {
        return None;
    }
    let start = |year| from_beijing(Date::new(year, 1, 1).ok()?.at(0, 0, 0, 0));
    Some((start(year)?, start(year + 1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_begins_and_ends_at_beijing_midnight() {
        let (from, until) = bounds(2026).unwrap();
        assert_eq!(from, "2025-12-31T16:00:00Z".parse().unwrap());
        assert_eq!(until, "2026-12-31T16:00:00Z".parse().unwrap());
        for year in [i16::MIN, -1, 0, 1999, 9999, i16::MAX] {
            assert_eq!(bounds(year), None, "{year}");
        }
    }
}
