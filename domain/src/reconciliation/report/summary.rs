//! The summary of some days: by rail, agency and region, item, and where the money goes. Pure.

use super::{AgencySum, BookedSum, Span};
use crate::money::Fen;
use crate::payment::{Account, JournalKind, Side};
use std::collections::BTreeMap;

/// By what a row sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// 渠道.
    Rail,
    /// 地区.
    Region,
    /// 执收单位.
    Agency,
    /// 执收项目.
    Item,
    /// 资金去向: treasury or account, and the level whose share it is.
    Destination,
}

impl By {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 5] =
        [Self::Rail, Self::Region, Self::Agency, Self::Item, Self::Destination];

    /// The word of interfaces, and what staff call it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Rail => ("RAIL", "按支付渠道"),
            Self::Region => ("REGION", "按地区"),
            Self::Agency => ("AGENCY", "按执收单位"),
            Self::Item => ("ITEM", "按执收项目"),
            Self::Destination => ("DESTINATION", "按资金去向与分成"),
        }
    }
}

/// One sum. What it is not by is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRow {
    /// By what.
    pub by: By,
    /// What it is of: a rail, a region, an agency, an item, a destination.
    pub key: String,
    /// What belongs to the key: an agency's name, an item's agency, a share's level.
    pub detail: String,
    /// Payments or notices; of items and shares the bookings.
    pub paid_count: u64,
    /// What came.
    pub paid: Fen,
    /// Refunds.
    pub returned_count: u64,
    /// What went back; of items and shares what was taken back for it.
    pub returned: Fen,
    /// What the rail kept, less what it gave back; zero but by rail.
    pub fees: Fen,
}

impl SummaryRow {
    /// What is left: paid, less returned, less fees.
    pub fn net(&self) -> Fen {
        Fen::new(narrow(wide(self.paid) - wide(self.returned) - wide(self.fees)))
    }

    fn of(by: By, key: String, detail: String) -> Self {
        let (paid_count, returned_count) = (0, 0);
        let [paid, returned, fees] = [Fen::ZERO; 3];
        Self { by, key, detail, paid_count, paid, returned_count, returned, fees }
    }
}

/// The books of some days, summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Which days.
    pub span: Span,
    /// By what, then by key.
    pub rows: Vec<SummaryRow>,
    /// Money that came and is held, because its amount is another one than was asked.
    pub held: Fen,
    /// Money that came and is owed back as a whole.
    pub owed_back: Fen,
    /// Money that came, whatever it was booked as: what the rails took.
    pub taken: Fen,
    /// Shares of items, held and owed: what the books say of it.
    pub booked: Fen,
}

impl Summary {
    /// Whether every fen that the rails took stands in the books as a share, as held or as owed back.
    pub fn adds_up(&self) -> bool {
        self.taken == self.booked
    }

    /// The rows by one thing.
    pub fn by(&self, by: By) -> impl Iterator<Item = &SummaryRow> {
        self.rows.iter().filter(move |row| row.by == by)
    }

    /// Sums up.
    pub fn of(span: Span, booked: &[BookedSum], agencies: Vec<AgencySum>) -> Self {
        let mut rows = Rows::default();
        let (mut held, mut owed, mut taken, mut shares) = (0_i128, 0_i128, 0_i128, 0_i128);
        for sum in booked {
            let fen = wide(sum.sum);
            rows.rail(sum);
            match (&sum.account, sum.kind, sum.side) {
                (Account::RailClearing(_), kind, Side::Debit) if kind.is_money_taken() => {
                    taken += fen
                }
                (Account::Suspense(_), JournalKind::HeldForReview, Side::Credit) => held += fen,
                (Account::RefundDue(_), JournalKind::OwedBack, Side::Credit) => owed += fen,
                (Account::Share { .. } | Account::Fiscal { .. }, kind, side) => {
                    rows.share(sum);
                    if kind == JournalKind::Paid && side == Side::Credit {
                        shares += fen;
                    }
                }
                (
                    Account::RailClearing(_)
                    | Account::Suspense(_)
                    | Account::RefundDue(_)
                    | Account::Refunding(_)
                    | Account::Fees(_)
                    | Account::Receivable { .. },
                    ..,
                ) => {}
            }
        }
        for sum in agencies {
            rows.agency(&sum);
        }
        let [held, owed_back, taken, booked] =
            [held, owed, taken, shares + held + owed].map(|fen| Fen::new(narrow(fen)));
        Self { span, rows: rows.done(), held, owed_back, taken, booked }
    }
}

/// Sums that are wider than a fen's 64 bits, until they are done.
#[derive(Default)]
struct Rows(BTreeMap<(By, String, String), [i128; 5]>);

const PAID_COUNT: usize = 0;
const PAID: usize = 1;
const RETURNED_COUNT: usize = 2;
const RETURNED: usize = 3;
const FEES: usize = 4;

impl Rows {
    fn at(&mut self, by: By, key: &str, detail: &str) -> &mut [i128; 5] {
        self.0.entry((by, key.to_owned(), detail.to_owned())).or_default()
    }

    fn rail(&mut self, sum: &BookedSum) {
        let (count, fen) = (i128::from(sum.count), wide(sum.sum));
        let (paid, returned, fees) = match (&sum.account, sum.kind, sum.side) {
            (Account::RailClearing(_), kind, Side::Debit) if kind.is_money_taken() => {
                (true, false, 0)
            }
            (Account::RailClearing(_), JournalKind::RefundDone, Side::Credit) => (false, true, 0),
            (Account::Fees(_), JournalKind::Fee, Side::Debit) => (false, false, fen),
            (Account::Fees(_), JournalKind::FeeBack, Side::Credit) => (false, false, -fen),
            _ => return,
        };
        let of = self.at(By::Rail, sum.rail.code(), sum.rail.name_zh());
        if paid {
            of[PAID_COUNT] += count;
            of[PAID] += fen;
        }
        if returned {
            of[RETURNED_COUNT] += count;
            of[RETURNED] += fen;
        }
        of[FEES] += fees;
    }

    /// A share is given by a payment, taken back when a refund is sent, and given again when that came to nothing.
    fn share(&mut self, sum: &BookedSum) {
        let (agency, item, destination, level) = match &sum.account {
            Account::Share { destination, level, agency, item } => {
                (agency, item, destination.word(), level.code())
            }
            Account::Fiscal { agency, item } => (agency, item, "", ""),
            Account::Receivable { .. }
            | Account::RailClearing(_)
            | Account::Fees(_)
            | Account::Suspense(_)
            | Account::RefundDue(_)
            | Account::Refunding(_) => return,
        };
        let (count, fen) = (i128::from(sum.count), wide(sum.sum));
        let (place, sign) = match (sum.kind, sum.side) {
            (JournalKind::Paid, Side::Credit) => (PAID, 1),
            (JournalKind::RefundSent, Side::Debit) => (RETURNED, 1),
            (JournalKind::RefundFailed, Side::Credit) => (RETURNED, -1),
            _ => return,
        };
        let mut add = |by, key: &str, detail: &str| {
            let of = self.at(by, key, detail);
            of[place - 1] += sign * count;
            of[place] += sign * fen;
        };
        add(By::Item, item, agency);
        add(By::Destination, destination, level);
    }

    fn agency(&mut self, sum: &AgencySum) {
        let mut add = |by, key: &str, detail: &str| {
            let of = self.at(by, key, detail);
            of[PAID_COUNT] += i128::from(sum.paid_count);
            of[PAID] += wide(sum.paid);
            of[RETURNED_COUNT] += i128::from(sum.returned_count);
            of[RETURNED] += wide(sum.returned);
        };
        add(By::Region, &sum.region, "");
        add(By::Agency, &sum.agency, &sum.name);
    }

    fn done(self) -> Vec<SummaryRow> {
        let row = |((by, key, detail), sums): ((By, String, String), [i128; 5])| SummaryRow {
            paid_count: u64::try_from(sums[PAID_COUNT]).unwrap_or_default(),
            paid: Fen::new(narrow(sums[PAID])),
            returned_count: u64::try_from(sums[RETURNED_COUNT]).unwrap_or_default(),
            returned: Fen::new(narrow(sums[RETURNED])),
            fees: Fen::new(narrow(sums[FEES])),
            ..SummaryRow::of(by, key, detail)
        };
        self.0.into_iter().map(row).collect()
    }
}

fn wide(fen: Fen) -> i128 {
    i128::from(fen.value())
}

/// No sum of money of a province leaves 64 bits; one that did would be the largest, not a small one.
fn narrow(fen: i128) -> i64 {
    i64::try_from(fen).unwrap_or(if fen < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Destination;
    use crate::payment::{FinanceLevel, Rail};
    use jiff::civil::date;

    fn sum(kind: JournalKind, account: Account, side: Side, count: u64, fen: i64) -> BookedSum {
        BookedSum { rail: Rail::WeChatPay, kind, account, side, count, sum: Fen::new(fen) }
    }

    fn share(level: FinanceLevel) -> Account {
        let (agency, item) = ("330101".to_owned(), "103042801".to_owned());
        Account::Share { destination: Destination::Treasury, level, agency, item }
    }

    #[test]
    fn every_fen_is_summed_up_once_and_the_report_says_whether_it_adds_up() {
        use JournalKind as K;
        let clearing = || Account::RailClearing(Rail::WeChatPay);
        let fees = || Account::Fees(Rail::WeChatPay);
        let booked = [
            sum(K::Paid, clearing(), Side::Debit, 2, 30_000),
            sum(K::Paid, share(FinanceLevel::Local), Side::Credit, 2, 18_000),
            sum(K::Paid, share(FinanceLevel::Province), Side::Credit, 2, 12_000),
            sum(K::HeldForReview, clearing(), Side::Debit, 1, 500),
            sum(K::HeldForReview, Account::Suspense(Rail::WeChatPay), Side::Credit, 1, 500),
            sum(K::OwedBack, clearing(), Side::Debit, 1, 700),
            sum(K::OwedBack, Account::RefundDue(Rail::WeChatPay), Side::Credit, 1, 700),
            sum(K::RefundSent, share(FinanceLevel::Local), Side::Debit, 2, 6_000),
            sum(K::RefundFailed, share(FinanceLevel::Local), Side::Credit, 1, 1_000),
            sum(K::RefundDone, Account::Refunding(Rail::WeChatPay), Side::Debit, 1, 5_700),
            sum(K::RefundDone, clearing(), Side::Credit, 1, 5_700),
            sum(K::Fee, fees(), Side::Debit, 4, 187),
            sum(K::Fee, clearing(), Side::Credit, 4, 187),
            sum(K::FeeBack, fees(), Side::Credit, 1, 34),
            sum(K::FeeBack, clearing(), Side::Debit, 1, 34),
        ];
        let agencies = vec![AgencySum {
            rail: Rail::WeChatPay,
            region: "330100".to_owned(),
            agency: "330101".to_owned(),
            name: "杭州市公安局".to_owned(),
            paid_count: 2,
            paid: Fen::new(30_000),
            returned_count: 1,
            returned: Fen::new(5_000),
        }];
        let span = Span::day(date(2026, 9, 30));
        let summary = Summary::of(span, &booked, agencies);
        assert!(summary.adds_up(), "{summary:?}");
        assert_eq!((summary.taken, summary.held), (Fen::new(31_200), Fen::new(500)));
        let row = |by: By, key: &str, detail: &str| {
            let found =
                summary.by(by).find(|row| (row.key.as_str(), row.detail.as_str()) == (key, detail));
            let row = found.unwrap();
            let fen = [row.paid, row.returned, row.fees, row.net()].map(Fen::value);
            (row.paid_count, row.returned_count, fen)
        };
        assert_eq!(
            row(By::Rail, "WECHAT_PAY", Rail::WeChatPay.name_zh()),
            (4, 1, [31_200, 5_700, 153, 25_347])
        );
        assert_eq!(row(By::Region, "330100", ""), (2, 1, [30_000, 5_000, 0, 25_000]));
        assert_eq!(row(By::Agency, "330101", "杭州市公安局"), (2, 1, [30_000, 5_000, 0, 25_000]));
        assert_eq!(row(By::Item, "103042801", "330101"), (4, 1, [30_000, 5_000, 0, 25_000]));
        assert_eq!(row(By::Destination, "treasury", "LOCAL"), (2, 1, [18_000, 5_000, 0, 13_000]));
        assert_eq!(row(By::Destination, "treasury", "PROVINCE"), (2, 0, [12_000, 0, 0, 12_000]));
        assert_eq!(summary.rows.len(), 6);
        // A share that is not there: the report says so.
        let summary = Summary::of(span, &booked[..2], Vec::new());
        assert!(!summary.adds_up());
        assert!(Summary::of(span, &[], Vec::new()).adds_up(), "nothing is nothing");
    }
}
