use super::*;
use crate::fakes::samples::{at, notice_no, payment_no};
use jiff::civil::date;

/// A day of these payments.
pub fn day_of(payments: Vec<ClearingPayment>) -> ClearingDay {
    ClearingDay::new(DAY, payments, Vec::new()).unwrap()
}

/// 206.00 on the 2nd of March.
pub fn payment() -> ClearingPayment {
    ClearingPayment {
        payment_no: payment_no("YW20260302101531ABCDEFGHJKMN"),
        order: ClearingOrder {
            rail: Rail::WeChatPay,
            txn: "4200".to_owned(),
            at: at(0),
            region: RegionCode::new("330100").unwrap(),
            agency_code: "330101".to_owned(),
            notice_no: notice_no("330000001FS1"),
            payer: PayerName::new("张三"),
            principal: Fen::new(20_000),
            late_fee: Fen::new(600),
            receipt: None,
            ordered_at: at(-60),
            business_code: String::new(),
        },
        items: vec![ClearingItem {
            code: "16010100".to_owned(),
            name: "交通违法罚款".to_owned(),
            unit: "件".to_owned(),
            price: Fen::new(20_000),
            quantity: "1".to_owned(),
            amount: Fen::new(20_000),
            late_fee: Fen::new(600),
        }],
        written_off_at: None,
    }
}

/// The same money, back.
pub fn refund() -> ClearingRefund {
    let payment = payment();
    ClearingRefund {
        refund_no: RefundNo::new("RF20260302101531AB").unwrap(),
        order: payment.order,
        done: true,
        items: 1,
        payment_no: payment.payment_no,
        payment_txn: "4200".to_owned(),
        paid_at: at(0),
    }
}

const DAY: Date = date(2026, 3, 2);

#[test]
fn a_sound_day_is_taken_as_it_is() {
    let day = ClearingDay::new(DAY, vec![payment()], vec![refund()]).unwrap();
    assert_eq!((day.day(), day.payments().len(), day.refunds().len()), (DAY, 1, 1));
    assert!(ClearingDay::new(DAY, Vec::new(), Vec::new()).is_ok());
}

#[test]
fn no_sum_of_an_order_is_negative_and_together_they_are_something() {
    for (principal, late_fee, sound) in
        [(1, 0, true), (0, 1, true), (0, 0, false), (-1, 2, false), (2, -1, false), (-1, -1, false)]
    {
        let (principal, late_fee) = (Fen::new(principal), Fen::new(late_fee));
        let mut changed = payment();
        (changed.order.principal, changed.order.late_fee) = (principal, late_fee);
        (changed.items[0].amount, changed.items[0].late_fee) = (principal, late_fee);
        let back = ClearingRefund { order: changed.order.clone(), ..refund() };
        let found = ClearingDay::new(DAY, vec![changed], vec![back]);
        let faults = found.err().map_or(0, |faults| faults.len());
        assert_eq!(faults, if sound { 0 } else { 2 }, "{principal} and {late_fee}");
    }
}

#[test]
fn a_refund_that_finance_ordered_does_not_print_whom_it_pays() {
    let ordered = OrderedRefund {
        agency_code: "330101".to_owned(),
        notice_no: notice_no("330000001FS1"),
        payment_no: payment_no("YW000001"),
        payer: PayerName::new("张三"),
        amount: Fen::new(20_600),
        paid_at: at(0),
        receipt: None,
        reason: "多缴".to_owned(),
        payee: Payee { name: "张三".to_owned(), ..Payee::default() },
        trade_code: String::new(),
        remark: String::new(),
    };
    assert_eq!(format!("{ordered:?}"), "OrderedRefund(YW000001 330000001FS1 206.00)");
}

#[test]
fn every_rule_of_a_day_has_its_own_fault() {
    type Change = fn(&mut ClearingPayment);
    let table: [(Change, &str); 7] = [
        (|p| p.order.at = at(14 * 3600), "is not of the day"),
        (|p| p.items.clear(), "has not 1 to 20 items"),
        (|p| p.items = vec![p.items[0].clone(); 21], "has not 1 to 20 items"),
        (|p| p.items[0].amount = Fen::new(19_999), "do not add up"),
        (|p| p.items[0].late_fee = Fen::ZERO, "do not add up"),
        (|p| p.order.late_fee = Fen::ZERO, "do not add up"),
        (|p| p.order.principal = Fen::new(-1), "do not add up"),
    ];
    for (change, what) in table {
        let mut changed = payment();
        change(&mut changed);
        let faults = ClearingDay::new(DAY, vec![changed], Vec::new()).unwrap_err();
        assert!(faults[0].to_string().contains(what), "{faults:?}");
    }
    let faults = ClearingDay::new(DAY, vec![payment(), payment()], vec![refund(), refund()]);
    assert_eq!(faults.unwrap_err().len(), 2);
    for (items, sound) in [(0, false), (1, true), (20, true), (21, false)] {
        let back = ClearingRefund { items, ..refund() };
        assert_eq!(ClearingDay::new(DAY, Vec::new(), vec![back]).is_ok(), sound, "{items} items");
    }
    let many = ClearingRefund { items: 21, ..refund() };
    let late = ClearingRefund { order: ClearingOrder { at: at(86_400), ..refund().order }, ..many };
    assert_eq!(ClearingDay::new(DAY, Vec::new(), vec![late]).unwrap_err().len(), 2);
}
