//! The lines of a notice as the clearing files have them, each with the late fee that was paid.

use super::ClearingItem;
use crate::money::Fen;
use crate::notice::{Notice, NoticeItem};
use crate::payment::SnapshotItem;
use std::collections::BTreeMap;

/// The lines of the notice with the late fees that were paid; `None` where the snapshot is not of
/// this notice.
pub(super) fn items_of(notice: &Notice, booked: &[SnapshotItem]) -> Option<Vec<ClearingItem>> {
    let fees = fees_of(&notice.items, booked)?;
    let with_fee = |(item, late_fee): (&NoticeItem, Fen)| ClearingItem {
        code: item.code.clone(),
        name: item.name.clone(),
        unit: item.unit.clone(),
        price: item.price,
        quantity: item.quantity.clone(),
        amount: item.amount,
        late_fee,
    };
    Some(notice.items.iter().zip(fees).map(with_fee).collect())
}

/// The late fee of each line. Our snapshot has each line, and its late fee right after it where
/// there was one; which is which only the whole shows, for the next line may have the fee's code.
fn fees_of(items: &[NoticeItem], booked: &[SnapshotItem]) -> Option<Vec<Fen>> {
    // The fees so far, by how much of the snapshot they and their lines use up.
    let mut ways = BTreeMap::from([(0, Vec::new())]);
    for item in items {
        let code = item.late_fee.booked_on().map(|(code, _)| code);
        let mut longer = BTreeMap::new();
        for (used, fees) in ways {
            let line = booked.get(used).filter(|line| line.code == item.code);
            if line.is_none_or(|line| line.amount != item.amount) {
                continue;
            }
            let fee = booked.get(used + 1).filter(|fee| code == Some(fee.code.as_str()));
            let with_fee = fee.map(|fee| (used + 2, fee.amount));
            for (used, fee) in with_fee.into_iter().chain([(used + 1, Fen::ZERO)]) {
                longer.entry(used).or_insert_with(|| [fees.as_slice(), &[fee]].concat());
            }
        }
        ways = longer;
    }
    ways.remove(&booked.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::samples::{at, items, notice};
    use crate::notice::LateFee;
    use crate::payment::NoticeSnapshot;

    const FINE: &str = "330000001FS1";

    fn two_items(first: LateFee, second: LateFee) -> Notice {
        let whole = notice(FINE, 100);
        let item = |late_fee| NoticeItem { late_fee, ..whole.items[0].clone() };
        Notice { items: vec![item(first), item(second)], ..whole.clone() }
    }

    fn fixed(fen: i64) -> LateFee {
        let fee = Fen::new(fen);
        let (code, name) = ("00050002".to_owned(), "加处罚款".to_owned());
        LateFee::Fixed { fee, booked_on_code: code, booked_on_name: name }
    }

    #[test]
    fn late_fees_are_found_with_their_lines() {
        for (first, second, expected) in [
            (LateFee::None, fixed(7), [0, 7]),
            (fixed(7), LateFee::None, [7, 0]),
            (fixed(7), fixed(9), [7, 9]),
            (LateFee::None, LateFee::None, [0, 0]),
        ] {
            let notice = two_items(first, second);
            let snapshot = NoticeSnapshot::of(&notice, at(0), &items()).unwrap();
            let found = items_of(&notice, &snapshot.items).unwrap();
            let fees: Vec<_> = found.iter().map(|item| item.late_fee.value()).collect();
            assert_eq!(fees, expected);
            // The agency counts on, and what was paid stays what was paid.
            let later = two_items(fixed(70), fixed(90));
            if expected == [7, 9] {
                assert_eq!(items_of(&later, &snapshot.items), Some(found));
            }
        }
    }

    #[test]
    fn the_next_line_is_no_late_fee_though_it_has_its_code() {
        let whole = notice(FINE, 100);
        let late_item = |late_fee| NoticeItem { late_fee, ..whole.items[0].clone() };
        let fine = |amount, late_fee| NoticeItem {
            code: "00050002".to_owned(),
            amount: Fen::new(amount),
            late_fee,
            ..whole.items[0].clone()
        };
        for (first, second, expected) in [
            (fixed(0), fine(100, LateFee::None), [0, 0]),
            (fixed(0), fine(100, fixed(7)), [0, 7]),
            (fixed(0), fine(7, fixed(100)), [0, 100]),
            (fixed(7), fine(7, LateFee::None), [7, 0]),
            (fixed(7), fine(7, fixed(7)), [7, 7]),
        ] {
            let notice = Notice { items: vec![late_item(first), second], ..whole.clone() };
            let snapshot = NoticeSnapshot::of(&notice, at(0), &items()).unwrap();
            let found = items_of(&notice, &snapshot.items).unwrap();
            assert_eq!(
                found.iter().map(|item| item.late_fee.value()).collect::<Vec<_>>(),
                expected
            );
        }
    }

    #[test]
    fn a_snapshot_of_another_notice_is_not_split() {
        let notice = two_items(LateFee::None, LateFee::None);
        let snapshot = NoticeSnapshot::of(&notice, at(0), &items()).unwrap();
        assert_eq!(items_of(&notice, &snapshot.items[..1]), None);
        let mut more = snapshot.items.clone();
        more.push(snapshot.items[0].clone());
        assert_eq!(items_of(&notice, &more), None);
        let mut other = notice.clone();
        other.items[1].amount = Fen::new(99);
        assert_eq!(items_of(&other, &snapshot.items), None);
        let mut other = notice.clone();
        other.items[1].code = "00050002".to_owned();
        assert_eq!(items_of(&other, &snapshot.items), None);
    }
}
