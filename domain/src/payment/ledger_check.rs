//! Balances of the ledger's accounts, and the nightly proof that they are what the entries say.

use super::{Account, Entry, Side};
use crate::clock::{Clock, beijing_day, from_beijing};
use crate::money::{Fen, FenOverflow};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// An account is checked from this hour of the night on, Beijing time: nobody pays then.
const HOUR: i8 = 1;

/// Debits and credits of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// 借方.
    pub debits: Fen,
    /// 贷方.
    pub credits: Fen,
}

impl Sums {
    /// With one more entry.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn with(self, entry: &Entry) -> Result<Self, FenOverflow> {
        match entry.side {
            Side::Debit => Ok(Self { debits: Fen::sum([self.debits, entry.amount])?, ..self }),
            Side::Credit => Ok(Self { credits: Fen::sum([self.credits, entry.amount])?, ..self }),
        }
    }
}

/// One account, both ways; read in one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSums {
    /// Which.
    pub account: Account,
    /// As every booking kept it.
    pub kept: Sums,
    /// As all entries add up from zero.
    pub added: Sums,
}

/// What a check of the whole ledger found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerCheck {
    /// The Beijing day on which it was made.
    pub day: Date,
    /// When.
    pub at: Timestamp,
    /// How many accounts there are.
    pub accounts: u32,
    /// What is wrong, a line each, in Chinese for staff; empty: nothing.
    pub faults: Vec<String>,
}

/// Balances, kept with every booking.
#[async_trait]
pub trait LedgerBalances: Send + Sync {
    /// Every account, kept and added up, in the order of their codes, of one moment.
    async fn sums(&self) -> Result<Vec<AccountSums>, StoreError>;
    /// Throws the kept balances away and keeps what the entries add up to; nothing is booked
    /// meanwhile.
    async fn rebuild(&self) -> Result<(), StoreError>;
    /// Stores the check of a day; a later one of the same day replaces it.
    async fn save_check(&self, check: &LedgerCheck) -> Result<(), StoreError>;
    /// The newest check.
    async fn last_check(&self) -> Result<Option<LedgerCheck>, StoreError>;
}

/// Use case: prove that every balance is what its entries say, and that the whole balances.
pub struct CheckLedger {
    /// Balances.
    pub ledger: Arc<dyn LedgerBalances>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl CheckLedger {
    /// Once a night; `None` where it is not due.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn run_due(&self) -> Result<Option<LedgerCheck>, StoreError> {
        let now = self.clock.now();
        let today = beijing_day(now);
        if from_beijing(today.at(HOUR, 0, 0, 0)).is_none_or(|due| now < due) {
            return Ok(None);
        }
        match self.ledger.last_check().await? {
            Some(last) if last.day >= today => Ok(None),
            Some(_) | None => self.run().await.map(Some),
        }
    }

    /// Now.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn run(&self) -> Result<LedgerCheck, StoreError> {
        let sums = self.ledger.sums().await?;
        let at = self.clock.now();
        let check = LedgerCheck {
            day: beijing_day(at),
            at,
            accounts: u32::try_from(sums.len()).unwrap_or(u32::MAX),
            faults: faults(&sums),
        };
        self.ledger.save_check(&check).await?;
        Ok(check)
    }
}

fn faults(sums: &[AccountSums]) -> Vec<String> {
    let differs = sums.iter().filter(|of| of.kept != of.added).map(|of| {
        let (kept, added) = (of.kept, of.added);
        format!(
            "{}：余额表记借方{}贷方{}，按分录重算借方{}贷方{}",
            of.account.code(),
            kept.debits,
            kept.credits,
            added.debits,
            added.credits
        )
    });
    let mut faults: Vec<_> = differs.collect();
    let debits = Fen::sum(sums.iter().map(|of| of.added.debits));
    let credits = Fen::sum(sums.iter().map(|of| of.added.credits));
    match (debits, credits) {
        (Ok(debits), Ok(credits)) if debits == credits => {}
        (Ok(debits), Ok(credits)) => {
            faults.push(format!("全部分录借贷不平：借方{debits}，贷方{credits}"));
        }
        (Err(_), _) | (_, Err(_)) => faults.push("全部分录之和超出范围".to_owned()),
    }
    let claims = sums.iter().filter(|of| {
        matches!(of.account, Account::Receivable { .. }) && of.added.debits != of.added.credits
    });
    faults.extend(claims.map(|of| format!("{}：应收与收讫不等", of.account.code())));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeClock;
    use crate::fakes::samples::at;
    use crate::payment::Rail;
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Mutex;
    use std::task::{Context, Poll, Waker};

    fn wait<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("fakes never wait"),
        }
    }

    #[derive(Default)]
    struct Book {
        sums: Vec<AccountSums>,
        checks: Mutex<Vec<LedgerCheck>>,
    }

    #[async_trait]
    impl LedgerBalances for Book {
        async fn sums(&self) -> Result<Vec<AccountSums>, StoreError> {
            Ok(self.sums.clone())
        }

        async fn rebuild(&self) -> Result<(), StoreError> {
            Ok(())
        }

        async fn save_check(&self, check: &LedgerCheck) -> Result<(), StoreError> {
            self.checks.lock().unwrap().push(check.clone());
            Ok(())
        }

        async fn last_check(&self) -> Result<Option<LedgerCheck>, StoreError> {
            Ok(self.checks.lock().unwrap().last().cloned())
        }
    }

    fn of(account: Account, kept: (i64, i64), added: (i64, i64)) -> AccountSums {
        let sums = |(d, c)| Sums { debits: Fen::new(d), credits: Fen::new(c) };
        AccountSums { account, kept: sums(kept), added: sums(added) }
    }

    fn found(sums: Vec<AccountSums>) -> Vec<String> {
        let ledger = Arc::new(Book { sums, ..Book::default() });
        let check = CheckLedger { ledger, clock: Arc::new(FakeClock::at(at(0))) };
        wait(check.run()).unwrap().faults
    }

    #[test]
    fn an_entry_adds_to_its_own_side_and_leaves_the_other() {
        let account = Account::Suspense(Rail::Alipay);
        let entry = |side| Entry { account: account.clone(), side, amount: Fen::new(3) };
        let before = Sums { debits: Fen::new(5), credits: Fen::new(7) };
        let debited = Sums { debits: Fen::new(8), credits: Fen::new(7) };
        let credited = Sums { debits: Fen::new(5), credits: Fen::new(10) };
        assert_eq!(before.with(&entry(Side::Debit)), Ok(debited));
        assert_eq!(before.with(&entry(Side::Credit)), Ok(credited));
        let full = Sums { debits: Fen::new(i64::MAX), ..before };
        assert_eq!(full.with(&entry(Side::Debit)), Err(FenOverflow));
    }

    #[test]
    fn a_whole_ledger_has_no_fault() {
        let (clearing, owed) =
            (Account::RailClearing(Rail::Alipay), Account::RefundDue(Rail::Alipay));
        let sound = vec![of(clearing, (5, 0), (5, 0)), of(owed, (0, 5), (0, 5))];
        assert_eq!(found(sound), Vec::<String>::new());
        assert_eq!(found(Vec::new()), Vec::<String>::new());
    }

    #[test]
    fn one_fen_in_a_balance_or_an_entry_is_found_with_its_account() {
        let clearing = || Account::RailClearing(Rail::Alipay);
        let owed = || of(Account::RefundDue(Rail::Alipay), (0, 5), (0, 5));
        for kept in [(6, 0), (5, 1), (4, 0)] {
            let found = found(vec![of(clearing(), kept, (5, 0)), owed()]);
            assert!(found.len() == 1 && found[0].starts_with("rail_clearing:ALIPAY"), "{found:?}");
        }
        let lost = found(vec![of(clearing(), (4, 0), (4, 0)), owed()]);
        assert!(lost.len() == 1 && lost[0].contains("借贷不平"), "{lost:?}");
        let receivable = Account::Receivable { agency: "330101".to_owned() };
        let open = found(vec![of(clearing(), (3, 0), (3, 0)), of(receivable, (2, 5), (2, 5))]);
        assert!(open.len() == 1 && open[0].starts_with("receivable:330101"), "{open:?}");
    }

    #[test]
    fn it_is_made_once_a_night_from_one_oclock_on() {
        let clock = Arc::new(FakeClock::at(
            from_beijing(jiff::civil::date(2026, 3, 2).at(0, 59, 59, 0)).unwrap(),
        ));
        let check = CheckLedger { ledger: Arc::new(Book::default()), clock: clock.clone() };
        assert_eq!(wait(check.run_due()).unwrap(), None, "nobody looks before");
        clock.advance(jiff::SignedDuration::from_secs(1));
        assert!(wait(check.run_due()).unwrap().is_some());
        assert_eq!(wait(check.run_due()).unwrap(), None, "once");
        clock.advance(jiff::SignedDuration::from_hours(24));
        assert!(wait(check.run_due()).unwrap().is_some(), "and the next night again");
    }
}
