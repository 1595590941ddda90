use super::*;
use crate::messaging::MessageTemplates;

fn raw() -> RawTemplate {
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    RawTemplate {
        kind: "PAYMENT_PAID".to_owned(),
        version: 1,
        urgent: false,
        about: Some("pay:{no}".to_owned()),
        title: "缴费成功".to_owned(),
        body: "您的{title}已缴费。".to_owned(),
        samples: vec![pair("title", "罚款"), pair("no", "YW1"), pair("trade", "2026")],
        we_chat: Some(RawMini {
            template: "payment".to_owned(),
            page: "pages/pay?no={no}".to_owned(),
            fields: vec![pair("thing1", "{title}"), pair("phrase2", "已缴费")],
            trade: None,
        }),
        alipay: Some(RawMini {
            template: "payment".to_owned(),
            page: "pages/pay?no={no}".to_owned(),
            fields: vec![pair("keyword1", "{title}")],
            trade: Some("trade".to_owned()),
        }),
        push: true,
        sms: Some("您的{title}已缴费。".to_owned()),
    }
}

fn faults(change: impl FnOnce(&mut RawTemplate)) -> Vec<String> {
    let mut raw = raw();
    change(&mut raw);
    let faults = MessageTemplate::check(&raw).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{}{fault}", fault.section)).collect()
}

#[test]
fn a_sound_file_is_a_template() {
    let template = MessageTemplate::check(&raw()).unwrap();
    let facts = [("title".to_owned(), "罚款".to_owned())];
    assert_eq!(template.words(&facts).body, "您的罚款已缴费。");
    assert_eq!(template.about(&facts), None, "not without the number");
}

#[test]
fn every_fault_of_a_file_is_told_at_once() {
    let told = faults(|raw| {
        raw.kind = "DANCE".to_owned();
        raw.version = 0;
        raw.title = String::new();
        raw.body = "{nothing}{".to_owned();
        raw.about = Some("pay:{other}".to_owned());
        raw.sms = Some("{title".to_owned());
        let we_chat = raw.we_chat.as_mut().unwrap();
        we_chat.template = "Payment".to_owned();
        we_chat.fields.push(("string1".to_owned(), "x".to_owned()));
        let alipay = raw.alipay.as_mut().unwrap();
        alipay.fields.push(("thing1".to_owned(), "x".to_owned()));
        alipay.trade = Some("other".to_owned());
    });
    let places: Vec<&str> = told.iter().map(|fault| fault.split(':').next().unwrap()).collect();
    let expected = [
        "kind",
        "version",
        "title",
        "body",
        "about",
        "[we_chat]template",
        "[we_chat.fields]string1",
        "[alipay]trade",
        "[alipay.fields]thing1",
        "[sms]text",
    ];
    assert_eq!(places, expected, "{told:#?}");
}

#[test]
fn what_a_platform_would_refuse_is_found_with_the_samples() {
    type Change = fn(&mut RawTemplate);
    let table: [(Change, &str); 4] = [
        (|raw| raw.we_chat.as_mut().unwrap().fields[1].1 = "缴费已成功了".to_owned(), "phrase2"),
        (|raw| raw.samples[1].1 = "x".repeat(200), "page"),
        (|raw| raw.sms = Some("长".repeat(301)), "text"),
        (|raw| raw.body = "两\n行".to_owned(), "body"),
    ];
    for (change, word) in table {
        let told = faults(change);
        assert!(told.iter().any(|fault| fault.contains(word)), "{word}: {told:?}");
    }
}

#[test]
fn of_two_versions_the_higher_one_counts() {
    let of = |version| MessageTemplate::check(&RawTemplate { version, ..raw() }).unwrap();
    for order in [[1, 2], [2, 1]] {
        let templates = MessageTemplates::new(order.map(of));
        assert_eq!(templates.of(EventKind::PaymentPaid).unwrap().version, 2);
        assert_eq!(templates.kinds(), [EventKind::PaymentPaid]);
    }
}
