//! Finds what is owed, or orders something; what must be paid then is a notice like every other.

use super::super::outcome::shown;
use super::super::{ExchangeRow, NoticeLink, Outcome, PayCall, PaymentDue};
use super::{Filed, SubmitApp, SubmitError, notices, refused_or_silent};
use crate::catalogue::AppDefinition;
use crate::identity::Person;
use crate::money::{Fen, PayableFen};
use crate::notice::{Notice, NoticeStanding};
use jiff::Timestamp;

/// Under which a department gets the number of the submission.
const REQUEST_NO: &str = "request_no";
/// Under which it gets the price that the citizen was shown.
const AMOUNT: &str = "amount_fen";

impl SubmitApp {
    /// A repeat under the same key asks again with the same number, so it finds the same order.
    pub(super) async fn pay(
        &self,
        app: &AppDefinition,
        who: Option<&Person>,
        filed: &Filed<'_>,
        asks: PayCall,
    ) -> Result<Outcome, SubmitError> {
        let person = who.ok_or(SubmitError::NotSignedIn)?;
        let no = self.claim(person, filed).await?;
        let PayCall { mut call, orders, notice, price } = asks;
        if orders {
            call.parameters.push((REQUEST_NO.to_owned(), no.to_string()));
        }
        if let Some(price) = price {
            call.parameters.push((AMOUNT.to_owned(), price.fen().value().to_string()));
        }
        let answer = self.exchange.call(&call).await;
        let answer = answer.map_err(|error| refused_or_silent(app, error))?;
        let now = self.clock.now();
        let notices = self.raised(&notice, orders, &answer.rows, now).await?;
        if price.is_some_and(|price| !costs(&notices, price, now)) {
            return Err(SubmitError::Refused { message: other_price(app) });
        }
        let nothing_due = match notices.iter().any(|notice| can_be_paid(notice, now)) {
            true => None,
            false if orders && notices.is_empty() => Some("没有生成缴款单，请核对所填信息"),
            false => Some("没有待缴款项"),
        };
        Ok(Outcome::PaymentDue(Box::new(PaymentDue {
            notices,
            rows: answer.rows.iter().map(|row| shown(app, row)).collect(),
            as_of: answer.as_of,
            source: answer.source,
            nothing_due,
        })))
    }

    /// The notices whose numbers stand in the rows, as the gateway has them.
    async fn raised(
        &self,
        key: &str,
        orders: bool,
        rows: &[ExchangeRow],
        now: Timestamp,
    ) -> Result<Vec<Notice>, SubmitError> {
        let mut raised: Vec<Notice> = Vec::new();
        let links = notices::links_of(self.notices.as_ref(), Some(key), rows).await;
        for (link, row) in links.into_iter().zip(rows) {
            match link {
                // One whose sums overflow is nobody's: nobody could pay it.
                NoticeLink::Found(notice) if notice.due(now).is_ok() => {
                    if raised.iter().all(|known| known.no != notice.no) {
                        raised.push(*notice);
                    }
                }
                // What was ordered has a notice, which is on its way to the gateway.
                NoticeLink::None if orders && notices::names_one(row, key) => {
                    return Err(SubmitError::GatewayUnavailable);
                }
                NoticeLink::Found(_) | NoticeLink::None => {}
                NoticeLink::Unavailable => return Err(SubmitError::GatewayUnavailable),
            }
        }
        Ok(raised)
    }
}

/// Do the notices together ask for exactly the price that was shown?
fn costs(notices: &[Notice], price: PayableFen, now: Timestamp) -> bool {
    let principals = notices.iter().filter_map(|notice| notice.due(now).ok());
    let total = Fen::sum(principals.map(|due| due.principal));
    notices.is_empty() || total.is_ok_and(|total| total == price.fen())
}

fn can_be_paid(notice: &Notice, now: Timestamp) -> bool {
    let in_time = notice.expires_at.is_none_or(|end| now < end);
    notice.standing == NoticeStanding::Open && in_time
}

fn other_price(app: &AppDefinition) -> String {
    format!("{}开出的金额与公布的价格不一致，请勿缴款，稍后重新提交", app.department)
}

#[cfg(test)]
mod tests {
    use super::super::Submission;
    use super::super::tests::{Bench, bench_of, row, submission, wait};
    use super::*;
    use crate::catalogue::samples::{field, sample};
    use crate::catalogue::{RawApp, RawPayment, RawPrice};
    use crate::engine::{Answer, AnswerValue};
    use crate::fakes::samples::caller;
    use crate::identity::Caller;
    use crate::ids::IdempotencyKey;
    use crate::standards::Mobile;

    fn app(orders: bool, price: Option<RawPrice>) -> RawApp {
        let mut app = sample();
        let call = app.look_up.take().unwrap();
        app.fields.push(field("amount", "amount"));
        RawApp {
            kind: "pay".to_owned(),
            identity_level: "phone".to_owned(),
            leads_to_notice: None,
            payment: Some(RawPayment { call, orders, notice: "notice_no".to_owned(), price }),
            ..app
        }
    }

    fn by_amount() -> Option<RawPrice> {
        Some(RawPrice { amount: Some("amount".to_owned()), ..RawPrice::default() })
    }

    fn citizen() -> Caller {
        let mut citizen = caller("P1");
        citizen.person.phone = Some(Mobile::new("13000000000").unwrap());
        citizen
    }

    fn keyed(fen: i64, key: &str) -> Submission {
        let mut submission = submission();
        let amount = AnswerValue::Fen(fen);
        submission.answers.push(Answer { name: "amount".to_owned(), value: amount });
        submission.idempotency_key = IdempotencyKey::new(key).ok();
        submission
    }

    fn pays(bench: &Bench, submission: &Submission) -> Result<PaymentDue, SubmitError> {
        match wait(bench.submit.run(Some(&citizen()), submission))? {
            Outcome::PaymentDue(due) => Ok(*due),
            other @ (Outcome::Lookup { .. }
            | Outcome::Booking(_)
            | Outcome::Case(_)
            | Outcome::Certificate(_)) => panic!("{other:?}"),
        }
    }

    fn parameter(bench: &Bench, call: usize, name: &str) -> Option<String> {
        let calls = bench.exchange.calls.lock().unwrap();
        let found = calls[call].parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }

    #[test]
    fn what_is_owed_is_found_and_nothing_is_ordered() {
        let bench = bench_of(app(false, None), Ok(vec![row("330000001FS1"), row("")]));
        let due = pays(&bench, &keyed(1, "key-00001")).unwrap();
        assert_eq!((due.notices.len(), due.rows.len(), due.nothing_due), (1, 2, None));
        assert_eq!((due.rows[0].len(), due.source.as_str()), (3, "省公安厅"));
        assert_eq!(parameter(&bench, 0, REQUEST_NO), None);
        bench.exchange.says(Ok(Vec::new()));
        let due = pays(&bench, &keyed(1, "key-00002")).unwrap();
        assert_eq!((due.notices.len(), due.nothing_due), (0, Some("没有待缴款项")));
    }

    #[test]
    fn an_order_carries_the_price_and_the_number_of_its_submission_and_a_repeat_the_same() {
        let bench = bench_of(app(true, by_amount()), Ok(vec![row("330000001FS1")]));
        let first = pays(&bench, &keyed(20_000, "key-00001")).unwrap();
        let again = pays(&bench, &keyed(20_000, "key-00001")).unwrap();
        assert_eq!(first, again);
        let number = parameter(&bench, 0, REQUEST_NO);
        assert!(number.as_ref().is_some_and(|no| !no.is_empty()));
        assert_eq!(parameter(&bench, 1, REQUEST_NO), number);
        assert_eq!(parameter(&bench, 0, AMOUNT).as_deref(), Some("20000"));
        pays(&bench, &keyed(20_000, "key-00002")).unwrap();
        assert_ne!(parameter(&bench, 2, REQUEST_NO), number, "another order");
        let other = pays(&bench, &keyed(20_001, "key-00001"));
        assert!(matches!(other, Err(SubmitError::KeyReused)));
        assert_eq!(bench.exchange.calls.lock().unwrap().len(), 3);
    }

    #[test]
    fn a_notice_of_another_amount_than_the_price_is_not_shown() {
        let bench = bench_of(app(true, by_amount()), Ok(vec![row("330000001FS1")]));
        for fen in [19_999, 20_001] {
            let other = pays(&bench, &keyed(fen, &format!("key-{fen}")));
            assert!(matches!(other, Err(SubmitError::Refused { .. })), "{fen}");
        }
    }

    #[test]
    fn without_a_key_or_an_amount_nobody_is_asked() {
        let bench = bench_of(app(true, by_amount()), Ok(vec![row("330000001FS1")]));
        let keyless = Submission { idempotency_key: None, ..keyed(20_000, "") };
        assert!(matches!(pays(&bench, &keyless), Err(SubmitError::KeyMissing)));
        let Err(SubmitError::Answers(faults)) = pays(&bench, &keyed(0, "key-00001")) else {
            panic!("an order for nothing went through");
        };
        assert_eq!(faults[0].field, "amount");
        assert!(bench.exchange.calls.lock().unwrap().is_empty());
    }

    #[test]
    fn a_silent_gateway_leaves_it_open_what_an_order_costs() {
        for (orders, number, silent) in [
            (true, "330000001X1", true),
            (true, "330000001FS2", true),
            (false, "330000001X1", true),
            (false, "330000001FS2", false),
        ] {
            let bench = bench_of(app(orders, None), Ok(vec![row(number)]));
            let due = pays(&bench, &keyed(1, "key-00001"));
            let told = matches!(due, Err(SubmitError::GatewayUnavailable));
            assert_eq!(told, silent, "{orders} {number}");
        }
    }

    #[test]
    fn an_order_that_made_nothing_says_so() {
        let bench = bench_of(app(true, by_amount()), Ok(Vec::new()));
        let due = pays(&bench, &keyed(20_000, "key-00001")).unwrap();
        assert!(due.nothing_due.is_some_and(|words| words.contains("没有生成")));
    }
}
