use super::*;
use crate::system::RandomIds;
use crate::test_support::{Peer, StillClock, json_answer, quick_client};
use domain::catalogue::Operation;
use domain::engine::{ExchangeValue, Subject};
use domain::identity::{FaceCheck, FaceState, PersonName, RealName, RealNameCheck};
use domain::standards::CitizenId;

const NOW: i64 = 1_772_417_740;
const KEY: [u8; 32] = [7; 32];

fn departments(base: &str) -> HttpDepartments {
    let config = DepartmentsConfig {
        base_url: base.to_owned(),
        client_id: "yiwang".to_owned(),
        key_base64: "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned(),
        rules: quick(),
    };
    let (clock, ids) = (Arc::new(StillClock(NOW)), Arc::new(RandomIds));
    HttpDepartments::new(&config, quick_client(), clock, ids, nobody_listens()).unwrap()
}

fn quick() -> DepartmentRules {
    DepartmentRules { deadline: Duration::from_millis(800), ..DepartmentRules::usual() }
}

fn nobody_listens() -> DepartmentWatch {
    Arc::new(|_, _| ())
}

fn call() -> ExchangeCall {
    ExchangeCall {
        operation: Operation::new("traffic.violations").unwrap(),
        subject: Some(Subject {
            name: PersonName::new("张三").unwrap(),
            id_card: CitizenId::new("33010619000101099X").unwrap(),
        }),
        parameters: vec![("plate_no".to_owned(), "浙A00X00".to_owned())],
    }
}

fn real_name() -> RealName {
    RealName {
        name: PersonName::new("张三").unwrap(),
        id_card: CitizenId::new("33010619000101099X").unwrap(),
        checked_at: Timestamp::from_second(NOW).unwrap(),
    }
}

/// The exchange: checks the request's signature, signs `body`, in which $ID$ is the request's.
fn exchange_at(body: &str, timestamp: i64) -> String {
    let body = body.to_owned();
    Peer::replies(move |request| {
        let (head, asked) = request.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_start_matches(": ").to_owned()
        };
        let path = head.split(' ').nth(1).unwrap();
        let (at, nonce) = (header("x-exchange-timestamp"), header("x-exchange-nonce"));
        let hash = sha256_hex(asked.as_bytes());
        let signed = format!("POST\n{path}\n{at}\n{nonce}\n{hash}\n");
        let key = MacKey::new(&KEY);
        assert_eq!(key.verify(signed.as_bytes(), &header("x-exchange-signature")), Ok(()));
        assert_eq!((nonce.len(), header("x-exchange-client").as_str()), (32, "yiwang"));
        let asked: serde_json::Value = serde_json::from_str(asked).unwrap();
        let id = asked["requestId"].as_str().unwrap();
        let body = body.replace("$ID$", id);
        let hash = sha256_hex(body.as_bytes());
        let code = key.code(format!("200\n{id}\n{timestamp}\nn\n{hash}\n").as_bytes());
        let signature = format!(
            "X-Exchange-Timestamp: {timestamp}\r\nX-Exchange-Nonce: n\r\n\
             X-Exchange-Signature: {code}\r\nContent-Length"
        );
        json_answer(200, &body).replacen("Content-Length", &signature, 1)
    })
}

fn exchange(body: &str) -> String {
    exchange_at(body, NOW)
}

fn ok(rows: &str) -> String {
    format!(
        r#"{{"requestId":"$ID$","code":"OK","message":"","source":"省公安厅",
        "asOf":"2026-03-02T10:15:31+08:00","rows":{rows}}}"#
    )
}

fn code(code: &str) -> String {
    format!(r#"{{"requestId":"$ID$","code":"{code}","message":"m"}}"#)
}

fn name<T>(result: &Result<T, OutsideError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(_)) => "not sent",
        Err(OutsideError::OutcomeUnknown(_)) => "unknown",
    }
}

#[tokio::test]
async fn rows_come_with_their_values_source_and_time() {
    let rows = r#"[{"time":"t","fine_fen":20000,"paid":false,"notice_no":null}]"#;
    let answer = departments(&exchange(&ok(rows))).call(&call()).await.unwrap();
    assert_eq!(answer.source, "省公安厅");
    assert_eq!(answer.as_of, "2026-03-02T02:15:31Z".parse().unwrap());
    let row = &answer.rows[0];
    assert_eq!(row["time"], ExchangeValue::Text("t".to_owned()));
    assert_eq!(row["fine_fen"], ExchangeValue::Number(20_000));
    assert_eq!(row["paid"], ExchangeValue::Flag(false));
    assert_eq!(row["notice_no"], ExchangeValue::Null);
}

#[tokio::test]
async fn every_answer_is_understood_or_unknown() {
    let many = format!("[{}]", vec!["{}"; 201].join(","));
    for (base, expected) in [
        (exchange(&ok("[]")), "ok"),
        (exchange(&ok(&many)), "unknown"),
        (exchange(&ok(r#"[{"a":1.5}]"#)), "unknown"),
        (exchange(&ok(r#"[{"a":[1]}]"#)), "unknown"),
        (exchange(&code("INVALID")), "refused"),
        (exchange(&code("DENIED")), "refused"),
        (exchange(&code("BUSY")), "not sent"),
        (exchange(&code("A_NEW_ONE")), "unknown"),
        (exchange(&ok("[]").replace("$ID$", "another")), "unknown"),
        (exchange_at(&ok("[]"), NOW - 300), "ok"),
        (exchange_at(&ok("[]"), NOW - 301), "unknown"),
        (exchange_at(&ok("[]"), NOW + 301), "unknown"),
        (Peer::answers(&json_answer(200, &ok("[]"))), "unknown"),
        (Peer::answers(&json_answer(401, &code("BAD_SIGNATURE"))), "unknown"),
        (Peer::answers(&json_answer(404, "")), "unknown"),
        (Peer::answers(&json_answer(503, "")), "unknown"),
        (Peer::nobody(), "not sent"),
        (Peer::hangs_up(), "unknown"),
        (Peer::silent(), "unknown"),
    ] {
        let answer = departments(&base).call(&call()).await;
        assert_eq!(name(&answer), expected, "{answer:?}");
    }
}

#[tokio::test]
async fn a_signature_over_other_bytes_is_not_the_exchange() {
    let honest = departments(&exchange(&ok("[]")));
    let other = HttpDepartments { key: MacKey::new(&KEY), ..departments("http://127.0.0.1:1") };
    let (sent, _) = honest.request(&call()).unwrap();
    let answer = HttpAnswer {
        status: 200,
        headers: vec![
            ("x-exchange-timestamp".to_owned(), NOW.to_string()),
            ("x-exchange-nonce".to_owned(), "n".to_owned()),
            ("x-exchange-signature".to_owned(), MacKey::new(&[8; 32]).code(b"x")),
        ],
        body: b"{}".to_vec(),
    };
    assert_eq!(name(&other.verify(&sent, &answer)), "unknown");
}

#[tokio::test]
async fn a_silent_exchange_is_asked_a_few_times_and_then_left_alone() {
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    let departments = departments(&Peer::replies(move |_| {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        json_answer(503, "")
    }));
    for _ in 0..BreakerRule::USUAL.silences {
        assert_eq!(name(&departments.call(&call()).await), "unknown");
    }
    assert_eq!(name(&departments.call(&call()).await), "not sent");
    // Twice each, and not for the last.
    let asked = asked.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(asked, BreakerRule::USUAL.silences * 2);
}

#[tokio::test]
async fn an_operation_that_the_exchange_does_not_have_is_no_silence() {
    let departments = departments(&Peer::answers(&json_answer(404, "")));
    for _ in 0..=BreakerRule::USUAL.silences {
        assert_eq!(name(&departments.call(&call()).await), "unknown");
    }
}

#[tokio::test]
async fn a_name_matches_when_the_register_says_so() {
    let of = real_name();
    for (rows, expected) in [
        (r#"[{"match":true}]"#, Some(true)),
        (r#"[{"match":false}]"#, Some(false)),
        ("[]", Some(false)),
        (r#"[{"match":"true"}]"#, None),
        ("[{}]", None),
    ] {
        let matches = departments(&exchange(&ok(rows))).matches(&of.name, &of.id_card).await;
        assert_eq!(matches.ok(), expected, "{rows}");
    }
}

#[tokio::test]
async fn a_face_check_is_opened_and_its_outcome_read() {
    let of = real_name();
    let row = r#"[{"ticket":"t1","url":"https://face.example.org/t1"}]"#;
    let start = departments(&exchange(&ok(row))).start(&of).await.unwrap();
    assert_eq!((start.ticket.as_str(), start.url.as_str()), ("t1", "https://face.example.org/t1"));
    let script = r#"[{"ticket":"t1","url":"javascript:alert(1)"}]"#;
    assert_eq!(name(&departments(&exchange(&ok(script))).start(&of).await), "unknown");
    for (body, expected) in [
        (ok(r#"[{"state":"PENDING"}]"#), Ok(FaceState::Pending)),
        (ok(r#"[{"state":"PASSED"}]"#), Ok(FaceState::Passed)),
        (ok(r#"[{"state":"FAILED"}]"#), Ok(FaceState::Failed)),
        (ok(r#"[{"state":"MAYBE"}]"#), Err("unknown")),
        (ok("[]"), Err("refused")),
        (code("DENIED"), Err("refused")),
        (code("INVALID"), Err("refused")),
    ] {
        let state = departments(&exchange(&body)).state(&of, "t1").await;
        let named = name(&state);
        assert_eq!(state.map_err(|_| named), expected, "{body}");
    }
}

#[test]
fn a_faulty_configuration_names_its_field() {
    let good = DepartmentsConfig {
        base_url: "http://h".to_owned(),
        client_id: "c".to_owned(),
        key_base64: "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned(),
        rules: quick(),
    };
    for (field, config) in [
        ("base_url", DepartmentsConfig { base_url: "h".to_owned(), ..good.clone() }),
        ("client_id", DepartmentsConfig { client_id: String::new(), ..good.clone() }),
        ("key_base64", DepartmentsConfig { key_base64: "AAAA".to_owned(), ..good.clone() }),
    ] {
        let (clock, ids) = (Arc::new(StillClock(NOW)), Arc::new(RandomIds));
        let http = quick_client();
        let built = HttpDepartments::new(&config, http, clock, ids, nobody_listens());
        let fault = built.unwrap_err();
        assert_eq!(fault.field, field);
    }
    assert!(!format!("{good:?}").contains("BwcH"));
}
