//! What this process counts, in Prometheus' text format at an address of its own: it is for
//! whoever watches the service and no business of the public.

use crate::http::front::counters::FrontCounters;
use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use adapters::departments::DepartmentWatch;
use domain::payment::{CallbackRefused, Rail, Received};
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// Who calls us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// A rail.
    Rail(Rail),
    /// The non-tax gateway.
    Gateway,
}

impl Platform {
    const ALL: [Self; 4] = [
        Self::Rail(Rail::WeChatPay),
        Self::Rail(Rail::Alipay),
        Self::Rail(Rail::UnionPay),
        Self::Gateway,
    ];

    fn code(self) -> &'static str {
        match self {
            Self::Rail(rail) => rail.code(),
            Self::Gateway => "GATEWAY",
        }
    }
}

/// Why a genuine callback was acknowledged and changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// It names an app, a merchant, an order or a refund that is not ours.
    Foreign,
    /// It names another amount, and the rail does not confirm it.
    AmountNotProved,
    /// It contradicts what we know.
    Contradicts,
}

impl Alarm {
    const ALL: [Self; 3] = [Self::Foreign, Self::AmountNotProved, Self::Contradicts];

    fn code(self) -> &'static str {
        match self {
            Self::Foreign => "FOREIGN",
            Self::AmountNotProved => "AMOUNT_NOT_PROVED",
            Self::Contradicts => "CONTRADICTS",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    platform: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    platform: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Turn {
    department: String,
    to: &'static str,
}

/// The counters. Each begins at nought with the process, and is there from its start: an alarm
/// on a rise sees the first one too; only departments are not known before one falls silent.
pub struct Metrics {
    registry: Registry,
    taken: Family<Outcome, Counter>,
    refused: Family<Reason, Counter>,
    alarmed: Family<Reason, Counter>,
    breakers: Family<Turn, Counter>,
    /// What the front counts of documents and answers.
    pub front: FrontCounters,
}

impl Default for Metrics {
    fn default() -> Self {
        let (taken, refused, alarmed) =
            (Family::default(), Family::<Reason, Counter>::default(), Family::default());
        for platform in Platform::ALL {
            for received in [Received::New, Received::Seen, Received::Ignored] {
                drop(taken.get_or_create(&outcome(platform, received)));
            }
            for why in [
                CallbackRefused::Malformed(""),
                CallbackRefused::UnknownKey,
                CallbackRefused::Stale,
                CallbackRefused::BadSignature,
                CallbackRefused::Undecryptable,
            ] {
                drop(refused.get_or_create(&refusal(platform, &why)));
            }
            for why in Alarm::ALL {
                drop(alarmed.get_or_create(&alarm(platform, why)));
            }
        }
        let mut registry = Registry::with_prefix("yiwang");
        registry.register(
            "callbacks_taken",
            "Genuine callbacks that were acknowledged: NEW, SEEN before, or IGNORED",
            taken.clone(),
        );
        registry.register(
            "callbacks_refused",
            "Callbacks that nothing proves to be the platform's; nothing of them is kept",
            refused.clone(),
        );
        registry.register(
            "callbacks_alarmed",
            "Genuine callbacks that are not ours or contradict us; nothing was changed",
            alarmed.clone(),
        );
        let breakers = Family::<Turn, Counter>::default();
        registry.register(
            "department_breaker_changes",
            "A department's breaker became OPEN (nobody asks), HALF_OPEN (one tries) or CLOSED",
            breakers.clone(),
        );
        let front = FrontCounters::default();
        front.register(&mut registry);
        Self { registry, taken, refused, alarmed, breakers, front }
    }
}

impl Metrics {
    /// A genuine callback was acknowledged.
    pub fn taken(&self, from: Platform, received: Received) {
        self.taken.get_or_create(&outcome(from, received)).inc();
    }

    /// A callback was not believed.
    pub fn refused(&self, from: Platform, why: &CallbackRefused) {
        self.refused.get_or_create(&refusal(from, why)).inc();
    }

    /// A genuine callback changed nothing, and somebody must look.
    pub fn alarmed(&self, from: Platform, why: Alarm) {
        self.alarmed.get_or_create(&alarm(from, why)).inc();
    }

    /// Counts what departments' breakers do.
    pub fn department_watch(&self) -> DepartmentWatch {
        let breakers = self.breakers.clone();
        Arc::new(move |department, state| {
            tracing::warn!(department, state = state.code(), "a department's breaker changed");
            let turn = Turn { department: department.to_owned(), to: state.code() };
            breakers.get_or_create(&turn).inc();
        })
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn outcome(platform: Platform, received: Received) -> Outcome {
    let outcome = match received {
        Received::New => "NEW",
        Received::Seen => "SEEN",
        Received::Ignored => "IGNORED",
    };
    Outcome { platform: platform.code(), outcome }
}

fn refusal(platform: Platform, why: &CallbackRefused) -> Reason {
    let reason = match why {
        CallbackRefused::Malformed(_) => "MALFORMED",
        CallbackRefused::UnknownKey => "UNKNOWN_KEY",
        CallbackRefused::Stale => "STALE",
        CallbackRefused::BadSignature => "BAD_SIGNATURE",
        CallbackRefused::Undecryptable => "UNDECRYPTABLE",
    };
    Reason { platform: platform.code(), reason }
}

fn alarm(platform: Platform, why: Alarm) -> Reason {
    Reason { platform: platform.code(), reason: why.code() }
}

/// Shows the counters at an address that is not the public one.
pub struct MetricsDoor {
    addr: SocketAddr,
    server: Server,
}

impl MetricsDoor {
    /// Binds; serves once it runs.
    ///
    /// # Errors
    /// As the address cannot be bound.
    pub fn open(addr: SocketAddr, metrics: &Arc<Metrics>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(addr)?;
        let addr = listener.local_addr()?;
        let metrics = web::Data::from(metrics.clone());
        let server = HttpServer::new(move || {
            App::new().app_data(metrics.clone()).route("/metrics", web::get().to(show))
        });
        let server = server.workers(1).max_connections(16).disable_signals().listen(listener)?;
        Ok(Self { addr, server: server.run() })
    }

    /// The address that is served, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `work` is done.
    pub async fn beside<T>(self, work: impl Future<Output = T>) -> T {
        let handle = self.server.handle();
        let served = tokio::spawn(self.server);
        let done = work.await;
        handle.stop(false).await;
        if let Ok(Err(error)) = served.await {
            tracing::error!(%error, "metrics were not served");
        }
        done
    }
}

async fn show(metrics: web::Data<Metrics>) -> HttpResponse {
    match metrics.text() {
        Ok(text) => HttpResponse::Ok().content_type(prometheus_text::CONTENT_TYPE).body(text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters::departments::BreakerState;

    #[test]
    fn every_counter_is_there_from_the_start_and_counts_what_it_is_named_for() {
        let metrics = Metrics::default();
        let fresh = metrics.text().unwrap();
        let series = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(series(&fresh), 4 * (3 + 5 + 3) + 4);
        assert!(fresh.lines().all(|line| line.starts_with('#') || line.ends_with(" 0")), "{fresh}");

        let we_chat = Platform::Rail(Rail::WeChatPay);
        metrics.taken(we_chat, Received::Seen);
        metrics.refused(we_chat, &CallbackRefused::Malformed("Wechatpay-Nonce"));
        metrics.refused(we_chat, &CallbackRefused::Malformed("body"));
        metrics.refused(Platform::Gateway, &CallbackRefused::Stale);
        metrics.alarmed(Platform::Rail(Rail::UnionPay), Alarm::Foreign);
        metrics.department_watch()("weather", BreakerState::Open);
        let text = metrics.text().unwrap();
        let counted = text.lines().filter(|line| !line.starts_with('#') && !line.ends_with(" 0"));
        let mut counted: Vec<_> = counted.collect();
        counted.sort_unstable();
        assert_eq!(
            counted,
            [
                r#"yiwang_callbacks_alarmed_total{platform="UNIONPAY",reason="FOREIGN"} 1"#,
                r#"yiwang_callbacks_refused_total{platform="GATEWAY",reason="STALE"} 1"#,
                r#"yiwang_callbacks_refused_total{platform="WECHAT_PAY",reason="MALFORMED"} 2"#,
                r#"yiwang_callbacks_taken_total{platform="WECHAT_PAY",outcome="SEEN"} 1"#,
                r#"yiwang_department_breaker_changes_total{department="weather",to="OPEN"} 1"#,
            ]
        );
        assert_eq!(series(&text), series(&fresh) + 1);
    }
}
