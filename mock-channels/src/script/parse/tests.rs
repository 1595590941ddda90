use super::*;
use crate::clock::{DAY_MS, MINUTE_MS, parse_rfc3339};
use crate::world::callback::CallbackMode;
use crate::world::fault::{Channel, FaultKind};
use crate::world::script::{AnswerFault, Approval, FaultWish};

fn now() -> i64 {
    parse_rfc3339("2026-03-02T09:00:00+08:00").unwrap()
}

fn one(text: &str) -> (Trigger, Action) {
    let rules = parse(text, now()).unwrap();
    assert_eq!(rules.len(), 1, "{text}");
    (rules[0].trigger.clone(), rules[0].action.clone())
}

fn fault_of(text: &str) -> String {
    let faults = parse(text, now()).unwrap_err();
    assert_eq!(faults.len(), 1, "{text}");
    faults[0].message.clone()
}

fn at(time: &str) -> Trigger {
    Trigger::At { at_ms: parse_rfc3339(&format!("2026-03-02T{time}+08:00")).unwrap() }
}

#[test]
fn the_rules_of_the_manual_are_read() {
    let third = Trigger::After { platform: None, event: EventKind::Payment, count: 3 };
    let drop = Action::Callback(CallbackMode::Lose);
    assert_eq!(one("after payment 3: drop callback"), (third, drop));
    let everybody = Action::Approve(Approval::default());
    assert_eq!(one("at 23:59:58 approve"), (at("23:59:58"), everybody));
    let fault = BillFault { fault: BillFaultKind::DuplicateLine, times: None, line: Some(7) };
    let bill = Action::Bill { platform: None, date: None, fault };
    assert_eq!(one("statement: duplicate line 7"), (Trigger::Now, bill));
    let first = Trigger::After { platform: None, event: EventKind::Refund, count: 1 };
    let code = Some("SYSTEM_ERROR".to_owned());
    let answer = Action::Answer(AnswerFault { kind: FaultKind::RefusedAfter, code });
    assert_eq!(one("after refund 1: error SYSTEM_ERROR"), (first, answer));
    let silent = Action::Fault(FaultWish {
        channel: Channel::Gateway,
        operation: None,
        kind: FaultKind::Silent,
        code: None,
        times: 1,
        lasts_ms: Some(2 * MINUTE_MS),
    });
    assert_eq!(one("at +5m: gateway silent for 2m"), (at("09:05:00"), silent));
}

#[test]
fn every_form_of_a_rule_is_read() {
    let text = "\u{feff}# a comment\n\n\
        after alipay payment 2: hold callback # why\n\
        at 08:00: approve GOV1 100 fen force; at 2026-03-05 10:00:00.250 refuse GOV2\n\
        at +1h30m: wechat-pay refund error NOT_ENOUGH 3 times\n\
        at +1s : wechat-pay frequency-limited for 1m\n\
        statement wechat-pay 2026-03-02: wrong totals\n\
        at 10:00: call POST /citizens {\"name\": \"A; # B\"}\n\
        at 10:00: release GOV1 2 {\"times\": 3}\n\
        after payment 4: lost-answer\n\
        at 10:00: clock 2026-03-03 10:00\n\
        at 10:00: approve GOV1 paid 2026-03-02 09:59:59.999\n\
        after order 1: double callbacks";
    let rules = parse(text, now()).unwrap();
    assert_eq!(rules.len(), 12);
    assert_eq!((rules[0].line, rules[1].line, rules[2].line), (3, 4, 4));
    let eight = Trigger::At { at_ms: now() - 3_600_000 + DAY_MS };
    assert_eq!(rules[1].trigger, eight, "a time that is over today is tomorrow's");
    let Action::Call { body, .. } = &rules[6].action else { panic!("{:?}", rules[6]) };
    assert_eq!(body["name"], "A; # B");
}

#[test]
fn all_faults_are_reported_at_once_with_their_lines() {
    let text = "after payment 0: drop callback\n\
        after payment 1: drop callback\n\
        at 25:00 approve; at +5x: approve\n\
        statement: duplicate line\n";
    let faults = parse(text, now()).unwrap_err();
    let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [1, 3, 3, 4]);
    assert!(faults[0].to_string().starts_with("第 1 行："));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (text, part) in [
        ("when payment 1: drop callback", "when"),
        ("after payment: drop callback", "序号"),
        ("after rain 1: drop callback", "rain"),
        ("at 10:00: drop callback", "callbacks"),
        ("after payment 1: drop everything", "callback"),
        ("after payment 1:", "动作"),
        ("after payment 1: silent", "来不及"),
        ("after payment 1: error NO_SUCH_CODE", "NO_SUCH_CODE"),
        ("at 10:00: silent", "渠道"),
        ("at 10:00: gateway sleepy", "sleepy"),
        ("at 10:00: gateway refused", "refused"),
        ("at 10:00: gateway silent 0 times", "正整数"),
        ("at 10:00: gateway silent 2", "times"),
        ("at 10:00: wechat unsigned", "签名"),
        ("at 10:00: alipay frequency-limited", "微信支付"),
        ("at 10:00: approve A B", "B"),
        ("at 10:00: approve -1 fen", "-1"),
        ("at 10:00: refuse", "订单号"),
        ("at 10:00: clock tomorrow", "clock"),
        ("at 10:00: call GET /clock", "POST"),
        ("at 10:00: call POST /script {}", "脚本"),
        ("at 10:00: call POST /../x {}", "路径"),
        ("at 10:00: call POST /clock {", "JSON"),
        ("statement duplicate line 7", "冒号"),
        ("statement yesterday: truncate", "yesterday"),
        ("statement: duplicate line 0", "行号"),
        ("statement: eat line 1", "eat"),
        ("statement: truncate it", "it"),
    ] {
        let message = fault_of(text);
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn the_example_of_the_manual_is_a_script() {
    let manual = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mock-channels.md"));
    let (_, chapter) = manual.split_once("## Fault scripts").unwrap();
    let example = chapter.split("```").nth(1).unwrap();
    assert_eq!(parse(example, now()).unwrap().len(), 11);
}
