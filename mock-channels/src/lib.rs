//! Every platform that the backend speaks to, played in one process on one address:
//! the WeChat mini-program platform, WeChat Pay (API version 3), Alipay (versions 2 and 3),
//! UnionPay (version 5.1.0), the non-tax payment gateway,
//! the departments' exchange and an express carrier, with levers for testers under `/control` and a panel at `/`.
//!
//! Written from the platforms' own documents and importing nothing of the product, so that a
//! wrong belief in an adapter meets another opinion here instead of its own.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use tokio::task::JoinHandle;

pub use clock::MockClock;
pub use onboarding::{
    AlipayOnboarding, ExchangeOnboarding, ExpressOnboarding, GatewayKey, GatewayOnboarding,
    Onboarding, UnionPayOnboarding, WeChatOnboarding, WeChatPayOnboarding,
};
pub use script::LineFault;

mod alipay;
mod callbacks;
mod clock;
mod control;
mod crypto;
mod exchange;
mod express;
mod face;
mod faults;
mod gateway;
mod onboarding;
mod outside;
mod panel;
pub mod plant;
mod script;
mod server;
#[cfg(test)]
mod tests;
mod unionpay;
#[cfg(test)]
mod vectors;
mod wechat;
mod wechat_pay;
mod world;

use outside::{OpenError, Outside};

/// How the outside world is started.
#[derive(Debug, Clone, Default)]
pub struct MockSettings {
    /// Where to listen, for example `127.0.0.1:0`.
    pub addr: String,
    /// Where to keep the outside world over restarts; nowhere when empty.
    pub state_file: Option<PathBuf>,
    /// Virtual time at the first start; real time when empty. A state file that exists has its
    /// own time, and time never goes back.
    pub start_at_ms: Option<i64>,
}

/// Why the mock channels did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not one, or not free.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address as it was given.
        addr: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The mock hands out keys and obeys anybody, so it must not be reachable from outside.
    #[error("{addr} is not a loopback address, and the mock channels serve no other")]
    NotLoopback {
        /// The address as it was given.
        addr: String,
    },
    /// State file, keys or HTTP client are unusable.
    #[error("the outside world cannot be set up")]
    World(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        Self::World(Box::new(error))
    }
}

/// The running mock channels.
pub struct MockChannels {
    addr: SocketAddr,
    outside: Arc<Outside>,
    server: ServerHandle,
    scheduler: JoinHandle<()>,
    script: JoinHandle<()>,
}

/// Why a fault script was not loaded: every fault of it, with its line.
#[derive(Debug, thiserror::Error)]
#[error("the fault script is refused: {}", lines(.0))]
pub struct ScriptError(
    /// What is wrong, in the order of the lines.
    pub Vec<LineFault>,
);

fn lines(faults: &[LineFault]) -> String {
    let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
    words.join("; ")
}

impl MockChannels {
    /// Listens and serves in the background of the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be served or the state file not be used.
    pub async fn start(settings: MockSettings) -> Result<Self, StartError> {
        let (listener, addr) = listen(&settings.addr)?;
        let base_url = format!("http://{addr}");
        // Making RSA keys is real work: it must not hold up whatever else this runtime serves.
        let opened = tokio::task::spawn_blocking(move || {
            Outside::open(settings.state_file, settings.start_at_ms, &base_url)
        })
        .await
        .map_err(|panicked| StartError::World(Box::new(panicked)))?;
        let outside = Arc::new(opened?);
        let running = server::serve(listener, Arc::clone(&outside))
            .map_err(|source| StartError::Listen { addr: addr.to_string(), source })?;
        let server = running.handle();
        tokio::spawn(running);
        let scheduler = tokio::spawn(callbacks::run(Arc::clone(&outside)));
        let script = tokio::spawn(script::run(Arc::clone(&outside)));
        Ok(Self { addr, outside, server, scheduler, script })
    }

    /// The address that is served, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://` and the address.
    pub fn base_url(&self) -> String {
        self.outside.onboarding.base_url.clone()
    }

    /// What the platforms hand to the merchant.
    pub fn onboarding(&self) -> Onboarding {
        self.outside.onboarding.clone()
    }

    /// The clock of the outside world; a backend in demo mode may follow it.
    pub fn clock(&self) -> MockClock {
        self.outside.clock.clone()
    }

    /// Loads a fault script in place of the one before. The text that was kept with the world goes
    /// on where it was, so that a restart does not begin it anew.
    ///
    /// # Errors
    /// When any line of it is wrong; nothing is loaded then.
    pub fn load_script(&self, text: &str) -> Result<(), ScriptError> {
        script::resume(&self.outside, text).map_err(ScriptError)
    }

    /// Stops the server and the scheduler of callbacks, without waiting for open requests.
    pub async fn stop(self) {
        self.scheduler.abort();
        self.script.abort();
        self.server.stop(false).await;
    }
}

fn listen(addr: &str) -> Result<(TcpListener, SocketAddr), StartError> {
    let refused = |source| StartError::Listen { addr: addr.to_owned(), source };
    let listener = TcpListener::bind(addr).map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    if !bound.ip().is_loopback() {
        return Err(StartError::NotLoopback { addr: addr.to_owned() });
    }
    Ok((listener, bound))
}
