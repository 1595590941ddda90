//! The real binary, killed at the worst moments.

use mock_channels::{MockChannels, MockSettings};
use serde_json::{Value, json};
use std::time::Duration;
use tests::app::{Folder, START_MS};
use tests::citizen::{Citizen, codes};
use tests::levers::{Levers, eventually};
use tests::node::{Process, free_port};

struct World {
    mocks: MockChannels,
    levers: Levers,
    folder: Folder,
    port: u16,
}

impl World {
    async fn start() -> (Self, Process) {
        let mocks = MockChannels::start(MockSettings {
            addr: "127.0.0.1:0".to_owned(),
            state_file: None,
            start_at_ms: Some(START_MS),
        });
        let mocks = mocks.await.unwrap();
        let levers = Levers::of(&mocks.base_url());
        let world = Self { mocks, levers, folder: Folder::fresh(), port: free_port() };
        let process = world.process().await;
        (world, process)
    }

    async fn process(&self) -> Process {
        Process::start(&self.folder, self.port, &self.mocks).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_storing_the_attempt_and_asking_the_rail() {
    let (world, process) = World::start().await;
    let citizen = Citizen::arrives(&process.base_url, &world.levers).await;
    let (fine, fen) = citizen.finds_fine().await;
    // The rail takes the connection and does nothing with it: the attempt is stored, not placed.
    world.levers.fault("wechat-pay", "prepay", "silent", 1).await;
    let wish = Citizen::wish(&fine, fen, "killed-too-early");
    let asking = {
        let (citizen, wish) = (citizen.clone(), wish.clone());
        tokio::spawn(async move { citizen.starts_on_a_dying_server(&wish).await })
    };
    let stored = eventually("a stored attempt", || async {
        let data = citizen.reads("{viewer{payments{nodes{paymentNo status}}}}").await;
        let first = data["viewer"]["payments"]["nodes"].get(0)?.clone();
        Some(first["paymentNo"].as_str()?.to_owned())
    })
    .await;
    process.kill();
    assert_eq!(asking.await.unwrap(), None, "nobody was told anything");
    assert_eq!(world.levers.look("orders").await["orders"], json!([]), "the rail has no order");

    let process = world.process().await;
    assert_eq!(citizen.payment_status(&stored).await, "SUBMITTED", "it survived");
    let again = citizen.starts(&wish).await;
    assert_eq!(again["payment"]["paymentNo"], stored.as_str(), "the same number goes on: {again}");
    assert!(again["cashier"]["paySign"].is_string(), "{again}");
    world.levers.pays(&stored).await;
    citizen.waits_for_receipt(&stored).await;
    process.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_never_reached_the_rail_is_closed_in_the_end() {
    let (world, process) = World::start().await;
    let citizen = Citizen::arrives(&process.base_url, &world.levers).await;
    let (fine, fen) = citizen.finds_fine().await;
    world.levers.fault("wechat-pay", "prepay", "silent", 2).await;
    let wish = Citizen::wish(&fine, fen, "never-arrived");
    let unknown = citizen.starts(&wish).await;
    assert_eq!(codes(&unknown), ["OUTCOME_UNKNOWN"]);
    let payment_no = unknown["payment"]["paymentNo"].as_str().unwrap().to_owned();
    process.kill();
    let process = world.process().await;
    world.levers.advance(18 * 60).await;
    citizen.waits_for(&payment_no, "CLOSED").await;
    process.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_around_the_callback_the_money_counts_exactly_once() {
    let (world, mut process) = World::start().await;
    let citizen = Citizen::arrives(&process.base_url, &world.levers).await;
    let id = citizen.facts["citizenId"].as_str().unwrap().to_owned();
    let mut paid: Vec<(String, String)> = Vec::new();
    // A sweep over the moments around storing, applying and committing a callback.
    for delay_ms in [0, 1, 2, 4, 8, 15, 30, 60, 120, 400] {
        let fine = world.levers.notice(&id, json!({ "amountFen": 5_000 + delay_ms })).await;
        let payment_no = citizen.starts_paying(&fine, 5_000 + delay_ms).await;
        world.levers.pays(&payment_no).await;
        tokio::time::sleep(Duration::from_millis(u64::try_from(delay_ms).unwrap())).await;
        process.kill();
        process = world.process().await;
        world.levers.advance(20).await;
        paid.push((payment_no, fine));
    }
    for (payment_no, fine) in &paid {
        let payment = citizen.waits_for_receipt(payment_no).await;
        let times = |status: &str| {
            let history = payment["history"].as_array().unwrap();
            history.iter().filter(|event| event["status"] == status).count()
        };
        assert_eq!(times("PAID"), 1, "{payment}");
        assert_eq!(payment["receipts"].as_array().unwrap().len(), 1, "{payment}");
        let gateway = world.levers.gateway_notice(fine).await;
        assert_eq!(gateway["state"], "PAID");
        assert_eq!(gateway["receipts"].as_array().unwrap().len(), 1, "{gateway}");
    }
    process.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_stop_answers_what_is_in_flight() {
    let (world, process) = World::start().await;
    let citizen = Citizen::arrives(&process.base_url, &world.levers).await;
    let (fine, fen) = citizen.finds_fine().await;
    world.levers.fault("wechat-pay", "prepay", "slow", 1).await;
    let wish = Citizen::wish(&fine, fen, "while-stopping");
    let asking = {
        let citizen = citizen.clone();
        tokio::spawn(async move { citizen.starts_on_a_dying_server(&wish).await })
    };
    eventually("the order on its way", || async {
        let orders: Value = world.levers.look("orders").await;
        orders["orders"].as_array().is_some_and(|all| !all.is_empty()).then_some(())
    })
    .await;
    process.terminate().await;
    let answer = asking.await.unwrap().expect("answered before the end");
    let cashier = &answer["data"]["startPayment"]["cashier"];
    assert!(cashier["paySign"].is_string(), "{answer}");
}
