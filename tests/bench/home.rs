//! How long the home page takes, with everything well and with the gateway hanging.

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Instant;
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::home_page::busy;

const CITIZENS: usize = 8;
const EACH: usize = 100;
const ROUNDS: usize = 3;
const HOME: &str = "{home(region:\"330100\"){categories{slug name apps{slug name kind availability\
     {status reason until}}} hot{slug name} favourites{apps{slug} unavailable{reason}} \
     recent{apps{slug} unavailable{reason}} \
     notices{nodes{noticeNo title total{fen} due status} more unavailable{reason retryAfterMs}} \
     cases{nodes{caseNo title status promisedOn} unavailable{reason}} \
     bookings{nodes{bookingNo title status startsAt} unavailable{reason}} \
     messages{nodes{title body at read} unread unavailable{reason}}}}";

#[tokio::test(flavor = "multi_thread")]
async fn the_home_page_with_the_gateway_hanging() {
    let app = TestApp::start().await;
    let mut citizens = Vec::new();
    for _ in 0..CITIZENS {
        citizens.push(busy(&app).await.0);
    }
    let cases = [("everything is well", None), ("the gateway hangs", Some("silent"))];
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for (case, (_, fault)) in cases.iter().enumerate() {
            if let Some(fault) = fault {
                app.levers.fault("gateway", "Get_AppPay_Infos", fault, 1_000_000).await;
            }
            times[case].extend(round(&citizens, fault.is_some()).await);
            app.levers.clear_faults().await;
        }
    }
    let mut body = format!(
        "The home page of {CITIZENS} citizens at once: 16 categories with every app and its \
         availability, hot, favourites, recent, open notices, running cases, appointments, \
         messages; {EACH} pages each, {ROUNDS} rounds \
         side by side, over loopback, client and server on one machine. Each part may take 250 ms; \
         the mock gateway hangs for a minute on each call.\n\n\
         | case | pages | median ms | p90 | p99 | most |\n|---|---|---|---|---|---|\n"
    );
    let mut hanging_p99 = 0.0;
    for ((name, fault), mut of) in cases.iter().zip(times) {
        of.sort_by(f64::total_cmp);
        let at = |share: f64| of[(((of.len() - 1) as f64) * share) as usize];
        let (mid, p90, p99, most) = (at(0.5), at(0.9), at(0.99), at(1.0));
        writeln!(body, "| {name} | {} | {mid:.1} | {p90:.1} | {p99:.1} | {most:.1} |", of.len())
            .unwrap();
        if fault.is_some() {
            hanging_p99 = p99;
        }
    }
    writeln!(body, "\nAim: p99 under 300 ms with one department hanging: {hanging_p99:.1} ms.")
        .unwrap();
    tests::results::write("home", &body);
    app.node.stop().await;
    app.mocks.stop().await;
}

/// Milliseconds of every page.
async fn round(citizens: &[Citizen], hangs: bool) -> Vec<f64> {
    let tasks = citizens.iter().cloned().map(|citizen| {
        tokio::spawn(async move {
            let mut times = Vec::new();
            for _ in 0..EACH {
                let started = Instant::now();
                let page = citizen.ask(HOME, json!({})).await;
                times.push(started.elapsed().as_secs_f64() * 1_000.0);
                assert!(page["errors"].is_null(), "{page}");
                let home = &page["data"]["home"];
                assert_eq!(home["categories"].as_array().unwrap().len(), 16);
                assert!(home["favourites"]["apps"].is_array(), "{home}");
                for own in ["cases", "bookings", "messages"] {
                    let nodes = home[own]["nodes"].as_array();
                    assert!(nodes.is_some_and(|nodes| !nodes.is_empty()), "{own}: {home}");
                }
                let missing = home["notices"]["nodes"] == Value::Null;
                assert_eq!(missing, hangs, "{}", home["notices"]);
            }
            times
        })
    });
    let mut all = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        all.extend(task.await.unwrap());
    }
    all
}
