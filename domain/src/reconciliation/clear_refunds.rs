//! The refunds of a day, as the clearing files name them.

use super::clear::{Asked, ClearError, ClearOneDay, corrupt, not_the_gateways};
use super::{ClearingDifference, ClearingItem, ClearingOrder, ClearingRefund};
use crate::money::{Fen, FenOverflow};
use crate::payment::{
    JournalKind, NoticeSnapshot, Payment, Rail, Refund, RefundState, RefundedNotice, fiscal_slices,
};
use jiff::civil::Date;

impl ClearOneDay {
    /// Every refund of a notice whose money left on the day, and what keeps others out of the
    /// file. Money that never counted is in no file of payments, and its way back in none either.
    pub(super) async fn refunds_of(
        &self,
        day: Date,
    ) -> Result<(Vec<ClearingRefund>, Vec<ClearingDifference>), ClearError> {
        let (mut lines, mut differences) = (Vec::new(), Vec::new());
        for rail in Rail::ALL {
            for journal in self.ledger.journals_of(rail, day).await? {
                if journal.kind != JournalKind::RefundDone {
                    continue;
                }
                let lost = || corrupt("refund_no", &journal.payment_no);
                let no = journal.refund_no.as_ref().ok_or_else(lost)?;
                let refund = self.refunds.find(no).await?.ok_or_else(lost)?;
                let Some(taken_from) = &refund.notice else { continue };
                match self.refund_line(&refund, taken_from).await? {
                    Some(line) => lines.push(line),
                    None => differences.push(not_the_gateways(
                        (no.to_string(), taken_from.no.to_string()),
                        refund.amount.fen(),
                    )),
                }
            }
        }
        Ok((lines, differences))
    }

    async fn refund_line(
        &self,
        refund: &Refund,
        taken_from: &RefundedNotice,
    ) -> Result<Option<ClearingRefund>, ClearError> {
        let lost = || corrupt("payment_no", &refund.payment_no);
        let payment = self.payments.find(&refund.payment_no).await?.ok_or_else(lost)?;
        let money = payment.state.money().ok_or_else(lost)?;
        let snapshot = payment.notices.iter().find(|notice| notice.no == taken_from.no);
        let snapshot = snapshot.ok_or_else(lost)?;
        let RefundState::Done { txn, at } = &refund.state else { return Err(lost().into()) };
        let Some(Asked { notice, items, receipt }) = self.asked(&payment, snapshot).await? else {
            return Ok(None);
        };
        let late_fee = late_fee_of(&payment, snapshot, (&items, taken_from))?;
        // A rail without a number of its own for refunds knows them by ours.
        let txn = txn.as_ref().map_or(refund.no.as_str(), |txn| txn.as_str()).to_owned();
        Ok(Some(ClearingRefund {
            refund_no: refund.no.clone(),
            order: ClearingOrder {
                rail: refund.rail,
                txn,
                at: *at,
                region: notice.region,
                agency_code: taken_from.agency_code.clone(),
                notice_no: taken_from.no.clone(),
                payer: notice.payer,
                principal: refund.amount.fen().minus(late_fee)?,
                late_fee,
                receipt,
                ordered_at: refund.created_at,
                business_code: notice.business_code,
            },
            done: true,
            items: u8::try_from(items.len()).unwrap_or(u8::MAX),
            payment_no: payment.no.clone(),
            payment_txn: money.txn.as_str().to_owned(),
            paid_at: money.at,
        }))
    }
}

/// How much of the refund was late fee: its slices name their places among those of the payment.
fn late_fee_of(
    payment: &Payment,
    snapshot: &NoticeSnapshot,
    (items, taken_from): (&[ClearingItem], &RefundedNotice),
) -> Result<Fen, ClearError> {
    let before = payment.notices.iter().take_while(|notice| notice.no != snapshot.no);
    let first: usize = before.map(|notice| fiscal_slices(std::slice::from_ref(notice)).len()).sum();
    // Booked after each line of the notice, where there was one.
    let kinds = items.iter().flat_map(|item| {
        let fee = (item.late_fee > Fen::ZERO).then_some(true);
        std::iter::once(false).chain(fee)
    });
    let is_fee: Vec<bool> = snapshot
        .items
        .iter()
        .zip(kinds)
        .flat_map(|(item, fee)| {
            std::iter::repeat_n(fee, item.accounts(&snapshot.agency, item.amount).len())
        })
        .collect();
    let mut sum = Fen::ZERO;
    for slice in &taken_from.slices {
        let place = usize::from(slice.place).checked_sub(first);
        let fee = place.and_then(|place| is_fee.get(place));
        let lost = || corrupt("slices", &payment.no);
        if *fee.ok_or_else(lost)? {
            sum = sum.plus(slice.amount)?;
        }
    }
    Ok(sum)
}

/// The sum of the refunds.
///
/// # Errors
/// [`FenOverflow`] beyond 64 bits.
pub(super) fn sum_of(refunds: &[ClearingRefund]) -> Result<Fen, FenOverflow> {
    refunds.iter().try_fold(Fen::ZERO, |sum, refund| sum.plus(refund.order.total()?))
}

#[cfg(test)]
mod tests {
    use super::super::clear_items::items_of;
    use super::*;
    use crate::fakes::samples;
    use crate::notice::{LateFee, Notice, NoticeItem};
    use crate::payment::{Account, DeskStep, ReceiptStep, RefundSlice};

    /// Three lines of 1.00 yuan, two with late fees, which are booked on an item of their own.
    fn late() -> Notice {
        let whole = samples::notice("330000001FS2", 100);
        let item = |fen| {
            let (code, name) = ("00050002".to_owned(), "加处罚款".to_owned());
            let fee = Fen::new(fen);
            let late_fee = LateFee::Fixed { fee, booked_on_code: code, booked_on_name: name };
            NoticeItem { late_fee, ..whole.items[0].clone() }
        };
        Notice { items: vec![item(1), item(0), item(70)], ..whole.clone() }
    }

    #[test]
    fn what_goes_back_of_late_fees_is_told_apart_from_what_was_owed() {
        let notice = late();
        let mut payment = samples::payment("YW000001", "330000001FS1", 20_003);
        let snapshot = NoticeSnapshot::of(&notice, samples::at(0), &samples::items()).unwrap();
        payment.notices.push(snapshot.clone());
        let items = items_of(&notice, &snapshot.items).unwrap();
        let back = |slices: Vec<RefundSlice>| {
            let taken_from = RefundedNotice {
                no: notice.no.clone(),
                agency_code: "330101".to_owned(),
                slices,
                desk: DeskStep::Due,
                receipt: ReceiptStep::Standing,
                reversed_by: None,
            };
            late_fee_of(&payment, &snapshot, (&items, &taken_from))
        };
        let mut all = Vec::new();
        for (place, slice) in (0..).zip(fiscal_slices(&payment.notices)) {
            let of_late =
                matches!(&slice.account, Account::Share { item, .. } if item == "00050002");
            let own = slice.notice_no == notice.no;
            let slice = RefundSlice { place, account: slice.account, amount: slice.amount };
            if own {
                let fee = if of_late { slice.amount } else { Fen::ZERO };
                assert_eq!(back(vec![slice.clone()]).unwrap(), fee, "{slice:?}");
                all.push(slice);
            } else {
                assert!(back(vec![slice]).is_err(), "it is another notice's");
            }
        }
        assert!(all.len() > 8, "{all:?}");
        let beyond = RefundSlice { place: 99, ..all[0].clone() };
        assert!(back(vec![beyond]).is_err());
        assert_eq!(back(all).unwrap(), Fen::new(71));
    }
}
