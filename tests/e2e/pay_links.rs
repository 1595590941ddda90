//! Somebody else pays, by a page that shows what is paid and nothing of whom.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::{Http, eventually};

async fn link(citizen: &Citizen, notices: &[&str]) -> Value {
    let key = format!("link-{}", notices.join("-"));
    let input = json!({ "noticeNos": notices, "idempotencyKey": key });
    citizen.mutation("createPayLink", "CreatePayLinkInput", "link{url expiresAt}", &input).await
}

async fn page(url: &str) -> (u16, String) {
    Http::default().get(url, &[]).await
}

/// Presses the button of the page; a browser follows where it leads.
async fn presses(url: &str, total: i64) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let form = client.post(url).header("Content-Type", "application/x-www-form-urlencoded");
    let answer = form.body(format!("total={total}")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_paid_by_a_code_and_tells_nothing_about_the_person() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let other = app.levers.notice(id, json!({ "amountFen": 15_000, "title": "罚款" })).await;
    let made = link(&citizen, &[&fine, &other]).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    let url = made["link"]["url"].as_str().unwrap();

    let (status, shown) = page(url).await;
    assert_eq!(status, 200);
    assert!(shown.contains("¥150.00") && shown.contains("¥350.00"), "{shown}");
    for secret in ["name", "idCard", "phone"] {
        let text = citizen.facts[secret].as_str().unwrap();
        assert!(!shown.contains(text) && !url.contains(text), "{secret}: {shown}");
    }
    let plate = citizen.facts["vehicles"][0]["plateNo"].as_str().unwrap();
    assert!(!shown.contains(plate) && !shown.contains(&fine), "{shown}");

    let (_, less) = presses(url, fen + 14_999).await;
    assert!(less.contains("没有扣款"), "another sum than was shown: {less}");
    let (status, code) = presses(url, fen + 15_000).await;
    assert_eq!(status, 200);
    assert!(code.contains("<svg"), "a code to scan: {code}");
    let (_, again) = presses(url, fen + 15_000).await;
    assert!(again.contains("<svg"), "the second click shows the same");

    let orders = app.levers.look("orders").await["orders"].as_array().unwrap().clone();
    assert_eq!(orders.len(), 1, "one order: {orders:?}");
    let payment_no = orders[0]["outTradeNo"].as_str().unwrap();
    app.levers.pays(payment_no).await;
    eventually("two receipts: theirs, not the payer's", || async {
        let paid = citizen.payment(payment_no).await;
        (paid["receipts"].as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    let (_, done) = page(url).await;
    assert!(!done.contains("<svg") && done.contains("已"), "{done}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_end_and_cannot_be_guessed() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, _) = citizen.finds_fine().await;
    let refused = link(&citizen, &["12"]).await;
    assert_eq!(codes(&refused), ["INVALID"]);
    let nobody = citizen.anonymous();
    let input = json!({ "noticeNos": [fine], "idempotencyKey": "link-0001" });
    let answer = nobody.try_mutation("createPayLink", "CreatePayLinkInput", "link{url}", &input);
    assert_eq!(answer.await["errors"][0]["extensions"]["code"], "NOT_SIGNED_IN");

    let made = link(&citizen, &[&fine]).await;
    let again = link(&citizen, &[&fine]).await;
    assert_eq!(page(again["link"]["url"].as_str().unwrap()).await.0, 200, "the same once more");
    let for_another_act = citizen.starts_face_check(&format!("link-{fine}")).await;
    assert_eq!(codes(&for_another_act), ["IDEMPOTENCY_KEY_REUSED"]);
    let url = made["link"]["url"].as_str().unwrap();
    let mut bent = url.to_owned();
    let last = bent.pop().unwrap();
    bent.push(if last == 'A' { 'B' } else { 'A' });
    assert_eq!(page(&bent).await.0, 404);
    assert_eq!(page(&format!("{}/pay/x", app.node.base_url)).await.0, 404);
    app.levers.advance(8 * 24 * 3_600).await;
    let (status, shown) = page(url).await;
    assert_eq!(status, 410, "{shown}");
    assert!(shown.contains("重新发起"), "{shown}");
    app.finish().await;
}
