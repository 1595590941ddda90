//! Callbacks, signed by the platform beforehand, and their delivery.

use super::{CLIENTS, PAYMENTS};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use mock_channels::{MockChannels, Onboarding};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Instant;
use tests::app::TestApp;
use tests::levers::Levers;
use tokio::task::JoinSet;

/// Of the payment that the genuine callback told of, and so of all.
pub const FEN: i64 = 20_600;

/// A platform that has told of one payment, and tells the same of others when asked.
pub struct Letters {
    levers: Levers,
    pub mocks: MockChannels,
    callback: String,
    sink: String,
    caught: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// The number of the payment at this place.
pub fn payment_no(place: u32) -> String {
    format!("YW{place:026}")
}

type Caught = web::Data<Mutex<Vec<Vec<u8>>>>;

/// Takes a callback down, as the bytes of the request that it was.
async fn catch(request: HttpRequest, body: web::Bytes, caught: Caught) -> HttpResponse {
    let mut bytes = b"POST /callbacks/wechat-pay HTTP/1.1\r\nhost: 127.0.0.1\r\n".to_vec();
    for (name, value) in request.headers() {
        let name = name.as_str();
        if name.starts_with("wechatpay-") || name == "content-type" {
            write!(bytes, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
        }
    }
    write!(bytes, "content-length: {}\r\n\r\n", body.len()).unwrap();
    bytes.extend_from_slice(&body);
    caught.lock().unwrap().push(bytes);
    HttpResponse::Ok().finish()
}

impl Letters {
    /// Pays once for real.
    pub async fn begin() -> Self {
        let app = TestApp::start().await;
        let citizen = app.citizen().await;
        let id = citizen.facts["citizenId"].as_str().unwrap();
        let notice = app.levers.notice(id, json!({ "amountFen": FEN })).await;
        let no = citizen.starts_paying(&notice, FEN).await;
        app.levers.pays(&no).await;
        citizen.waits_for(&no, "PAID").await;
        let callback = app.levers.newest_callback().await;
        let TestApp { node, mocks, levers, .. } = app;
        node.stop().await;
        let caught = Caught::new(Mutex::new(Vec::new()));
        let kept = caught.clone().into_inner();
        let sink = HttpServer::new(move || {
            App::new().app_data(caught.clone()).default_service(web::to(catch))
        });
        let sink = sink.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let addr = sink.addrs()[0];
        tokio::spawn(sink.run());
        Self { levers, mocks, callback, sink: format!("http://{addr}/"), caught: kept }
    }

    /// The platforms, but for the gateway, which is away: how many write-offs it takes a second is
    /// another question.
    pub fn onboarding(&self) -> Onboarding {
        let mut onboarding = self.mocks.onboarding();
        onboarding.gateway.base_url = format!("http://127.0.0.1:{}", tests::node::free_port());
        onboarding
    }

    /// Signs a callback for each of these payments, now.
    pub async fn sign(&self, places: std::ops::Range<u32>) -> Vec<Vec<u8>> {
        let count = places.len();
        let mut tasks = JoinSet::new();
        for share in 0..8 {
            let places = places.clone().skip(share).step_by(8);
            let (levers, callback) = (self.levers.clone(), self.callback.clone());
            let to = json!([self.sink]);
            tasks.spawn(async move {
                for place in places {
                    let forge = json!({ "outTradeNo": payment_no(place) });
                    let statuses =
                        levers.releases(&callback, json!({ "to": to, "forge": forge })).await;
                    assert_eq!(statuses, [200]);
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        let letters = std::mem::take(&mut *self.caught.lock().unwrap());
        assert_eq!(letters.len(), count);
        letters
    }
}

/// Delivers all of them over [`CLIENTS`] connections, each when the one before was answered.
/// Answers when the first byte was sent.
pub fn deliver(addr: &str, letters: &[Vec<u8>]) -> Instant {
    let clients = usize::try_from(CLIENTS).unwrap();
    let share = letters.len().div_ceil(clients);
    let shares: Vec<_> = letters.chunks(share).collect();
    let ready = Barrier::new(shares.len() + 1);
    std::thread::scope(|scope| {
        for share in shares {
            let ready = &ready;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(addr).unwrap();
                stream.set_nodelay(true).unwrap();
                ready.wait();
                share.iter().for_each(|letter| answered(&mut stream, letter));
            });
        }
        ready.wait();
        Instant::now()
    })
}

fn answered(stream: &mut TcpStream, letter: &[u8]) {
    stream.write_all(letter).unwrap();
    let (mut answer, mut length) = ([0; 2048], 0);
    loop {
        let read = stream.read(&mut answer[length..]).unwrap();
        assert!(read > 0, "the server hung up");
        length += read;
        if whole(&answer[..length]) {
            assert!(answer.starts_with(b"HTTP/1.1 200 "), "not taken");
            return;
        }
    }
}

fn whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    answer.len() >= head + 4 + length
}

/// All that a round needs.
pub async fn all(letters: &Letters) -> Vec<Vec<u8>> {
    letters.sign(1..PAYMENTS + 1).await
}
