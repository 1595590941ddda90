//! What requests are answered with: made by [`crate::application`], handed to every route.

use crate::graphql::PublicSchema;
use crate::http::admission::Admission;
use crate::http::fairness::{Fairness, Proxies};
use crate::http::files::Uploads;
use crate::http::front::cache::PublicAnswers;
use crate::http::front::drain::Drain;
use crate::http::front::streams::Streams;
use crate::http::front::trusted::KnownDocuments;
use crate::http::health::Health;
use crate::metrics::Metrics;
use crate::observe::Observer;
use crate::portal::Portal;
use crate::staff_graphql::StaffSchema;
use adapters::sso_clients::SsoClients;
use domain::casework::certificate::VerifyCertificate;
use domain::casework::lottery::LotteryStore;
use domain::catalogue::CatalogueSource;
use domain::clock::Clock;
use domain::identity::{AuditTrail, Authenticate, SignInStaff, StaffSessions, VerifyTicket};
use domain::messaging::{DeliveryCallbacks, HearDelivery};
use domain::payment::{LedgerBalances, OutboxStore, PayByLink, ReceiveCallback};
use domain::receipt::{Documents, ReceiveGatewayCall, VerifyReceipt};
use domain::reconciliation::DayBook;
use domain::reconciliation::desk::{
    ChangeRules, CloseDay, DecideProposal, DeskBook, ExecuteProposal, ProposeAction, ProposeDay,
    TakeExceptions,
};
use domain::reconciliation::report::{ReportBook, SumUp};
use domain::reconciliation::source::{ReadCalendar, RepairLine, SourceStore};
use std::sync::Arc;
use tokio::sync::Notify;

/// What requests are answered with.
pub struct Parts {
    /// The executable schema.
    pub schema: PublicSchema,
    /// Whether the schema is told to whoever asks.
    pub tells_schema: bool,
    /// Who holds a token.
    pub authenticate: Authenticate,
    /// Departments whose own pages ask who came.
    pub sso_clients: SsoClients,
    /// Says who came with a ticket.
    pub verify_ticket: VerifyTicket,
    /// Proxies that are believed when they say whom they were asked by.
    pub trusted_proxies: Proxies,
    /// The pages for client developers.
    pub portal: Portal,
    /// How much one may ask in a minute.
    pub fairness: Fairness,
    /// Takes callbacks in: one for each rail that is connected.
    pub receive_callback: Vec<ReceiveCallback>,
    /// Reads what platforms tell of messages.
    pub message_callbacks: Vec<Arc<dyn DeliveryCallbacks>>,
    /// Notes what became of messages.
    pub hear_delivery: Arc<HearDelivery>,
    /// Takes the gateway's calls in.
    pub receive_gateway: ReceiveGatewayCall,
    /// Rings for the worker that acts on them.
    pub wake_gateway_news: Arc<Notify>,
    /// Lets others pay for a citizen.
    pub pay_by_link: Arc<PayByLink>,
    /// Rings for the worker that acts on them.
    pub wake_callbacks: Arc<Notify>,
    /// Who has a turn.
    pub admission: Admission,
    /// Documents that are known before they are asked for.
    pub known: Arc<KnownDocuments>,
    /// Answers that are the same for everybody.
    pub answers: Arc<PublicAnswers>,
    /// Long answers.
    pub streams: Streams,
    /// Whether the server is about to stop.
    pub drain: Drain,
    /// The health check.
    pub health: Health,
    /// Results of days.
    pub days: Arc<dyn DayBook>,
    /// What the ledger's accounts stand at.
    pub ledger: Arc<dyn LedgerBalances>,
    /// What waits to be told.
    pub outbox: Arc<dyn OutboxStore>,
    /// Whether clients reach us by HTTPS.
    pub is_https: bool,
    /// Lets staff in.
    pub staff_sign_in: Arc<SignInStaff>,
    /// The desk of reconciliation.
    pub desk: DeskParts,
    /// Files of reconciliation.
    pub sources: SourceParts,
    /// Reports.
    pub reports: Arc<ReportParts>,
    /// Takes files in.
    pub uploads: Uploads,
    /// What is published of draws.
    pub lotteries: Arc<dyn LotteryStore>,
    /// Documents by signed links.
    pub documents: Arc<Documents>,
    /// Anybody's check of a receipt.
    pub verify_receipt: Arc<VerifyReceipt>,
    /// Anybody's check of a certificate.
    pub verify_certificate: Arc<VerifyCertificate>,
    /// What staff ask.
    pub staff_schema: StaffSchema,
    /// The published catalogue.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Who of them asks.
    pub staff_sessions: Arc<dyn StaffSessions>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Follows requests.
    pub observer: Arc<Observer>,
    /// Whose threads wait for the database.
    pub runtime: tokio::runtime::Handle,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// What staff do with files of reconciliation.
pub struct SourceParts {
    /// Where they are.
    pub store: Arc<dyn SourceStore>,
    /// Which must exist, and what is there.
    pub calendar: ReadCalendar,
    /// Repairs lines.
    pub repair: RepairLine,
}

/// What reports are made from.
pub struct ReportParts {
    /// Lists.
    pub book: Arc<dyn ReportBook>,
    /// Exceptions and verdicts.
    pub desk: Arc<dyn DeskBook>,
    /// Sums.
    pub sum_up: SumUp,
}

/// What the desk of reconciliation does.
pub struct DeskParts {
    /// Reads.
    pub book: Arc<dyn DeskBook>,
    /// Takes exceptions.
    pub take: TakeExceptions,
    /// Proposes actions.
    pub propose: ProposeAction,
    /// Proposes closing and reopening days.
    pub propose_day: ProposeDay,
    /// Decides.
    pub decide: DecideProposal,
    /// Notes that it was done.
    pub execute: ExecuteProposal,
    /// Changes the rules.
    pub rules: ChangeRules,
    /// Seals days.
    pub close: CloseDay,
    /// Notes who looked at what, and who took which report.
    pub audit: Arc<dyn AuditTrail>,
}
