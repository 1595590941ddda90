//! Bad input gets a refusal that names field and reason, and changes nothing.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};

/// Code and field of the first refusal; its message must be for people.
fn first(payload: &Value) -> (String, String) {
    let error = &payload["userErrors"][0];
    assert!(error["message"].as_str().is_some_and(|m| m.chars().count() > 3), "{payload}");
    let field: Vec<_> = error["field"].as_array().cloned().unwrap_or_default();
    let field: Vec<_> = field.iter().map(|part| part.as_str().unwrap().to_owned()).collect();
    (error["code"].as_str().unwrap_or_default().to_owned(), field.join("."))
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_refuse_bad_input_field_by_field() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let wish = |no: &str, fen: i64, key: &str| Citizen::wish(no, fen, key);
    for (wish, code, field) in [
        (wish("310000001FS0000000001", fen, "foreign-no"), "INVALID", "noticeNos.0"),
        (wish("x", fen, "malformed"), "INVALID", "noticeNos.0"),
        (wish("330000001FS9999999999", fen, "unknown-no"), "NOT_FOUND", "noticeNos.0"),
        (wish(&fine, fen + 1, "wrong-total"), "AMOUNT_CHANGED", "expectedTotal"),
        (wish(&fine, 0, "zero-total"), "INVALID", "expectedTotal"),
        (wish(&fine, -5, "negative"), "INVALID", "expectedTotal"),
        (wish(&fine, fen, "short"), "INVALID", "idempotencyKey"),
        (wish(&fine, fen, "键键键键键键键键"), "INVALID", "idempotencyKey"),
    ] {
        let refused = citizen.starts(&wish).await;
        assert_eq!(first(&refused), (code.to_owned(), field.to_owned()), "{wish}");
        assert!(refused["payment"].is_null());
    }
    let none = json!({ "noticeNos": [], "rail": "WECHAT_PAY", "expectedTotal": fen,
        "idempotencyKey": "no-notices" });
    assert_eq!(first(&citizen.starts(&none).await).1, "noticeNos");
    let twice = json!({ "noticeNos": [fine, fine], "rail": "WECHAT_PAY",
        "expectedTotal": fen * 2, "idempotencyKey": "twice-the-same" });
    assert_eq!(first(&citizen.starts(&twice).await).1, "noticeNos");
    let alipay = json!({ "noticeNos": [fine], "rail": "ALIPAY", "expectedTotal": fen,
        "idempotencyKey": "other-rail" });
    assert_eq!(first(&citizen.starts(&alipay).await), ("RAIL_UNAVAILABLE".into(), "rail".into()));
    let all = json!({ "noticeNos": ["x", "y"], "rail": "WECHAT_PAY", "expectedTotal": 0,
        "idempotencyKey": "k" });
    assert_eq!(codes(&citizen.starts(&all).await).len(), 4, "all faults at once");

    let data = citizen.reads("{viewer{payments{nodes{paymentNo}}}}").await;
    assert_eq!(data["viewer"]["payments"]["nodes"], json!([]), "nothing was stored");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_refuse_bad_answers_all_at_once() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let unknown = citizen.submits("no_such_app", &json!([])).await;
    assert_eq!(first(&unknown), ("NOT_FOUND".into(), "app".into()));
    let bad = json!([
        { "name": "plate_no", "value": { "text": "浙I12345" } },
        { "name": "plate_kind", "value": { "choice": "99" } },
        { "name": "colour", "value": { "text": "蓝" } },
    ]);
    let refused = citizen.submits("traffic_violation_query", &bad).await;
    assert!(refused["outcome"].is_null());
    let fields: Vec<_> = refused["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["field"][1].as_str().unwrap().to_owned())
        .collect();
    for field in ["plate_no", "plate_kind", "vin_tail", "colour"] {
        assert!(fields.contains(&field.to_owned()), "{field} in {fields:?}");
    }
    let closed = citizen.submits("driving_test_booking", &json!([])).await;
    assert_eq!(codes(&closed), ["APP_NOT_OPEN"]);
    let low = citizen.submits("personal_social_insurance", &json!([])).await;
    assert_eq!(codes(&low), ["IDENTITY_LEVEL_TOO_LOW"]);
    let stale = json!({ "app": "air_quality", "formVersion": 99, "answers": [] });
    let stale = citizen.mutation("submitApp", "SubmitAppInput", "outcome{__typename}", &stale);
    assert_eq!(codes(&stale.await), ["FORM_VERSION_RETIRED"]);
    app.finish().await;
}
