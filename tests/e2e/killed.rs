//! The real binary, killed at the worst moments.

use serde_json::{Value, json};
use tests::citizen::{Citizen, codes};
use tests::killed::{World, killed_around_the_callback};
use tests::levers::eventually;

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
    // Its quarter of an hour, and as long as clocks and last orders may differ.
    world.levers.advance(23 * 60).await;
    citizen.waits_for(&payment_no, "CLOSED").await;
    process.kill();
}

/// Fault case 5.
#[tokio::test(flavor = "multi_thread")]
async fn killed_around_the_callback_the_money_counts_exactly_once() {
    killed_around_the_callback(&[0, 1, 2, 4, 8, 15, 30, 60, 120, 400]).await;
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
