//! Benchmarks: side by side in one run, with their spread. Writes docs/results/.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use domain::fakes::samples;
use domain::money::Fen;
use domain::payment::{MerchantIdentity, RailTxn};
use domain::reconciliation::{
    LedgerLine, MatchInput, Statement, StatementLine, Trailer, match_rail,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use tests::app::TestApp;

mod home;
mod reconciliation;
mod refusals;
mod rivals;
mod search;
mod settle;

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn figures() {
    let mut body = String::from(
        "Client and server share the machine; read the ratios, not the rates.\n\n\
         ## Requests a second over loopback\n\n",
    );
    requests(&mut body).await;
    body.push_str("\n## Matching a day's statement\n\n");
    matching(&mut body);
    tests::results::write("bench", &body);
}

fn median(mut of: Vec<f64>) -> (f64, f64, f64) {
    of.sort_by(f64::total_cmp);
    (of[of.len() / 2], of[0], of[of.len() - 1])
}

async fn requests(body: &mut String) {
    let app = TestApp::start().await;
    let base = app.node.base_url.clone();
    let catalogue =
        format!("{base}/graphql?query=%7Bcategories%7Bslug%20name%20apps%7Bslug%20kind%7D%7D%7D");
    let typename = format!("{base}/graphql?query=%7B__typename%7D");
    let cases = [
        ("`/livez`", format!("{base}/livez")),
        ("`{__typename}`", typename),
        ("16 categories with 153 apps", catalogue),
    ];
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for (case, (_, url)) in cases.iter().enumerate() {
            rates[case].push(rate(url).await);
        }
    }
    body.push_str("| request | median | least | most | of `/livez` |\n|---|---|---|---|---|\n");
    let (ceiling, ..) = median(rates[0].clone());
    for ((name, _), rates) in cases.iter().zip(rates) {
        let (mid, least, most) = median(rates);
        let share = mid / ceiling;
        writeln!(body, "| {name} | {mid:.0} | {least:.0} | {most:.0} | {share:.2} |").unwrap();
    }
    app.finish().await;
}

async fn rate(url: &str) -> f64 {
    let started = Instant::now();
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let url = url.to_owned();
            tokio::spawn(async move {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                let mut done = 0_u32;
                while started.elapsed() < ROUND {
                    let answer = client.get(&url).send().await.unwrap();
                    assert!(answer.status().is_success());
                    answer.bytes().await.unwrap();
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await.unwrap();
    }
    f64::from(done) / started.elapsed().as_secs_f64()
}

fn matching(body: &mut String) {
    body.push_str("| lines | median ms | least | most |\n|---|---|---|---|\n");
    let mut medians = Vec::new();
    for lines in [50_000, 100_000, 200_000] {
        let (statement, ledger) = a_day(lines);
        let merchant = MerchantIdentity {
            merchant_no: samples::MERCHANT_NO.to_owned(),
            app_ids: vec![samples::APP_ID.to_owned()],
        };
        let (known, refunds) = (BTreeMap::new(), BTreeMap::new());
        let input = MatchInput {
            statement: &statement,
            merchant: &merchant,
            ledger: &ledger,
            known: &known,
            refunds: &refunds,
        };
        let times = (0..ROUNDS).map(|_| {
            let started = Instant::now();
            let (buckets, found) = match_rail(&input);
            assert_eq!((buckets.len(), found.len()), (statement.lines.len(), 0));
            started.elapsed().as_secs_f64() * 1_000.0
        });
        let (mid, least, most) = median(times.collect());
        medians.push(mid);
        writeln!(body, "| {lines} | {mid:.1} | {least:.1} | {most:.1} |").unwrap();
    }
    writeln!(body, "\nTwice the lines: {:.2} times the time.", medians[2] / medians[1]).unwrap();
}

fn a_day(lines: u32) -> (Statement, Vec<LedgerLine>) {
    let line = |i: u32| StatementLine {
        line_no: i + 2,
        refund: None,
        order_no: format!("YW{i:026}"),
        txn: format!("4200{i:024}"),
        app_id: samples::APP_ID.to_owned(),
        merchant_no: samples::MERCHANT_NO.to_owned(),
        amount: Fen::new(100 + i64::from(i % 500)),
        fee: Fen::ZERO,
        at: samples::at(10),
        raw: String::new(),
    };
    let booked = |line: &StatementLine| LedgerLine {
        payment_no: samples::payment_no(&line.order_no),
        txn: RailTxn::new(&line.txn).unwrap(),
        amount: line.amount,
        at: line.at,
    };
    let lines: Vec<_> = (0..lines).map(line).collect();
    let ledger = lines.iter().rev().map(booked).collect();
    let trailer = Trailer {
        count: u32::try_from(lines.len()).unwrap(),
        paid: Fen::ZERO,
        refunded: Fen::ZERO,
    };
    (Statement { lines, trailer, ..Statement::empty() }, ledger)
}
