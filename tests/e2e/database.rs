//! A database that takes nothing more, or is gone: what can be shown is shown, no money is taken,
//! and whoever asks is told so.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::levers::{Http, eventually};
use tests::own_postgres::OwnPostgres;

/// Status and text of the readiness page.
async fn readiness(app: &TestApp) -> (u16, String) {
    Http::default().get(&format!("{}/readyz", app.node.base_url), &[]).await
}

async fn is_ready(app: &TestApp, status: u16, text: &str) {
    eventually(text, || async {
        let (code, said) = readiness(app).await;
        (code == status && said.starts_with(text)).then_some(())
    })
    .await;
}

/// Starting a payment is refused, truthfully: nothing was taken, and it can be tried later.
async fn refuses(app: &TestApp, citizen: &Citizen, wish: &Value) {
    let orders = app.levers.look("orders").await;
    let refused = citizen.tries_to_start(wish).await;
    let error = &refused["errors"][0];
    assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{refused}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("没有扣款") && message.contains("稍后再试"), "{message}");
    assert_eq!(app.levers.look("orders").await, orders, "and no order was placed");
}

/// What is stored and what the gateway knows can be seen.
async fn can_be_read(citizen: &Citizen, payment_no: &str, status: &str) {
    assert_eq!(citizen.payment_status(payment_no).await, status);
    assert_eq!(
        citizen.reads("{categories{slug}}").await["categories"].as_array().unwrap().len(),
        16
    );
    assert!(citizen.looks_up_violations().await.len() >= 2, "asked of others");
}

/// The same wish goes through when all is well again.
async fn recovers(app: &TestApp, citizen: &Citizen, wish: &Value) {
    is_ready(app, 200, "ready").await;
    let started = eventually("a payment", || async {
        let answer = citizen.tries_to_start(wish).await;
        answer["errors"].is_null().then(|| answer["data"]["startPayment"].clone())
    })
    .await;
    assert_eq!(started["userErrors"], json!([]), "{started}");
    let payment_no = started["payment"]["paymentNo"].as_str().unwrap();
    app.levers.pays(payment_no).await;
    citizen.waits_for_receipt(payment_no).await;
}

/// One payment that is paid, and one that is wished for.
async fn one_paid(app: &TestApp) -> (Citizen, String, Value) {
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let paid = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&paid).await;
    citizen.waits_for_receipt(&paid).await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let next = app.levers.notice(id, json!({ "amountFen": 15_000 })).await;
    (citizen, paid, Citizen::wish(&next, 15_000, "while-it-lasts"))
}

/// Fault case 26.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_read_only_for_a_while_takes_no_money_and_shows_what_it_has() {
    let app = TestApp::on_postgres().await;
    let (citizen, paid, wish) = one_paid(&app).await;
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let name = app.database_url.rsplit('/').next().unwrap();
    let read_only = |on: &str| {
        format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}; {others}")
    };
    app.tampers(&read_only("on")).await;
    is_ready(&app, 200, "read-only").await;
    refuses(&app, &citizen, &wish).await;
    can_be_read(&citizen, &paid, "PAID").await;
    let off = format!("SET transaction_read_only = off; {}", read_only("off"));
    app.tampers(&off).await;
    recovers(&app, &citizen, &wish).await;
    app.finish().await;
}

/// Fault case 26.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_for_a_while_takes_no_money_and_comes_back() {
    let server = OwnPostgres::start();
    let app = TestApp::over_database(server.url()).await;
    let (citizen, paid, wish) = one_paid(&app).await;
    server.stop();
    is_ready(&app, 503, "database").await;
    refuses(&app, &citizen, &wish).await;
    let http = Http::default();
    let (status, _) = http.get(&format!("{}/livez", app.node.base_url), &[]).await;
    assert_eq!(status, 200, "the process need not be restarted");
    let nobody = citizen.anonymous().reads("{categories{slug}}").await;
    assert_eq!(nobody["categories"].as_array().unwrap().len(), 16, "what needs no database");
    server.start_again();
    recovers(&app, &citizen, &wish).await;
    can_be_read(&citizen, &paid, "PAID").await;
    app.finish().await;
}

/// Fault case 27.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_no_money_and_shows_what_is_there() {
    let app = TestApp::start().await;
    let (citizen, paid, _) = one_paid(&app).await;
    let id = citizen.facts["citizenId"].as_str().unwrap().to_owned();
    // From now on the file may not grow; what is free within it is used up by payments.
    app.node.store.limit_pages(1).await.unwrap();
    let mut tries = 0;
    let wish = loop {
        let notice = app.levers.notice(&id, json!({ "amountFen": 15_000 })).await;
        let wish = Citizen::wish(&notice, 15_000, &format!("until-it-is-full-{tries}"));
        let answer = citizen.tries_to_start(&wish).await;
        if !answer["errors"].is_null() {
            break wish;
        }
        tries += 1;
        assert!(tries < 500, "never full");
    };
    refuses(&app, &citizen, &wish).await;
    is_ready(&app, 200, "read-only").await;
    can_be_read(&citizen, &paid, "PAID").await;
    app.node.store.limit_pages(u32::MAX - 1).await.unwrap();
    recovers(&app, &citizen, &wish).await;
    app.finish().await;
}
