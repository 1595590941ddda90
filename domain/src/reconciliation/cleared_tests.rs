use super::super::clearing::tests::{day_of, payment};
use super::*;
use crate::reconciliation::{ClearingPayment, JudgedOrder};

fn line(payment: &ClearingPayment, verdict: Verdict) -> JudgedOrder {
    JudgedOrder {
        region: payment.order.region.to_string(),
        agency_code: payment.order.agency_code.clone(),
        notice_no: payment.order.notice_no.to_string(),
        order_no: payment.payment_no.to_string(),
        verdict,
    }
}

fn failed() -> Verdict {
    Verdict::Failed { code: "AMOUNT".to_owned(), reason: "金额不符".to_owned() }
}

fn open() -> Verdict {
    Verdict::ToBeConfirmed { code: "FINANCE".to_owned(), reason: "核实中".to_owned() }
}

fn batch(batch: u8, fen: [i64; 3], lines: Vec<JudgedOrder>) -> FinanceResult {
    FinanceResult { batch, sums: fen.map(Fen::new), lines }
}

fn kinds(found: &[ClearingDifference]) -> Vec<ClearingDifferenceKind> {
    found.iter().map(|difference| difference.kind).collect()
}

#[test]
fn what_finance_agrees_in_is_no_difference() {
    let day = day_of(vec![payment()]);
    let agreed = batch(1, [20_600, 0, 0], vec![line(&payment(), Verdict::Matched)]);
    assert_eq!(judge(&day, &[agreed]), Ok((1, Vec::new())));
}

#[test]
fn every_other_verdict_is_one_difference_with_its_money() {
    let day = day_of(vec![payment()]);
    for (verdict, sums, kind) in [
        (failed(), [0, 20_600, 0], ClearingDifferenceKind::Failed),
        (open(), [0, 0, 20_600], ClearingDifferenceKind::ToBeConfirmed),
    ] {
        let (agreed, found) =
            judge(&day, &[batch(1, sums, vec![line(&payment(), verdict)])]).unwrap();
        assert_eq!((agreed, kinds(&found)), (0, vec![kind]));
        assert_eq!(found[0].amount, Fen::new(20_600));
        assert_eq!(found[0].order_no, payment().payment_no.to_string());
    }
}

#[test]
fn a_later_batch_decides_what_an_earlier_one_left_open() {
    let day = day_of(vec![payment()]);
    let first = batch(1, [0, 0, 20_600], vec![line(&payment(), open())]);
    let second = batch(2, [20_600, 0, 0], vec![line(&payment(), Verdict::Matched)]);
    assert_eq!(judge(&day, &[first, second]), Ok((1, Vec::new())));
}

#[test]
fn lines_of_one_side_only_are_named() {
    let day = day_of(vec![payment()]);
    let (agreed, found) = judge(&day, &[batch(1, [0, 0, 0], Vec::new())]).unwrap();
    assert_eq!((agreed, kinds(&found)), (0, vec![ClearingDifferenceKind::Unjudged]));
    let foreign = JudgedOrder { order_no: "YW9".to_owned(), ..line(&payment(), failed()) };
    let lines = vec![line(&payment(), Verdict::Matched), foreign];
    let (agreed, found) = judge(&day, &[batch(1, [20_600, 500, 0], lines)]).unwrap();
    assert_eq!((agreed, kinds(&found)), (1, vec![ClearingDifferenceKind::NotOurs]));
}

#[test]
fn sums_that_are_not_those_of_our_lines_are_noticed() {
    let day = day_of(vec![payment()]);
    let wrong = batch(1, [20_000, 0, 0], vec![line(&payment(), Verdict::Matched)]);
    let (agreed, found) = judge(&day, &[wrong]).unwrap();
    assert_eq!((agreed, kinds(&found)), (1, vec![ClearingDifferenceKind::Sums]));
}

#[test]
fn staff_read_the_gateways_words_and_ours_where_it_has_none() {
    let day = day_of(vec![payment()]);
    let words = |batch| {
        let (_, found) = judge(&day, &[batch]).unwrap();
        found.into_iter().map(|found| (found.code, found.reason)).collect::<Vec<_>>()
    };
    let told = |code: &str, reason: &str| (code.to_owned(), reason.to_owned());
    let wrong = batch(1, [0, 20_600, 0], vec![line(&payment(), failed())]);
    assert_eq!(words(wrong), [told("AMOUNT", "金额不符")]);
    let foreign = JudgedOrder { order_no: "YW9".to_owned(), ..line(&payment(), Verdict::Matched) };
    let lines = vec![line(&payment(), Verdict::Matched), foreign];
    let agreed = batch(1, [20_600, 0, 0], lines);
    assert_eq!(words(agreed), [told("", "财政认可了我方没有报送的一笔")]);
    let sums = batch(3, [20_000, 100, 1], vec![line(&payment(), Verdict::Matched)]);
    let reason = "第3批结果合计为200.00、1.00、0.01，与我方各笔合计不符";
    assert_eq!(words(sums), [told("", reason)]);
}

#[test]
fn refunds_are_judged_under_their_own_numbers() {
    use super::super::clearing::tests::refund;
    let day = ClearingDay::new(day_of(Vec::new()).day(), vec![payment()], vec![refund()]).unwrap();
    let back = JudgedOrder { order_no: refund().refund_no.to_string(), ..line(&payment(), open()) };
    let lines = vec![line(&payment(), Verdict::Matched), back];
    let (agreed, found) = judge(&day, &[batch(1, [20_600, 0, 20_600], lines)]).unwrap();
    assert_eq!((agreed, kinds(&found)), (1, vec![ClearingDifferenceKind::ToBeConfirmed]));
    assert_eq!(found[0].order_no, refund().refund_no.to_string());
}

#[test]
fn a_rejected_line_is_told_with_its_file_and_place() {
    let (code, reason) = ("SUM".to_owned(), "合计不符".to_owned());
    let rejected = rejections("明细文件", &[RejectedLine { line: 7, code, reason }]);
    assert_eq!(kinds(&rejected), [ClearingDifferenceKind::Rejected]);
    assert_eq!(
        (rejected[0].code.as_str(), rejected[0].reason.as_str()),
        ("SUM", "明细文件第7行：合计不符")
    );
}

#[test]
fn words_of_columns_are_read_back() {
    for state in ClearingState::ALL {
        assert_eq!(ClearingState::from_code(state.code()), Some(state));
    }
    for kind in ClearingDifferenceKind::ALL {
        assert_eq!(ClearingDifferenceKind::from_code(kind.code()), Some(kind));
    }
}
