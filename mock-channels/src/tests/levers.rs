//! Faults, the clock, the state file and the shape of refusals.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Bench;
use crate::crypto;
use crate::{MockChannels, MockSettings, StartError};

fn temporary_file() -> PathBuf {
    let name = format!("mock-channels-{}.json", crypto::hex(&crypto::random_bytes::<8>()));
    std::env::temp_dir().join(name)
}

#[actix_web::test]
async fn a_lost_answer_was_processed_and_not_a_byte_arrives() {
    let bench = Bench::start().await;
    let fault = json!({"channel": "wechat-pay", "operation": "prepay", "fault": "lost-answer"});
    bench.lever("/faults", fault).await;
    let order = bench.order("GOV0000201", 100).await.to_string();
    let lost = bench.try_pay_call("POST", "/v3/pay/transactions/jsapi", &order).await;
    let error = lost.err().unwrap();
    assert!(error.is_request() && !error.is_body() && !error.is_decode(), "{error:?}");
    assert_eq!(bench.query("GOV0000201").await.json()["trade_state"], "NOTPAY");
    assert_eq!(bench.look("/faults").await["faults"], json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_silent_platform_processes_nothing() {
    let bench = Bench::start().await;
    bench.lever("/faults", json!({"channel": "wechat-pay", "fault": "silent"})).await;
    let order = bench.order("GOV0000202", 100).await;
    let silence = tokio::time::timeout(Duration::from_millis(300), bench.places(&order)).await;
    assert!(silence.is_err());
    assert_eq!(bench.query("GOV0000202").await.status, 404);
    let stopping = Instant::now();
    bench.mocks.stop().await;
    assert!(stopping.elapsed() < Duration::from_secs(2), "silence does not hold up the stop");
}

#[actix_web::test]
async fn the_other_faults_do_what_they_say() {
    let bench = Bench::start().await;
    bench.places(&bench.order("GOV0000203", 100).await).await;
    let fault = async |kind: &str| {
        let wish = json!({"channel": "wechat-pay", "operation": "query", "fault": kind});
        bench.lever("/faults", wish).await;
        let target = bench.query_target("GOV0000203");
        bench.try_pay_call("GET", &target, "").await
    };
    let failed = fault("error500").await.unwrap();
    assert_eq!((failed.status, failed.signed), (500, None));
    assert_eq!(fault("unsigned").await.unwrap().signed, None);
    assert_eq!(fault("wrong-signature").await.unwrap().signed, Some(false));
    let error = fault("truncated").await.err().unwrap();
    assert!(error.is_body() || error.is_decode(), "the head arrived: {error:?}");
    let started = Instant::now();
    assert_eq!(fault("slow").await.unwrap().signed, Some(true));
    assert!(started.elapsed() >= Duration::from_secs(2));
    bench.lever("/faults", json!({"channel": "exchange", "fault": "slow", "times": 3})).await;
    let cleared = bench.http.delete(bench.url("/control/faults")).send().await.unwrap();
    assert_eq!(cleared.status(), 200);
    assert_eq!(bench.look("/faults").await["faults"], json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn answers_of_the_government_side_lose_their_signatures() {
    let bench = Bench::start().await;
    let message = "Get_AppPay_Info";
    let params = [("NOTICENO", "330000001FS0000000001")];
    for (kind, signed) in [("unsigned", false), ("wrong-signature", true)] {
        let wish = json!({"channel": "gateway", "operation": message, "fault": kind});
        bench.lever("/faults", wish).await;
        // Another operation is not hit.
        assert!(bench.gateway("Get_AppPay_Infos", &params).await.is_ok());
        let answer = bench.gateway_answer(message, &params).await;
        assert_eq!(answer.contains("<SIGN "), signed, "{kind}");
        assert!(answer.contains("330000001FS0000000001"));
        assert!(!answer.contains(&bench.gateway_answer(message, &params).await));

        let wish = json!({"channel": "exchange", "fault": kind});
        bench.lever("/faults", wish).await;
        let body = json!({"requestId": "R1", "parameters": {"region": "330000"}}).to_string();
        let now = bench.mocks.clock().now_ms() / 1000;
        let operation = "environment.air_quality";
        let (status, headers, body) = bench.exchange(operation, &body, now, "").await;
        assert_eq!(status, 200);
        let signature = headers.get("X-Exchange-Signature");
        assert_eq!(signature.is_some(), signed, "{kind}");
        assert!(!bench.is_exchange_signed(&headers, &body));
    }
    assert!(bench.gateway(message, &params).await.is_ok());
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_clock_only_moves_forward() {
    let bench = Bench::start().await;
    let moved = bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    assert_eq!(moved["now"], "2026-03-03T10:00:00+08:00");
    for body in [
        json!({"set": "2026-03-03T09:00:00+08:00"}),
        json!({"advanceSeconds": -5}),
        json!({"set": "soon"}),
        json!({"nextDayAt": "25:00"}),
        json!({"advanceSeconds": 9_000_000_000_000_i64}),
        json!({"set": "2026-03-04T09:00:00+08:00", "advanceSeconds": 1}),
        json!({"backwards": true}),
        json!({}),
    ] {
        let (status, answer) = bench.try_lever("/clock", body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert!(!answer["error"].as_str().unwrap().is_ascii(), "{answer}");
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn refusals_of_levers_are_json() {
    let bench = Bench::start().await;
    for (path, body, expected) in [
        ("/nothing", json!({}), 404),
        ("/citizens/C9/wechat-code", json!({}), 404),
        ("/citizens", json!({"idCard": "330106190001010991"}), 400),
        ("/citizens", json!({"phone": "12"}), 400),
        ("/citizens/C00001/notices", json!({}), 400),
        ("/citizens/C00001/notices", json!({"amountFen": 0}), 400),
        ("/notices/N1/withdraw", json!({}), 404),
        ("/orders/N1/approve", json!({}), 404),
        ("/callbacks/mode", json!({"mode": "sometimes"}), 400),
        ("/callbacks/x/release", json!({}), 404),
        ("/faults", json!({"channel": "wechat", "fault": "unsigned"}), 400),
        ("/faults", json!({"channel": "gateway", "operation": "x", "fault": "slow"}), 400),
        ("/bills", json!({"date": "2026-02-30", "fault": "truncated"}), 400),
    ] {
        let (status, answer) = bench.try_lever(path, body.clone()).await;
        assert_eq!(status, expected, "{path} {body}");
        assert!(!answer["error"].as_str().unwrap().is_ascii(), "{answer}");
    }
    let made = json!({"name": "测试员", "idCard": "33010619000101099X", "phone": "13800138000"});
    let citizen = bench.lever("/citizens", made.clone()).await;
    assert_eq!((&citizen["citizenId"], &citizen["name"]), (&json!("C00004"), &json!("测试员")));
    assert_eq!(citizen["noticeNos"].as_array().unwrap().len(), 1);
    assert_eq!(bench.try_lever("/citizens", made).await.0, 409);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_outside_world_survives_its_process() {
    let path = temporary_file();
    let bench = Bench::with(Some(path.clone())).await;
    let onboarding = bench.onboarding.clone();
    bench.places(&bench.order("GOV0000204", 100).await).await;
    bench.lever("/callbacks/mode", json!({"mode": "hold"})).await;
    bench.lever("/orders/GOV0000204/approve", json!({})).await;
    bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    // As after kill -9: nobody says goodbye to the first process.
    let again = Bench::with(Some(path.clone())).await;
    assert_eq!(
        again.onboarding.wechat,
        crate::WeChatOnboarding { base_url: again.mocks.base_url(), ..onboarding.wechat }
    );
    let key = |of: &crate::Onboarding| of.wechat_pay.merchant_private_key_pem.clone();
    assert_eq!(key(&again.onboarding), key(&bench.onboarding));
    assert_eq!(again.query("GOV0000204").await.json()["trade_state"], "SUCCESS");
    assert_eq!(again.look("/callbacks").await["callbacks"][0]["state"], "HELD");
    assert_eq!(again.look("/clock").await["now"].as_str().unwrap()[..16], *"2026-03-03T10:00");
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::remove_file(&path).unwrap();
    bench.mocks.stop().await;
    again.mocks.stop().await;
}

#[actix_web::test]
async fn starting_refuses_what_it_must_not_use() {
    let start = async |addr: &str, state_file: Option<PathBuf>| {
        let settings = MockSettings { addr: addr.to_owned(), state_file, start_at_ms: None };
        MockChannels::start(settings).await.err().unwrap()
    };
    assert!(matches!(start("0.0.0.0:0", None).await, StartError::NotLoopback { .. }));
    assert!(matches!(start("nonsense", None).await, StartError::Listen { .. }));
    let path = temporary_file();
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(start("127.0.0.1:0", Some(path.clone())).await, StartError::World(_)));
    assert_eq!(std::fs::read(&path).unwrap(), b"{", "an unreadable state is not overwritten");
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn it_runs_under_plain_tokio_and_starts_quickly() {
    let started = Instant::now();
    let bench = Bench::start().await;
    println!("started in {:?}", started.elapsed());
    let page = bench.http.get(bench.url("/")).send().await.unwrap();
    let page = String::from_utf8(page.bytes().await.unwrap().to_vec()).unwrap();
    assert!(page.contains("模拟渠道控制台"));
    let printed = format!("{:?}", bench.onboarding);
    for secret in [&bench.onboarding.wechat.app_secret, &bench.onboarding.wechat_pay.api_v3_key] {
        assert!(!printed.contains(secret.as_str()));
    }
    assert!(!printed.contains("PRIVATE KEY"));
    let copied = serde_json::to_string(&bench.onboarding).unwrap();
    assert_eq!(serde_json::from_str::<crate::Onboarding>(&copied).unwrap(), bench.onboarding);
    bench.mocks.stop().await;
}
