//! What of a payment can still go back, and of which items: pure.

use super::{DeskStep, FinanceLevel, ReceiptStep, Refund, RefundSlice, RefundState};
use crate::ids::RefundNo;
use crate::money::Fen;
use crate::notice::NoticeNo;
use crate::payment::{
    FiscalSlice, NoticeSnapshot, Payment, PaymentState, RefundOrigin, fiscal_slices,
};

/// A payment with all its refunds.
#[derive(Debug, Clone, Copy)]
pub struct Balance<'a> {
    /// The payment.
    pub payment: &'a Payment,
    /// Every refund of it.
    pub refunds: &'a [Refund],
}

fn sum(amounts: impl Iterator<Item = Fen>) -> Fen {
    amounts.fold(Fen::ZERO, |sum, amount| Fen::new(sum.value().saturating_add(amount.value())))
}

impl Balance<'_> {
    /// What the rail took.
    pub fn captured(&self) -> Fen {
        self.payment.state.money().map_or(Fen::ZERO, |money| money.amount.fen())
    }

    /// What is asked for, approved, under way or back.
    pub fn reserved(&self) -> Fen {
        let living = self.refunds.iter().filter(|refund| refund.state.reserves());
        sum(living.map(|refund| refund.amount.fen()))
    }

    /// What is back.
    pub fn returned(&self) -> Fen {
        let done = self.refunds.iter().filter(|r| matches!(r.state, RefundState::Done { .. }));
        sum(done.map(|refund| refund.amount.fen()))
    }

    /// What may still be asked back: of honoured money, what no other refund takes. Money that
    /// never counted goes back by itself.
    pub fn refundable(&self) -> Fen {
        match &self.payment.state {
            PaymentState::Paid(_)
            | PaymentState::Refunding(_, RefundOrigin::Paid)
            | PaymentState::PartiallyRefunded(_, RefundOrigin::Paid) => {
                let left = self.captured().value().saturating_sub(self.reserved().value());
                Fen::new(left.max(0))
            }
            PaymentState::Submitted
            | PaymentState::Unknown
            | PaymentState::UnderReview(_)
            | PaymentState::Closed
            | PaymentState::RefundDue(_)
            | PaymentState::Refunding(_, RefundOrigin::RefundDue)
            | PaymentState::PartiallyRefunded(_, RefundOrigin::RefundDue)
            | PaymentState::Refunded(..) => Fen::ZERO,
        }
    }

    /// What of each credit of this notice no refund takes yet; credits with nothing left are
    /// left out.
    fn left_of(&self, notice: &NoticeNo) -> Vec<(u16, FiscalSlice)> {
        let taken = |place: u16| {
            let living = self.refunds.iter().filter(|refund| refund.state.reserves());
            let slices = living.filter_map(|refund| refund.notice.as_ref()).flat_map(|n| &n.slices);
            sum(slices.filter(|slice| slice.place == place).map(|slice| slice.amount))
        };
        let all = (0_u16..).zip(fiscal_slices(&self.payment.notices));
        let of_notice = all.filter(|(_, slice)| &slice.notice_no == notice);
        let left = of_notice.map(|(place, slice)| {
            let amount = Fen::new(slice.amount.value().saturating_sub(taken(place).value()));
            (place, FiscalSlice { amount, ..slice })
        });
        left.filter(|(_, slice)| slice.amount > Fen::ZERO).collect()
    }

    /// What of this notice may still be asked back.
    pub fn refundable_of(&self, notice: &NoticeNo) -> Fen {
        if self.refundable() == Fen::ZERO {
            return Fen::ZERO;
        }
        sum(self.left_of(notice).iter().map(|(_, slice)| slice.amount))
    }

    /// Takes `amount` from the notice's credits in proportion to what is left of each, and says
    /// which finance levels that concerns; `None` when not so much is left.
    pub fn take(
        &self,
        notice: &NoticeNo,
        amount: Fen,
    ) -> Option<(Vec<RefundSlice>, Vec<FinanceLevel>)> {
        let left = self.left_of(notice);
        let parts = in_proportion(amount, &left.iter().map(|(_, s)| s.amount).collect::<Vec<_>>())?;
        let mut levels = vec![FinanceLevel::Local];
        let mut slices = Vec::with_capacity(left.len());
        for ((place, slice), part) in left.into_iter().zip(parts).filter(|(_, p)| *p > Fen::ZERO) {
            levels.push(slice.level);
            slices.push(RefundSlice { place, account: slice.account, amount: part });
        }
        levels.sort_unstable();
        levels.dedup();
        Some((slices, levels))
    }

    /// The refunds of this notice, dead ones too.
    pub fn of_notice(&self, no: &NoticeNo) -> impl Iterator<Item = &Refund> {
        let no = no.clone();
        self.refunds.iter().filter(move |r| r.notice.as_ref().is_some_and(|n| n.no == no))
    }

    /// Has the agency rejected its write-off, for ever? Then it goes back without the gateway.
    pub fn is_rejected(&self, notice: &NoticeNo) -> bool {
        let desks = self.of_notice(notice).filter_map(|refund| refund.notice.as_ref());
        desks.into_iter().any(|notice| notice.desk == DeskStep::Unconcerned)
    }

    /// What of this notice is not back: what a receipt of the rest is about. `None` while money
    /// of another refund is on its way under the same reversed receipt. One whose receipt still
    /// stands waits for this receipt, to reverse it.
    pub fn rest_of(&self, notice: &NoticeSnapshot) -> Option<Fen> {
        let is_done = |refund: &&Refund| matches!(refund.state, RefundState::Done { .. });
        let under_way = |refund: &Refund| {
            let step = refund.notice.as_ref().map(|notice| notice.receipt);
            let ended =
                matches!(refund.state, RefundState::Done { .. }) || !refund.state.reserves();
            step == Some(ReceiptStep::Reversed) && !ended
        };
        if self.of_notice(&notice.no).any(under_way) {
            return None;
        }
        let back = sum(self.of_notice(&notice.no).filter(is_done).map(|r| r.amount.fen()));
        Some(Fen::new(notice.total().value().saturating_sub(back.value())))
    }

    /// Under which number the notice's receipt was reversed for a refund that failed since, so
    /// that no receipt stands, and no other refund has gone on from there.
    pub fn left_reversed(&self, notice: &NoticeNo) -> Option<&RefundNo> {
        let is_reversed = |refund: &&Refund| {
            let step = refund.notice.as_ref().map(|notice| notice.receipt);
            step.is_some_and(|step| step != ReceiptStep::Standing)
        };
        let reversed: Vec<_> = self.of_notice(notice).filter(is_reversed).collect();
        let failed = |refund: &Refund| matches!(refund.state, RefundState::Failed { .. });
        let gone_on = |no: &RefundNo| reversed.iter().any(|r| !failed(r) && r.reversal_no() == no);
        let left = reversed.iter().filter(|refund| {
            let step = refund.notice.as_ref().map(|notice| notice.receipt);
            failed(refund) && step == Some(ReceiptStep::Reversed)
        });
        left.map(|refund| refund.reversal_no()).find(|no| !gone_on(no))
    }
}

/// Splits `amount` over `left` by largest remainder. Exact, and no part is more than what is
/// left of it; `None` when all of them are less than `amount`.
fn in_proportion(amount: Fen, left: &[Fen]) -> Option<Vec<Fen>> {
    let total: i128 = left.iter().map(|fen| i128::from(fen.value())).sum();
    let wanted = i128::from(amount.value());
    if wanted <= 0 || wanted > total {
        return None;
    }
    let shares = left.iter().map(|fen| wanted * i128::from(fen.value()));
    let mut parts: Vec<(i128, i128)> = shares.map(|s| (s / total, s % total)).collect();
    let given: i128 = parts.iter().map(|(part, _)| part).sum();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| parts[*b].1.cmp(&parts[*a].1).then(a.cmp(b)));
    // Fewer than there are parts with a remainder, and a part with one is less than what is left.
    for index in order.into_iter().take(usize::try_from(wanted - given).ok()?) {
        parts[index].0 += 1;
    }
    parts.into_iter().map(|(part, _)| i64::try_from(part).ok().map(Fen::new)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_never_exceed_what_is_left() {
        for left in [vec![1, 1, 1], vec![7, 0, 3], vec![20_000, 600, 13], vec![1], vec![5, 5]] {
            let total: i64 = left.iter().sum();
            let left: Vec<_> = left.into_iter().map(Fen::new).collect();
            for amount in 1..=total.min(700) {
                let parts = in_proportion(Fen::new(amount), &left).unwrap();
                assert_eq!(sum(parts.iter().copied()), Fen::new(amount));
                assert!(parts.iter().zip(&left).all(|(p, l)| p <= l && *p >= Fen::ZERO));
            }
            assert_eq!(in_proportion(Fen::new(total), &left), Some(left.clone()), "all is all");
            assert_eq!(in_proportion(Fen::new(total + 1), &left), None);
            assert_eq!(in_proportion(Fen::ZERO, &left), None);
            assert_eq!(in_proportion(Fen::new(-1), &left), None);
        }
    }
}
