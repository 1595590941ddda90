//! What of a payment can still go back, of whose share, and under which receipt.

use super::*;
use crate::fakes::samples::{self, at};
use crate::ids::{PaymentNo, PersonId};
use crate::money::PayableFen;
use crate::payment::{NoticeAfter, Rail, RefundCause, RefundReasonCode, RefundedNotice};

const FIRST: &str = "330000001FS1";
const SECOND: &str = "330000001FS2";
const TAKEN: i64 = 20_104;

/// Of two notices, of 200.03 and 1.01: credits 0 to 2 are central's 20.00, the province's 66.00
/// and the city's 114.03 of the first, 3 to 5 are 0.10, 0.33 and 0.58 of the second.
fn payment(state: PaymentState) -> Payment {
    let mut payment = samples::payment("YW000001", FIRST, 20_003);
    payment.notices.append(&mut samples::payment("YW000001", SECOND, 101).notices);
    Payment { amount: PayableFen::new(TAKEN).unwrap(), state, ..payment }
}

fn paid() -> Payment {
    payment(PaymentState::Paid(samples::money("T1", TAKEN)))
}

fn no(number: u8) -> RefundNo {
    RefundNo::new(&format!("YT20260302101531{number:02}")).unwrap()
}

/// Takes these fen from these credits.
fn refund(number: u8, notice: &str, state: RefundState, taken: &[(u16, i64)]) -> Refund {
    let slices = taken.iter().map(|(place, fen)| RefundSlice {
        place: *place,
        account: crate::payment::Account::RefundDue(Rail::WeChatPay),
        amount: Fen::new(*fen),
    });
    let amount = taken.iter().map(|(_, fen)| fen).sum();
    Refund {
        no: no(number),
        payment_no: PaymentNo::new("YW000001").unwrap(),
        person: PersonId::new("P1").unwrap(),
        rail: Rail::WeChatPay,
        cause: RefundCause::Requested,
        amount: PayableFen::new(amount).unwrap(),
        notice: Some(RefundedNotice {
            no: samples::notice_no(notice),
            agency_code: "330101".to_owned(),
            slices: slices.collect(),
            desk: DeskStep::Approved(NoticeAfter::Cancelled),
            receipt: ReceiptStep::Standing,
            reversed_by: None,
        }),
        reason_code: RefundReasonCode::Overcharged,
        reason: "多缴".to_owned(),
        key: None,
        levels: vec![FinanceLevel::Local],
        decisions: Vec::new(),
        redirect: None,
        created_at: at(0),
        sent_at: None,
        state,
        next_try_at: None,
        attempts: 0,
        version: 0,
    }
}

fn receipt(refund: Refund, receipt: ReceiptStep, reversed_by: Option<u8>) -> Refund {
    let reversed_by = reversed_by.map(no);
    let notice = refund.notice.map(|notice| RefundedNotice { receipt, reversed_by, ..notice });
    Refund { notice, ..refund }
}

fn done() -> RefundState {
    RefundState::Done { txn: None, at: at(60) }
}

fn failed() -> RefundState {
    RefundState::Failed { code: "X".to_owned() }
}

#[test]
fn every_refund_takes_from_what_is_left_unless_it_was_refused_or_failed() {
    use RefundState as S;
    let payment = paid();
    for (state, reserved, returned) in [
        (S::Requested, 70, 0),
        (S::AgencyChecked, 70, 0),
        (S::Approved, 70, 0),
        (S::Rejected, 0, 0),
        (S::Submitted, 70, 0),
        (S::Unknown, 70, 0),
        (S::NeedsAccount, 70, 0),
        (done(), 70, 70),
        (failed(), 0, 0),
    ] {
        let refunds = [refund(1, FIRST, state.clone(), &[(0, 30), (2, 40)])];
        let all = Balance { payment: &payment, refunds: &refunds };
        assert_eq!(all.captured(), Fen::new(20_104));
        assert_eq!(all.reserved(), Fen::new(reserved), "{state:?}");
        assert_eq!(all.returned(), Fen::new(returned), "{state:?}");
        assert_eq!(all.refundable(), Fen::new(20_104 - reserved), "{state:?}");
        let of = |notice| all.refundable_of(&samples::notice_no(notice)).value();
        assert_eq!((of(FIRST), of(SECOND)), (20_003 - reserved, 101), "{state:?}");
    }
}

#[test]
fn only_money_that_counts_can_be_asked_back() {
    use PaymentState as S;
    let money = || samples::money("T1", TAKEN);
    for (state, refundable) in [
        (S::Submitted, false),
        (S::Unknown, false),
        (S::UnderReview(money()), false),
        (S::Paid(money()), true),
        (S::Closed, false),
        (S::RefundDue(money()), false),
        (S::Refunding(money(), RefundOrigin::Paid), true),
        (S::Refunding(money(), RefundOrigin::RefundDue), false),
        (S::PartiallyRefunded(money(), RefundOrigin::Paid), true),
        (S::PartiallyRefunded(money(), RefundOrigin::RefundDue), false),
        (S::Refunded(money(), RefundOrigin::Paid), false),
    ] {
        let payment = payment(state);
        let all = Balance { payment: &payment, refunds: &[] };
        let expected = if refundable { (20_104, 101) } else { (0, 0) };
        let of_second = all.refundable_of(&samples::notice_no(SECOND)).value();
        assert_eq!((all.refundable().value(), of_second), expected, "{:?}", payment.state);
    }
}

fn takes(refunds: &[Refund], notice: &str, fen: i64) -> Option<Vec<(u16, i64)>> {
    let payment = paid();
    let all = Balance { payment: &payment, refunds };
    let (slices, levels) = all.take(&samples::notice_no(notice), Fen::new(fen))?;
    let found: Vec<_> = slices.iter().map(|slice| (slice.place, slice.amount.value())).collect();
    use FinanceLevel::{Central, Local, Province};
    let order = [Central, Province, Local];
    let mut concerned: Vec<_> =
        found.iter().map(|(place, _)| order[usize::from(*place) % 3]).chain([Local]).collect();
    concerned.sort_unstable();
    concerned.dedup();
    assert_eq!(levels, concerned, "whose share it is decides, and the collecting side always");
    Some(found)
}

#[test]
fn each_level_gives_its_part_and_a_level_that_gives_nothing_is_not_asked() {
    assert_eq!(takes(&[], SECOND, 101), Some(vec![(3, 10), (4, 33), (5, 58)]));
    assert_eq!(takes(&[], FIRST, 10_000), Some(vec![(0, 1_000), (1, 3_299), (2, 5_701)]));
    assert_eq!(takes(&[], FIRST, 1), Some(vec![(2, 1)]), "one fen cannot be divided");
    assert_eq!(takes(&[], SECOND, 102), None);
    assert_eq!(takes(&[], FIRST, 0), None);
}

#[test]
fn what_one_refund_took_of_a_share_no_other_takes_again() {
    let centrals = refund(1, SECOND, RefundState::Submitted, &[(3, 10)]);
    let others = refund(2, FIRST, RefundState::Submitted, &[(0, 2_000)]);
    let refunds = [centrals.clone(), others];
    assert_eq!(takes(&refunds, SECOND, 91), Some(vec![(4, 33), (5, 58)]));
    assert_eq!(takes(&refunds, SECOND, 92), None);
    let failed = [Refund { state: failed(), ..centrals }];
    assert_eq!(takes(&failed, SECOND, 101), Some(vec![(3, 10), (4, 33), (5, 58)]));
}

#[test]
fn a_notice_whose_write_off_never_stood_is_known_by_its_refund() {
    let payment = paid();
    let mut refunds = [refund(1, FIRST, failed(), &[(0, 1)]), refund(2, SECOND, done(), &[(3, 1)])];
    let rejected = |refunds: &[Refund], notice| {
        let notice = payment.notices.iter().find(|one| one.no == samples::notice_no(notice));
        Balance { payment: &payment, refunds }.is_rejected(notice.unwrap())
    };
    assert!(!rejected(&refunds, FIRST) && !rejected(&refunds, SECOND));
    refunds[0].notice.as_mut().unwrap().desk = DeskStep::Unconcerned;
    assert!(rejected(&refunds, FIRST), "for ever, though that refund failed");
    assert!(!rejected(&refunds, SECOND));
    let taken = NoticeSnapshot { written_off_at: Some(at(30)), ..payment.notices[0].clone() };
    let balance = Balance { payment: &payment, refunds: &refunds };
    assert!(!balance.is_rejected(&taken), "the agency has taken it since");
}

#[test]
fn a_receipt_of_the_rest_waits_for_what_is_under_way_beneath_the_same_reversed_one() {
    use ReceiptStep::{Reversed, Settled, Standing};
    use RefundState as S;
    let payment = paid();
    for (state, step, rest) in [
        (S::Submitted, Standing, Some(20_003)),
        (S::Approved, Reversed, None),
        (S::Submitted, Reversed, None),
        (S::Unknown, Reversed, None),
        (S::NeedsAccount, Reversed, None),
        (done(), Reversed, Some(19_933)),
        (done(), Settled, Some(19_933)),
        (failed(), Reversed, Some(20_003)),
        (S::Rejected, Standing, Some(20_003)),
    ] {
        let refunds = [
            receipt(refund(1, FIRST, state.clone(), &[(0, 70)]), step, None),
            receipt(refund(2, SECOND, S::Submitted, &[(3, 1)]), Reversed, None),
        ];
        let all = Balance { payment: &payment, refunds: &refunds };
        let found = all.rest_of(&payment.notices[0]);
        assert_eq!(found, rest.map(Fen::new), "{state:?} {step:?}");
    }
}

#[test]
fn a_receipt_that_a_failed_refund_left_reversed_serves_the_next_one() {
    use ReceiptStep::{Reversed, Settled, Standing};
    use RefundState as S;
    let one = |number, state, step, by| receipt(refund(number, FIRST, state, &[(0, 1)]), step, by);
    let of_another_notice = receipt(refund(9, SECOND, failed(), &[(3, 1)]), Reversed, None);
    let payment = paid();
    for (name, refunds, left) in [
        ("none", vec![], None),
        ("it stands", vec![one(1, failed(), Standing, None)], None),
        ("it was replaced", vec![one(1, failed(), Settled, None)], None),
        ("it did not fail", vec![one(1, S::Submitted, Reversed, None)], None),
        ("left", vec![one(1, failed(), Reversed, None)], Some(1)),
        (
            "the next goes on from it",
            vec![one(1, failed(), Reversed, None), one(2, S::Submitted, Reversed, Some(1))],
            None,
        ),
        (
            "the next went on and was settled",
            vec![one(1, failed(), Reversed, None), one(2, done(), Settled, Some(1))],
            None,
        ),
        (
            "the next failed too",
            vec![one(1, failed(), Reversed, None), one(2, failed(), Reversed, Some(1))],
            Some(1),
        ),
        (
            "the next has not come so far",
            vec![one(1, failed(), Reversed, None), one(2, S::Requested, Standing, None)],
            Some(1),
        ),
        (
            "only one of two was gone on from",
            vec![
                one(1, failed(), Reversed, None),
                one(2, done(), Settled, Some(1)),
                one(3, failed(), Reversed, None),
            ],
            Some(3),
        ),
    ] {
        let refunds = [refunds, vec![of_another_notice.clone()]].concat();
        let all = Balance { payment: &payment, refunds: &refunds };
        let found = all.left_reversed(&samples::notice_no(FIRST));
        assert_eq!(found, left.map(no).as_ref(), "{name}");
    }
}

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

#[test]
fn the_fen_that_cannot_be_divided_go_to_the_largest_remainders() {
    let split = |amount, left: &[i64]| {
        let left: Vec<_> = left.iter().copied().map(Fen::new).collect();
        let parts = in_proportion(Fen::new(amount), &left).unwrap();
        parts.iter().map(|part| part.value()).collect::<Vec<_>>()
    };
    // 10 of 100: 1.0, 3.3 and 5.7; 7 of 100: 0.7, 2.31 and 3.99; 5 of 100: 0.5, 1.65 and 2.85.
    assert_eq!(split(10, &[10, 33, 57]), [1, 3, 6]);
    assert_eq!(split(7, &[10, 33, 57]), [1, 2, 4]);
    assert_eq!(split(5, &[10, 33, 57]), [0, 2, 3]);
    assert_eq!(split(1, &[50, 50]), [1, 0], "the first of equal ones");
}
