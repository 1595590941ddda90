//! What refusing costs: each document and body of an attacker, by the guard alone and over a
//! socket, beside the smallest good question.

use super::median;
use bff::guard;
use serde_json::json;
use std::fmt::Write as _;
use std::time::Instant;
use tests::abuse::{Abuse, bodies, documents};
use tests::app::TestApp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const ROUNDS: usize = 101;
const GOOD: &str = "{\"query\":\"{__typename}\"}";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_refusal_costs() {
    let app = TestApp::start().await;
    let host = app.node.base_url.strip_prefix("http://").unwrap().to_owned();
    let mut line = Line::to(&host).await;
    let mut body = format!(
        "Medians of {ROUNDS} rounds in turns over one kept connection; client and server share the \
         machine, so a round trip has the client's part in it: read it beside the first row. \
         `guard` is the time until the document is refused before it is validated; where it is not \
         the guard that refuses, it is the time that the guard took to let it pass.\n\n\
         | what is sent | bytes | guard µs | round trip µs | most |\n|---|---|---|---|---|\n"
    );
    let asked = |text: &str| json!({ "query": text }).to_string();
    let documents = documents().into_iter().map(|Abuse { name, text }| {
        let sent = asked(&text);
        (name, Some(text), sent)
    });
    let bodies = bodies().into_iter().map(|Abuse { name, text }| (name, None, text));
    let good = ("`{__typename}`, answered", Some("{__typename}".to_owned()), GOOD.to_owned());
    let all: Vec<_> = std::iter::once(good).chain(documents).chain(bodies).collect();
    let mut trips = vec![Vec::with_capacity(ROUNDS); all.len()];
    for _ in 0..ROUNDS {
        for ((_, _, sent), trips) in all.iter().zip(&mut trips) {
            trips.push(line.round_trip_us(&host, sent).await);
        }
    }
    for ((name, document, sent), trips) in all.iter().zip(trips) {
        let guard = document.as_deref().map_or_else(
            || "-".to_owned(),
            |text| {
                let times = (0..ROUNDS).map(|_| guard_us(text)).collect();
                format!("{:.1}", median(times).0)
            },
        );
        let (mid, _, most) = median(trips);
        writeln!(body, "| {name} | {} | {guard} | {mid:.0} | {most:.0} |", sent.len()).unwrap();
    }
    app.finish().await;
    tests::results::write("refusals", &body);
}

fn guard_us(text: &str) -> f64 {
    let started = Instant::now();
    let admitted = guard::admit(std::hint::black_box(text)).is_ok();
    std::hint::black_box(admitted);
    started.elapsed().as_secs_f64() * 1e6
}

/// One kept connection.
struct Line(BufReader<TcpStream>);

impl Line {
    async fn to(host: &str) -> Self {
        let stream = TcpStream::connect(host).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    async fn round_trip_us(&mut self, host: &str, body: &str) -> f64 {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let sent = [head.as_bytes(), body.as_bytes()].concat();
        let started = Instant::now();
        // What is refused by its head alone is answered before all of it is sent.
        let _ = self.0.write_all(&sent).await;
        let closed = self.answer().await;
        let us = started.elapsed().as_secs_f64() * 1e6;
        if closed {
            *self = Self::to(host).await;
        }
        us
    }

    /// Reads one answer; says whether the other end closes after it.
    async fn answer(&mut self) -> bool {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return true,
            }
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let value = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned())
        };
        let length: usize = value("content-length:").unwrap().parse().unwrap();
        let mut rest = vec![0; length];
        let gone = self.0.read_exact(&mut rest).await.is_err();
        gone || value("connection:").is_some_and(|value| value == "close")
    }
}
