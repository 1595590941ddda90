//! The benchmark's generator of load: one thread, HTTP/1.1 with keep-alive over as many
//! connections as the plan names, each sending its next request when the one before was answered.
//! Reads the plan from standard input as JSON, writes what it measured to standard output.
#![expect(clippy::unwrap_used, reason = "a program of the suites: a panic is how it fails")]

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::io::Read as _;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Stands for a number that no other request has, where a request must not be like another.
const PLACE: &[u8] = b"@@@@@@@@";

#[derive(Deserialize)]
struct Plan {
    /// `127.0.0.1:8080`.
    addr: String,
    /// Until then nothing counts.
    warm_ms: u64,
    /// So long it is counted.
    run_ms: u64,
    /// The first number that stands in the place of `@@@@@@@@`.
    from: u64,
    /// What every answer must have in it; empty: only the status is looked at.
    must_have: String,
    /// For each connection its requests, whole, sent in turns.
    connections: Vec<Vec<String>>,
}

#[derive(Serialize, Default)]
struct Measured {
    /// Answered within the time that counts.
    answers: u64,
    /// Bytes of these answers with their heads.
    bytes: u64,
    /// Answers of another status than 200, or without what they must have.
    wrong: u64,
    /// The first of them.
    first_wrong: String,
    /// How long it was counted.
    seconds: f64,
    p50_us: u64,
    p99_us: u64,
    #[serde(skip)]
    times_us: Vec<u64>,
}

struct Shared {
    next: u64,
    measured: Measured,
}

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let plan: Plan = serde_json::from_str(&text).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    let mut measured = local.block_on(&runtime, run(Rc::new(plan)));
    measured.times_us.sort_unstable();
    let at = |share: f64| {
        let last = measured.times_us.len().saturating_sub(1);
        measured.times_us.get((last as f64 * share) as usize).copied().unwrap_or_default()
    };
    (measured.p50_us, measured.p99_us) = (at(0.5), at(0.99));
    println!("{}", serde_json::to_string(&measured).unwrap());
}

async fn run(plan: Rc<Plan>) -> Measured {
    let start = Instant::now() + Duration::from_millis(plan.warm_ms);
    let end = start + Duration::from_millis(plan.run_ms);
    let shared = Shared { next: plan.from, measured: Measured::default() };
    let shared = Rc::new(RefCell::new(shared));
    let tasks: Vec<_> = (0..plan.connections.len())
        .map(|at| {
            let (plan, shared) = (Rc::clone(&plan), Rc::clone(&shared));
            tokio::task::spawn_local(async move { one(&plan, at, &shared, start, end).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut measured = std::mem::take(&mut shared.borrow_mut().measured);
    measured.seconds = (end - start).as_secs_f64();
    measured
}

/// One connection from its first request to the end of the time.
async fn one(plan: &Plan, at: usize, shared: &RefCell<Shared>, start: Instant, end: Instant) {
    let mut stream = TcpStream::connect(&plan.addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = Answer { bytes: vec![0; 64 * 1024], length: 0 };
    let mut request = Vec::new();
    for sent in plan.connections[at].iter().cycle() {
        request.clear();
        request.extend_from_slice(sent.as_bytes());
        number(&mut request, shared);
        let begun = Instant::now();
        if begun >= end {
            return;
        }
        stream.write_all(&request).await.unwrap();
        answer.read(&mut stream).await;
        let done = Instant::now();
        if done < start || done >= end {
            continue;
        }
        let bytes = &answer.bytes[..answer.length];
        let must_have = plan.must_have.as_bytes();
        let right = bytes.starts_with(b"HTTP/1.1 200 ")
            && (must_have.is_empty() || find(bytes, must_have).is_some());
        let measured = &mut shared.borrow_mut().measured;
        if !right && measured.wrong == 0 {
            measured.first_wrong = String::from_utf8_lossy(bytes).into_owned();
        }
        measured.answers += 1;
        measured.bytes += answer.length as u64;
        measured.wrong += u64::from(!right);
        let micros = (done - begun).as_micros();
        measured.times_us.push(u64::try_from(micros).unwrap_or(u64::MAX));
    }
}

/// Writes the next number over every place for one.
fn number(request: &mut [u8], shared: &RefCell<Shared>) {
    let Some(mut at) = find(request, PLACE) else { return };
    let mut shared = shared.borrow_mut();
    let digits = format!("{:08}", shared.next);
    shared.next += 1;
    loop {
        request[at..at + PLACE.len()].copy_from_slice(digits.as_bytes());
        match find(&request[at..], PLACE) {
            Some(further) => at += further,
            None => return,
        }
    }
}

struct Answer {
    bytes: Vec<u8>,
    length: usize,
}

impl Answer {
    /// Reads one answer: with its length in the head, or in chunks.
    async fn read(&mut self, stream: &mut TcpStream) {
        self.length = 0;
        let mut whole = None;
        loop {
            if self.length == self.bytes.len() {
                self.bytes.resize(self.bytes.len() * 2, 0);
            }
            let read = stream.read(&mut self.bytes[self.length..]).await.unwrap();
            assert!(read > 0, "the server hung up");
            self.length += read;
            let bytes = &self.bytes[..self.length];
            if whole.is_none() {
                whole = find(bytes, b"\r\n\r\n").map(|end| Whole::of(&bytes[..end + 4]));
            }
            match whole {
                Some(Whole::Bytes(length)) if bytes.len() >= length => return,
                Some(Whole::Chunks) if bytes.ends_with(b"\r\n0\r\n\r\n") => return,
                Some(Whole::Bytes(_) | Whole::Chunks) | None => {}
            }
        }
    }
}

/// Where an answer ends.
#[derive(Clone, Copy)]
enum Whole {
    Bytes(usize),
    Chunks,
}

impl Whole {
    fn of(head: &[u8]) -> Self {
        let text = std::str::from_utf8(head).unwrap();
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        length.map_or(Self::Chunks, |length: usize| Self::Bytes(head.len() + length))
    }
}

/// Where `what` begins. Looks for its first byte first: heads and bodies are long.
fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let (first, mut from) = (*what.first()?, 0);
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        from += at;
        if bytes[from..].starts_with(what) {
            return Some(from);
        }
        from += 1;
    }
    None
}
