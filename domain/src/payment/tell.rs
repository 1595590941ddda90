//! What a citizen should hear of a payment: stored with the change, told by `messaging`.

use super::{CashierKind, Payment, PaymentState, Refund, RefundState};
use crate::clock::beijing_time;
use crate::messaging::{EventKey, EventKind, MessageEvent};
use crate::money::Fen;
use crate::receipt::Receipt;
use jiff::Timestamp;

/// As citizens and platforms read times.
const TIME: &str = "%Y年%-m月%-d日 %H:%M";

/// Money has just come: that it counts, or that nobody should pay again.
pub(super) fn arrived(payment: &Payment, now: Timestamp) -> Vec<MessageEvent> {
    let (kind, word, money) = match &payment.state {
        PaymentState::Paid(money) => (EventKind::PaymentPaid, "paid", money),
        PaymentState::UnderReview(money) => (EventKind::PaymentUnderReview, "review", money),
        PaymentState::Submitted
        | PaymentState::Unknown
        | PaymentState::Closed
        | PaymentState::RefundDue(_)
        | PaymentState::Refunding(..)
        | PaymentState::PartiallyRefunded(..)
        | PaymentState::Refunded(..) => return Vec::new(),
    };
    let mut facts = facts(payment, money.amount.fen());
    facts.push(fact("paid_at", beijing_time(money.at).strftime(TIME).to_string()));
    if payment.cashier == CashierKind::AlipayMini {
        facts.push(fact("trade_no", money.txn.as_str()));
    }
    event(payment, (kind, format!("payment:{}:{word}", payment.no)), facts, now)
}

/// A refund has come to its end; nothing is told of one that failed, which staff look after.
pub(super) fn refunded(payment: &Payment, refund: &Refund, now: Timestamp) -> Vec<MessageEvent> {
    let RefundState::Done { at, .. } = &refund.state else { return Vec::new() };
    let mut facts = facts(payment, refund.amount.fen());
    facts.push(fact("refund_no", refund.no.as_str()));
    facts.push(fact("refunded_at", beijing_time(*at).strftime(TIME).to_string()));
    event(payment, (EventKind::PaymentRefunded, format!("refund:{}:done", refund.no)), facts, now)
}

/// A receipt was issued.
pub(crate) fn receipt_issued(
    payment: &Payment,
    receipt: &Receipt,
    now: Timestamp,
) -> Vec<MessageEvent> {
    let (code, number) = (receipt.id.code.as_str(), receipt.id.number.as_str());
    let mut facts = facts(payment, receipt.amount);
    facts.push(fact("receipt_code", code));
    facts.push(fact("receipt_number", number));
    event(payment, (EventKind::ReceiptIssued, format!("receipt:{code}:{number}")), facts, now)
}

fn fact(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn facts(payment: &Payment, amount: Fen) -> Vec<(String, String)> {
    let title = payment.notices.first().map_or("政务缴款", |notice| notice.title.as_str());
    let more = match payment.notices.len() {
        0 | 1 => String::new(),
        n => format!("等{n}笔"),
    };
    vec![
        fact("payment_no", payment.no.as_str()),
        fact("title", format!("{title}{more}")),
        fact("amount", format!("{amount}元")),
    ]
}

/// Numbers of ours are letters and digits, so that a key can always be made of them.
fn event(
    payment: &Payment,
    (kind, key): (EventKind, String),
    facts: Vec<(String, String)>,
    at: Timestamp,
) -> Vec<MessageEvent> {
    let made = EventKey::new(&key).ok().map(|key| MessageEvent {
        key,
        person: payment.person.clone(),
        kind,
        facts,
        at,
    });
    made.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::samples::{self, at};
    use crate::payment::{EventReason, PaymentEvent};

    fn told(payment: &Payment, event: PaymentEvent) -> Vec<MessageEvent> {
        payment.after(event, (EventReason::RailConfirmed, None), at(20)).unwrap().messages
    }

    #[test]
    fn a_payment_is_told_of_once_when_its_money_comes() {
        let payment = samples::payment("YW000001", "330000001FS1", 20_600);
        let confirm = PaymentEvent::Confirm(samples::money("T1", 20_600));
        let events = told(&payment, confirm.clone());
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event.key.as_str(), "payment:YW000001:paid");
        assert_eq!((event.kind, &event.person), (EventKind::PaymentPaid, &payment.person));
        assert!(event.facts.contains(&fact("amount", "206.00元")));
        let paid = payment.after(confirm.clone(), (EventReason::RailConfirmed, None), at(20));
        assert_eq!(told(&paid.unwrap().payment, confirm), [], "a repeat tells nothing");
        assert_eq!(told(&payment, PaymentEvent::Close), []);
    }

    #[test]
    fn money_of_another_amount_is_told_of_as_under_review() {
        let payment = samples::payment("YW000001", "330000001FS1", 20_600);
        let events = told(&payment, PaymentEvent::ConfirmOther(samples::money("T1", 100)));
        assert_eq!(events[0].kind, EventKind::PaymentUnderReview);
        assert!(
            events[0].facts.contains(&fact("amount", "1.00元")),
            "what came, not what was asked"
        );
    }

    #[test]
    fn only_the_alipay_mini_program_has_a_trade_that_allows_a_message() {
        let confirm = || PaymentEvent::Confirm(samples::money("T1", 20_600));
        let mut payment = samples::payment("YW000001", "330000001FS1", 20_600);
        let trade = fact("trade_no", "T1");
        assert!(!told(&payment, confirm())[0].facts.contains(&trade));
        payment.cashier = CashierKind::AlipayMini;
        assert!(told(&payment, confirm())[0].facts.contains(&trade));
    }
}
