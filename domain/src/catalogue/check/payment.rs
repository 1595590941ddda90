//! Checks the section `[payment]`.

use super::super::words::Word;
use super::super::{
    Action, AppKind, FieldType, PayTerms, Place, Price, PriceOf, Problem, RawApp, RawField,
    RawPayment, RawPrice,
};
use super::run::check_call;
use super::texts::Findings;
use crate::identity::IdentityLevel;

const SECTION: &str = "payment";
/// What the engine adds to an order.
const ADDED: [&str; 2] = ["request_no", "amount_fen"];

fn at(key: &'static str) -> Place {
    Place::Section { section: SECTION, key }
}

/// The terms, with every fault in `findings`.
pub(super) fn check_payment(
    findings: &mut Findings,
    payment: &RawPayment,
    raw: &RawApp,
    level: Option<IdentityLevel>,
) -> Option<Action> {
    let contradicts = [
        (AppKind::read(&raw.kind) != Some(AppKind::Pay), "operation", "only an app that pays pays"),
        (raw.look_up.is_some(), "operation", "an app looks up or pays, not both"),
        (
            level == Some(IdentityLevel::Anonymous),
            "operation",
            "whoever pays is signed in: the level is phone or more",
        ),
        (
            payment.price.is_some() && !payment.orders,
            "price",
            "only an order has a price: what is owed has one already",
        ),
    ];
    for (_, key, why) in contradicts.into_iter().filter(|(wrong, ..)| *wrong) {
        findings.add(at(key), Problem::Contradiction(why));
    }
    for sent in &payment.call.sends {
        if ADDED.contains(&sent.parameter.as_str()) {
            findings.add(at("sends"), Problem::Duplicate(sent.parameter.clone()));
        }
    }
    findings.name(at("notice"), &payment.notice);
    let price = payment.price.as_ref().map(|price| check_price(findings, price, raw));
    let call = check_call(findings, SECTION, &payment.call, raw, level)?;
    let (orders, notice) = (payment.orders, payment.notice.clone());
    let price = match price {
        Some(price) => Some(price?),
        None => None,
    };
    Some(Action::Pay(PayTerms { call, orders, notice, price }))
}

fn check_price(findings: &mut Findings, price: &RawPrice, raw: &RawApp) -> Option<Price> {
    let each = match (price.fee_fen, &price.option, &price.amount) {
        (Some(fen), None, None) => PriceOf::Fee(findings.payable(at("price"), fen)?),
        (None, Some(name), None) => {
            let field = needed(findings, raw, name, FieldType::Enum)?;
            if field.options.iter().any(|option| option.price_fen.is_none()) {
                let why = "every option of the field that sets the price has a price_fen";
                findings.add(at("price"), Problem::Contradiction(why));
            }
            PriceOf::Option(name.clone())
        }
        (None, None, Some(name)) => {
            needed(findings, raw, name, FieldType::Amount)?;
            PriceOf::Amount(name.clone())
        }
        _ => {
            let why = "a price is one of fee_fen, option and amount";
            findings.add(at("price"), Problem::Contradiction(why));
            return None;
        }
    };
    if let Some(times) = &price.times {
        needed(findings, raw, times, FieldType::Int)?;
    }
    Some(Price { each, times: price.times.clone() })
}

/// The required field of that name and type.
fn needed<'a>(
    findings: &mut Findings,
    raw: &'a RawApp,
    name: &str,
    field_type: FieldType,
) -> Option<&'a RawField> {
    let found = raw.fields.iter().find(|field| field.name == name);
    let Some(field) = found else {
        findings.add(at("price"), Problem::Dangling { kind: "field", name: name.to_owned() });
        return None;
    };
    if FieldType::read(&field.field_type) != Some(field_type) || !field.required {
        let why = "a price is made of required fields: an option of an enum, an amount, an int";
        findings.add(at("price"), Problem::Contradiction(why));
    }
    Some(field)
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{field, options, sample, sent};
    use super::*;
    use crate::catalogue::{AppDefinition, Fault, RawCall, RawOption};
    use crate::money::PayableFen;

    fn tickets() -> RawApp {
        let priced = |option: RawOption| RawOption { price_fen: Some(8_000), ..option };
        let kinds = options(&["成人", "学生"]).into_iter().map(priced).collect();
        RawApp {
            kind: "pay".to_owned(),
            identity_level: "phone".to_owned(),
            fields: vec![
                RawField { options: kinds, ..field("kind", "enum") },
                field("count", "int"),
                field("amount", "amount"),
            ],
            look_up: None,
            leads_to_notice: None,
            payment: Some(RawPayment {
                call: RawCall {
                    operation: "tourism.order".to_owned(),
                    sends: vec![sent("kind"), sent("count")],
                    ..RawCall::default()
                },
                orders: true,
                notice: "notice_no".to_owned(),
                price: Some(RawPrice {
                    option: Some("kind".to_owned()),
                    times: Some("count".to_owned()),
                    ..RawPrice::default()
                }),
            }),
            ..sample()
        }
    }

    fn terms(raw: &RawApp) -> PayTerms {
        match AppDefinition::check(raw).unwrap().action {
            Some(Action::Pay(terms)) => terms,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn terms_say_what_is_asked_and_what_it_costs() {
        let price =
            Price { each: PriceOf::Option("kind".to_owned()), times: Some("count".to_owned()) };
        let found = terms(&tickets());
        assert_eq!((found.orders, found.notice.as_str()), (true, "notice_no"));
        assert_eq!((found.fee(), found.price), (None, Some(price)));
        let mut fixed = tickets();
        let price = RawPrice { fee_fen: Some(500), ..RawPrice::default() };
        fixed.payment.as_mut().unwrap().price = Some(price);
        assert_eq!(terms(&fixed).fee(), PayableFen::new(500).ok());
    }

    #[test]
    fn every_fault_of_the_section_is_told_with_its_key() {
        type Spoil = fn(&mut RawApp, &mut RawPayment);
        let table: [(Spoil, &str); 12] = [
            (|a, _| a.kind = "query".to_owned(), "payment.operation: only an app that pays"),
            (|a, _| a.look_up = sample().look_up, "payment.operation: an app looks up or pays"),
            (|a, _| a.identity_level = "anonymous".to_owned(), "payment.operation: whoever pays"),
            (|_, p| p.call.operation = "order".to_owned(), "payment.operation: `order`"),
            (|_, p| p.call.sends.push(sent("nobody")), "payment.sends: there is no field"),
            (|_, p| p.call.sends[0].parameter = "request_no".to_owned(), "payment.sends: `req"),
            (|_, p| p.call.stale_minutes = Some(5), "payment.stale_minutes: only a look-up"),
            (|_, p| p.notice.clear(), "payment.notice: "),
            (|_, p| p.orders = false, "payment.price: only an order"),
            (|_, p| p.price = Some(RawPrice::default()), "payment.price: a price is one of"),
            (|a, _| a.fields[0].options[1].price_fen = None, "payment.price: every option"),
            (|a, _| a.fields[1].required = false, "payment.price: a price is made of required"),
        ];
        for (spoil, expected) in table {
            let mut app = tickets();
            let mut payment = app.payment.take().unwrap();
            spoil(&mut app, &mut payment);
            app.payment = Some(payment);
            let faults = AppDefinition::check(&app).unwrap_err();
            let told: Vec<String> = faults.iter().map(Fault::to_string).collect();
            assert!(told.iter().any(|fault| fault.starts_with(expected)), "{expected}: {told:?}");
        }
    }

    #[test]
    fn a_price_is_an_amount_that_can_be_paid() {
        for fen in [0, -1, i64::MAX] {
            let mut app = tickets();
            app.fields[0].options[0].price_fen = Some(fen);
            let faults = AppDefinition::check(&app).unwrap_err();
            assert!(faults[0].to_string().starts_with("field.kind.options: is outside"), "{fen}");
        }
    }
}
