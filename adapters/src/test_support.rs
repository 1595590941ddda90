//! What the adapters' unit tests share: peers that misbehave, and the vectors of the platforms.

use crate::http::{Deadlines, HttpClient};
use domain::clock::Clock;
use domain::payment::{CallbackRefused, RailCallback, RailCallbacks, StoredCallback};
use jiff::Timestamp;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// A client that gives up soon.
pub(crate) fn quick_client() -> HttpClient {
    let soon = Duration::from_millis(800);
    HttpClient::new(Deadlines { connect: soon, total: soon }).unwrap()
}

/// A file of the folder of test data.
pub(crate) fn test_data(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads a callback where the test is no task.
pub(crate) fn read_callback(
    reader: &dyn RailCallbacks,
    callback: &RailCallback,
    now: Timestamp,
) -> Result<Option<StoredCallback>, CallbackRefused> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(reader.read(callback, now))
}

/// Servers of one behaviour each; every function answers the base address.
pub(crate) struct Peer;

impl Peer {
    /// A port that nobody listens on.
    pub fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    /// Takes the request and closes the connection.
    pub fn hangs_up() -> String {
        Self::serve(|mut stream| {
            let _ = read_request(&mut stream);
        })
    }

    /// Takes the request and never answers.
    pub fn silent() -> String {
        Self::serve(|mut stream| {
            let _ = read_request(&mut stream);
            std::thread::sleep(Duration::from_secs(5));
        })
    }

    /// Answers every request with these bytes and closes.
    pub fn answers(raw: &str) -> String {
        let raw = raw.to_owned();
        Self::replies(move |_| raw.clone())
    }

    /// Answers as `reply` says, which sees the head and body of the request.
    pub fn replies(reply: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
        Self::serve(move |mut stream| {
            let request = read_request(&mut stream);
            let _ = stream.write_all(reply(&request).as_bytes());
        })
    }

    fn serve(behave: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let behave = std::sync::Arc::new(behave);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let behave = behave.clone();
                std::thread::spawn(move || behave(stream));
            }
        });
        base
    }
}

/// An answer with a JSON body.
pub(crate) fn json_answer(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).unwrap_or(0);
        seen.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if count == 0 {
                return text;
            }
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let named = name.eq_ignore_ascii_case("content-length");
            named.then(|| value.trim().parse::<usize>().ok()).flatten()
        });
        if count == 0 || body.len() >= length.unwrap_or(0) {
            return text;
        }
    }
}

/// A clock that stands still.
#[derive(Debug)]
pub(crate) struct StillClock(pub i64);

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0).unwrap()
    }
}

/// Public vectors of the platform, with their keys.
pub(crate) fn wechat_vectors() -> Value {
    serde_json::from_slice(&test_data("wechat_vectors.json")).unwrap()
}

/// Public vectors of Alipay and UnionPay, with their keys.
pub(crate) fn alipay_unionpay_vectors() -> Value {
    serde_json::from_slice(&test_data("alipay_unionpay_vectors.json")).unwrap()
}
