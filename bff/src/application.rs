//! The composition root: reads top to bottom; it and its parts are the only files that name
//! concrete adapters.

pub mod rails;
mod reconciliation;
mod sources;

mod accounts;
mod bookings;
mod cases;
pub mod catalogue;
mod certificates;
mod desk;
mod documents;
pub mod front;
mod gateway;
mod messages;
mod observing;
mod portal;
pub mod stand_ins;

use crate::graphql::{self, HomeSettings, Introspection, UseCases};
use crate::http::fairness::Fairness;
use crate::http::front::drain::Drain;
use crate::http::front::streams::Streams;
use crate::http::{self, admission::Admission, health::Health};
use crate::metrics::{Metrics, MetricsDoor};
use crate::observe::Exporter;
use crate::parts::{Parts, ReportParts};
use crate::passwords::Passwords;
use crate::settings::{ChannelSettings, Mode, Settings};
use crate::staff_door::{FirstAccount, first_account};
use crate::staff_graphql::{self, StaffUseCases};
use crate::workers::{Jobs, Workers};
use actix_web::dev::{Server, ServerHandle};
use adapters::day_files::KeptDays;
use adapters::departments::{DepartmentsConfig, HttpDepartments};
use adapters::http::{Deadlines, HttpClient};
use adapters::last_answers::MemoryLastAnswers;
use adapters::reading::ChineseReading;
use adapters::sealed_tokens::SealedTokens;
use adapters::seals::SealKeeper;
use adapters::store::{PersonalDataKeys, Store};
use adapters::system::{RandomIds, SystemClock};
use domain::catalogue::FindApps;
use domain::clock::{Clock, IdSource};
use domain::engine::{ClaimKey, RecordedExchange, SubmitApp};
use domain::identity::{
    Authenticate, CheckFace, RecordedFaces, RefreshSession, SendPhoneCode, SignInStaff, SignOut,
    VerifyRealName, VerifyTicket,
};
use domain::notice::FindNotices;
use domain::outside::BoxError;
use domain::payment::{
    ApplyRailReport, ApplyRefundReport, CancelPayment, CheckLedger, DecideRefund, HealPayments,
    MakePayLink, MakeQuote, OweBack, PayByLink, PaymentRail as _, ProcessCallbacks, Rail,
    ReadPayments, ReadRefunds, ReceiveCallback, RefreshPayment, RequestRefund, SendRefunds,
    StartPayment,
};
use domain::receipt::{FulfilPayments, ReverseReceipts};
use domain::reconciliation::report::{ReportBook, SumUp};
use domain::reconciliation::{ClearOneDay, ReconcileDay, ReconcileDue};
use domain::scan::OwnAddress;
use gateway::GatewayWork;
use rails::{Outside, Platforms};
use reconciliation::Judging;
use sources::Sources;
use stand_ins::StandIns;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::sync::Notify;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// The app definitions are not sound; every fault with file and line.
    #[error("the app definitions are not sound:\n{0}")]
    Definitions(#[source] BoxError),
    /// A setting that only an adapter can judge.
    #[error("{part} cannot be set up")]
    Part {
        /// Which part.
        part: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
}

fn part<E: Into<BoxError>>(part: &'static str) -> impl FnOnce(E) -> StartupError {
    move |error| StartupError::Part { part, source: error.into() }
}

/// The server, bound to its port, and what works behind it.
pub struct Application {
    addr: SocketAddr,
    server: Server,
    drain: Drain,
    jobs: Jobs,
    reconcile: Vec<Arc<ReconcileDay>>,
    kept_days: Arc<KeptDays>,
    store: Store,
    first_account: Option<FirstAccount>,
    metrics: Option<MetricsDoor>,
    exporter: Option<Exporter>,
}

/// Stops a server that runs.
#[derive(Debug, Clone)]
pub struct Stopper {
    server: ServerHandle,
    drain: Drain,
}

impl Stopper {
    /// Ends long answers, and lets short ones be finished.
    pub async fn stop(&self) {
        self.drain.begin();
        self.server.stop(true).await;
    }
}

impl Application {
    /// Connects, migrates, wires and binds; serves nothing yet.
    ///
    /// # Errors
    /// [`StartupError`] names the part; nothing listens then.
    pub async fn build(
        settings: &Settings,
        channels: &ChannelSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartupError> {
        Self::build_with(settings, channels, clock, StandIns::default()).await
    }

    /// The same, with others in the place of the gateway's notices and of the rails.
    ///
    /// # Errors
    /// As [`Application::build`].
    pub async fn build_with(
        settings: &Settings,
        channels: &ChannelSettings,
        clock: Arc<dyn Clock>,
        stand_ins: StandIns,
    ) -> Result<Self, StartupError> {
        let ids: Arc<dyn IdSource> = Arc::new(RandomIds);
        let items = adapters::definitions::load_payment_items()
            .map_err(|faults| StartupError::Definitions(faults.into()))?;
        let items = Arc::new(items);
        let store = open_store(settings).await?;
        let shared = Arc::new(store.clone());
        let catalogue::Apps { catalogue, publish: publish_apps, past_forms } =
            catalogue::connect(settings, &shared, &clock).await?;
        let reading = Arc::new(ChineseReading::new().map_err(part("the lexicon"))?);
        let find_apps = Arc::new(FindApps::new(catalogue.clone(), reading, shared.clone()));
        let tokens = Arc::new(sealed_tokens(settings)?);

        let http = HttpClient::new(Deadlines::USUAL).map_err(part("the HTTP client"))?;
        let listener = TcpListener::bind(settings.http_addr).map_err(part("the HTTP address"))?;
        let addr = listener.local_addr().map_err(part("the HTTP address"))?;
        let metrics = Arc::new(Metrics::default());
        let (observer, exporter) = observing::connect(&settings.observe, &http, &metrics, &clock);
        let metrics_door = settings.metrics_addr.map(|addr| MetricsDoor::open(addr, &metrics));
        let metrics_door = metrics_door.transpose().map_err(part("the metrics address"))?;
        let public_url = match settings.http_addr.port() {
            0 => format!("http://{addr}"),
            _ => settings.public_url.clone(),
        };
        let portal = portal::portal(settings, channels, &http, &public_url);
        let platforms = Platforms::connect(&Outside {
            channels,
            public_url: &public_url,
            http: &http,
            clock: &clock,
            ids: &ids,
        })?;
        let (rails, watch) = (stand_ins.rails_or(platforms.rails()), platforms.watch());
        let gateway = gateway::connect(channels, &http, &clock, &ids)?;
        let notices = stand_ins.notices_or(gateway.clone());
        let departments = Arc::new(
            HttpDepartments::new(
                &exchange_config(channels),
                http.clone(),
                clock.clone(),
                ids.clone(),
                metrics.department_watch(),
            )
            .map_err(part("the departments' exchange"))?,
        );
        let desk = desk::connect(desk::Around {
            channels,
            store: &shared,
            catalogue: catalogue.clone(),
            exchange: departments.clone(),
            http,
            clock: &clock,
            ids: &ids,
        })
        .map_err(part("the express carrier"))?;
        let certificate_post = desk::posting(&desk);
        let exchange = Arc::new(RecordedExchange {
            exchange: departments.clone(),
            store: shared.clone(),
            catalogue: catalogue.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        });
        let messages = messages::connect(channels, &platforms, &departments, &shared, &clock)?;
        let refunders = platforms.refunders();
        let reversals = Arc::new(ReverseReceipts {
            receipts: shared.clone(),
            payments: shared.clone(),
            items: items.clone(),
            gateway: gateway.clone(),
        });

        let apply = Arc::new(ApplyRailReport {
            payments: shared.clone(),
            rails: rails.clone(),
            notices: gateway.clone(),
            clock: clock.clone(),
        });
        let apply_refund = Arc::new(ApplyRefundReport {
            refunds: shared.clone(),
            payments: shared.clone(),
            rails: rails.clone(),
            clock: clock.clone(),
        });
        let request_refund = Arc::new(RequestRefund {
            refunds: shared.clone(),
            payments: shared.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        });
        let healer = Arc::new(HealPayments {
            payments: shared.clone(),
            rails: rails.clone(),
            apply: apply.clone(),
            clock: clock.clone(),
        });
        let sources = Sources::of(&platforms.rails, &shared, &clock);
        let judging = Judging::of(&platforms.rails, &sources, &shared, &clock);
        let reconcile: Vec<_> = platforms
            .rails
            .iter()
            .map(|rail| {
                Arc::new(ReconcileDay {
                    source: sources.filed(rail),
                    merchant: rail.guarded.merchant().clone(),
                    ledger: shared.clone(),
                    payments: shared.clone(),
                    refunds: shared.clone(),
                    apply: apply.clone(),
                    days: shared.clone(),
                    clock: clock.clone(),
                })
            })
            .collect();
        let owe_back = Arc::new(OweBack {
            refunds: shared.clone(),
            payments: shared.clone(),
            ceilings: rails::ceilings(channels),
            clock: clock.clone(),
            ids: ids.clone(),
        });
        let gateway_work =
            GatewayWork::new(&gateway, &shared, (&rails, &healer, &owe_back), &clock);
        let bookings = bookings::connect(&catalogue, &exchange, &shared, &clock);
        let introspection =
            if settings.introspection { Introspection::On } else { Introspection::Off };
        let known = front::known(settings, introspection, &metrics.front)?;
        let opened = cases::connect(&shared, catalogue.clone(), exchange.clone(), &clock, &ids);
        let jobs = Jobs {
            bookings: bookings.work.clone(),
            cases: opened.follow,
            gateway_news: gateway_work.news,
            wake_gateway_news: Arc::new(Notify::new()),
            clear: gateway_work.clear.clone(),
            callbacks: Arc::new(ProcessCallbacks {
                inbox: shared.clone(),
                apply,
                apply_refund: apply_refund.clone(),
                clock: clock.clone(),
            }),
            owe_back: owe_back.clone(),
            refunds: Arc::new(SendRefunds {
                refunds: shared.clone(),
                payments: shared.clone(),
                refunders,
                desk: gateway.clone(),
                receipts: reversals,
                apply: apply_refund,
                clock: clock.clone(),
            }),
            wake_callbacks: Arc::new(Notify::new()),
            healer: healer.clone(),
            outbox: Arc::new(FulfilPayments {
                outbox: shared.clone(),
                payments: shared.clone(),
                persons: shared.clone(),
                write_offs: gateway.clone(),
                receipts: gateway.clone(),
                owe_back,
                clock: clock.clone(),
            }),
            reconcile: Arc::new(ReconcileDue { rails: reconcile.clone(), clock: clock.clone() }),
            watch_sources: sources.watch.clone(),
            judge_due: judging.due.clone(),
            catalogue: catalogue.clone(),
            find_apps: find_apps.clone(),
            messages: messages.send,
            desk: desk.jobs,
            ledger: Arc::new(CheckLedger { ledger: shared.clone(), clock: clock.clone() }),
            sweep_files: documents::sweeping(&shared, &clock),
            trusted: known.clone(),
            metrics: metrics.clone(),
        };
        let verify_certificate = certificates::verification(&shared, &clock);
        let verify_receipt = Arc::new(documents::verification(&shared));
        let documents =
            Arc::new(documents::documents(settings, &public_url, &shared, clock.clone())?);
        let start_payment = Arc::new(StartPayment {
            payments: shared.clone(),
            persons: shared.clone(),
            notices: notices.clone(),
            items: items.clone(),
            quotes: tokens.clone(),
            rails: rails.clone(),
            watch: watch.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        });
        let around = accounts::Around {
            store: &shared,
            catalogue: catalogue.clone(),
            registers: &departments,
            clock: &clock,
            ids: &ids,
        };
        let (sign_in, account) = accounts::connect(platforms.identities, around);
        let pay_by_link = Arc::new(PayByLink {
            notices: gateway.clone(),
            items: items.clone(),
            seal: tokens.clone(),
            payments: shared.clone(),
            start: start_payment.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        });
        let use_cases = UseCases {
            account,
            home: HomeSettings { deadline: settings.home_deadline },
            own_address: OwnAddress::new(&public_url),
            pay_by_link: pay_by_link.clone(),
            desk: desk.use_cases,
            cases: opened.use_cases.clone(),
            messages: messages.use_cases,
            catalogue: catalogue.clone(),
            find_apps: find_apps.clone(),
            find_options: bookings.options.clone(),
            booking: bookings.use_cases.clone(),
            claim_key: Arc::new(ClaimKey {
                submissions: shared.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            }),
            submit_app: Arc::new(SubmitApp {
                catalogue: catalogue.clone(),
                past_forms,
                exchange,
                last_answers: Arc::new(MemoryLastAnswers::new(ids.as_ref())),
                notices: gateway.clone(),
                acting: Arc::new(accounts::acting(&shared, &clock, &ids)),
                files: shared.clone(),
                certificates: certificates::issuing(&shared, &clock, &ids),
                certificate_post,
                submissions: shared.clone(),
                hold_slot: bookings.hold.clone(),
                open_case: opened.open,
                drafts: opened.use_cases.drafts,
                ids: ids.clone(),
                clock: clock.clone(),
            }),
            sign_in: Arc::new(sign_in),
            send_phone_code: Arc::new(SendPhoneCode {
                codes: shared.clone(),
                sender: departments.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            }),
            refresh_session: Arc::new(RefreshSession {
                sessions: shared.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            }),
            sign_out: Arc::new(SignOut { sessions: shared.clone() }),
            verify_real_name: Arc::new(VerifyRealName {
                register: departments.clone(),
                persons: shared.clone(),
                clock: clock.clone(),
            }),
            check_face: Arc::new(CheckFace {
                faces: Arc::new(RecordedFaces {
                    faces: departments,
                    store: shared.clone(),
                    clock: clock.clone(),
                    ids: ids.clone(),
                }),
                persons: shared.clone(),
                clock: clock.clone(),
            }),
            find_notices: Arc::new(FindNotices { notices }),
            start_payment: start_payment.clone(),
            public_url: public_url.clone(),
            make_pay_link: Arc::new(MakePayLink {
                notices: gateway.clone(),
                items: items.clone(),
                seal: tokens.clone(),
                clock: clock.clone(),
            }),
            make_quote: Arc::new(MakeQuote {
                notices: gateway.clone(),
                items: items.clone(),
                seal: tokens.clone(),
                clock: clock.clone(),
            }),
            refresh_payment: Arc::new(RefreshPayment {
                payments: shared.clone(),
                healer: healer.clone(),
            }),
            cancel_payment: Arc::new(CancelPayment {
                payments: shared.clone(),
                rails: rails.clone(),
                healer,
                clock: clock.clone(),
            }),
            rails,
            watch,
            read_payments: Arc::new(ReadPayments { payments: shared.clone() }),
            request_refund: request_refund.clone(),
            read_refunds: Arc::new(ReadRefunds { refunds: shared.clone() }),
            receipts: shared.clone(),
            verify_receipt: verify_receipt.clone(),
            documents: documents.clone(),
            files: shared.clone(),
            certificates: certificates::use_cases(&shared, &verify_certificate, &clock),
        };
        let first_account = first_account(&store, ids.as_ref(), clock.as_ref())
            .await
            .map_err(part("the staff account"))?;
        let staff_sign_in = Arc::new(SignInStaff {
            factor: shared.clone(),
            phone_clock: Arc::new(SystemClock),
            staff: shared.clone(),
            sessions: shared.clone(),
            passwords: Arc::new(Passwords::default()),
            audit: shared.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        });
        let reports = Arc::new(report_parts(&shared));
        let staff_use_cases = StaffUseCases {
            reports: reports.clone(),
            sign_in: staff_sign_in.clone(),
            ratings: shared.clone(),
            record_visit: desk.record_visit,
            supervision: shared.clone(),
            find_apps,
            publish_apps,
            sessions: shared.clone(),
            refunds: shared.clone(),
            request_refund,
            decide_refund: Arc::new(DecideRefund {
                refunds: shared.clone(),
                payments: shared.clone(),
                clock: clock.clone(),
            }),
            audit: shared.clone(),
        };
        let drain = Drain::default();
        let parts = Parts {
            catalogue: catalogue.clone(),
            staff_schema: staff_graphql::schema(staff_use_cases, introspection),
            staff_sessions: shared.clone(),
            tells_schema: settings.introspection,
            schema: graphql::schema(use_cases, introspection),
            authenticate: Authenticate { sessions: shared.clone(), clock: clock.clone() },
            receive_callback: platforms
                .rails
                .into_iter()
                .map(|rail| ReceiveCallback {
                    reader: rail.callbacks,
                    inbox: shared.clone(),
                    clock: clock.clone(),
                })
                .collect(),
            message_callbacks: messages.callbacks,
            hear_delivery: messages.hear,
            receive_gateway: gateway_work.receive,
            wake_gateway_news: jobs.wake_gateway_news.clone(),
            pay_by_link,
            wake_callbacks: jobs.wake_callbacks.clone(),
            sso_clients: accounts::sso_clients(settings).map_err(part("the clients of /sso"))?,
            verify_ticket: VerifyTicket {
                catalogue: catalogue.clone(),
                tickets: shared.clone(),
                persons: shared.clone(),
                data: shared.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            portal,
            trusted_proxies: settings.trusted_proxies.clone(),
            fairness: Fairness::new(settings.limits, clock.clone()).map_err(part("the prices"))?,
            admission: Admission::new(settings.max_in_flight),
            known: known.clone(),
            answers: front::answers(catalogue, &known, &clock, &metrics.front),
            streams: Streams::default(),
            drain: drain.clone(),
            health: Health::new(store.clone()),
            days: shared.clone(),
            outbox: shared.clone(),
            lotteries: shared.clone(),
            ledger: shared.clone(),
            uploads: documents::uploads(settings, &shared, &clock, &ids),
            is_https: public_url.starts_with("https://"),
            staff_sign_in,
            sources: sources.parts,
            reports: reports.clone(),
            desk: judging.desk(&shared, seal_keeper(settings)?, &clock, &ids),
            documents,
            verify_receipt,
            verify_certificate,
            metrics,
            observer,
            runtime: tokio::runtime::Handle::current(),
            clock,
        };
        let server = http::serve(listener, parts, HTTP_WORKERS).map_err(part("the HTTP server"))?;
        let metrics = metrics_door;
        let kept_days = judging.kept;
        Ok(Self {
            addr,
            server,
            drain,
            jobs,
            reconcile,
            kept_days,
            store,
            first_account,
            metrics,
            exporter,
        })
    }

    /// The address that is served, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address at which counters are shown, if they are.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(MetricsDoor::addr)
    }

    /// The staff account, if this start made it: shown once.
    pub fn first_account(&self) -> Option<&FirstAccount> {
        self.first_account.as_ref()
    }

    /// Stops the server when told; see [`Application::run_until_stopped`].
    pub fn stopper(&self) -> Stopper {
        Stopper { server: self.server.handle(), drain: self.drain.clone() }
    }

    /// What the workers do, for tests that take one step at a time.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Reconciles one day of a rail now, for the command of that name; `None`: not connected.
    pub fn reconcile(&self, rail: Rail) -> Option<&Arc<ReconcileDay>> {
        self.reconcile.iter().find(|day| day.source.rail() == rail)
    }

    /// Writes the folder of a day, for the command `day-files`.
    pub fn kept_days(&self) -> &Arc<KeptDays> {
        &self.kept_days
    }

    /// Clears one day with the finance department now, for the command `reconcile GATEWAY`.
    pub fn clear(&self) -> &Arc<ClearOneDay> {
        &self.jobs.clear.day
    }

    /// The store, for tests that look behind the door.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Serves and works until the server is stopped; then lets every worker finish its turn and
    /// closes the database. What is in flight is answered, what is stored is healed later.
    ///
    /// # Errors
    /// As the server fails.
    pub async fn run_until_stopped(self) -> std::io::Result<()> {
        self.store.warm_up().await;
        let workers = Workers::start(&self.jobs);
        let served = match self.metrics {
            Some(metrics) => metrics.beside(self.server).await,
            None => self.server.await,
        };
        workers.stop().await;
        if let Some(exporter) = self.exporter {
            exporter.stop().await;
        }
        if let Err(error) = self.store.close().await {
            tracing::warn!(error = %graphql::error::chain(&error), "database not closed in order");
        }
        served
    }
}

/// Requests wait for platforms and the database, not for the processor.
pub const HTTP_WORKERS: usize = 2;

/// What reports are made from.
pub fn report_parts(store: &Arc<Store>) -> ReportParts {
    let book: Arc<dyn ReportBook> = store.clone();
    ReportParts { sum_up: SumUp { book: book.clone() }, desk: store.clone(), book }
}

/// Signs the days that are closed, and keeps their heads outside the database: `seal.key` and `seal-heads.txt` of the key
/// folder, unless `seal_heads` names another file, on another machine's disk for instance.
///
/// # Errors
/// [`StartupError`] names the key's file.
pub fn seal_keeper(settings: &Settings) -> Result<SealKeeper, StartupError> {
    std::fs::create_dir_all(&settings.key_dir).map_err(part("the key folder"))?;
    let heads = settings.seal_heads.clone();
    let heads = heads.unwrap_or_else(|| settings.key_dir.join("seal-heads.txt"));
    SealKeeper::open(&settings.key_dir.join("seal.key"), &heads).map_err(part("the seal key"))
}

/// Opens the database of the settings and brings its tables up to date.
///
/// # Errors
/// [`StartupError`] names the part.
pub async fn open_store(settings: &Settings) -> Result<Store, StartupError> {
    let keys = match settings.mode {
        Mode::Demo => {
            std::fs::create_dir_all(&settings.key_dir).map_err(part("the key folder"))?;
            PersonalDataKeys::generate(&settings.key_dir)
        }
        Mode::Production => {
            let file = |name: &str| settings.key_dir.join(name);
            PersonalDataKeys::from_files(&file("data.key"), &[], &file("index.key"))
        }
    };
    let keys = keys.map_err(part("the keys of personal data"))?;
    let store = Store::connect(&settings.database_url, keys).await.map_err(part("the database"))?;
    store.migrate().await.map_err(part("the database's tables"))?;
    Ok(store)
}

fn sealed_tokens(settings: &Settings) -> Result<SealedTokens, StartupError> {
    let sealed = match settings.mode {
        Mode::Demo => SealedTokens::generate(&settings.key_dir),
        Mode::Production => {
            let older: Vec<_> = std::iter::once(settings.key_dir.join("tokens.older.key"))
                .filter(|path| path.is_file())
                .collect();
            SealedTokens::from_files(&settings.key_dir.join("tokens.key"), &older)
        }
    };
    sealed.map_err(part("the key of tokens"))
}

fn exchange_config(channels: &ChannelSettings) -> DepartmentsConfig {
    DepartmentsConfig {
        base_url: channels.exchange.base_url.clone(),
        client_id: channels.exchange.client_id.clone(),
        key_base64: channels.exchange.key.expose().to_owned(),
        rules: channels.exchange.rules.clone(),
    }
}
