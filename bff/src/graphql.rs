//! The public schema: one file per domain context. A resolver converts, calls one use case,
//! converts.

pub(crate) mod account;
mod booking;
pub mod case;
mod cashier;
mod catalogue;
pub(crate) mod certificate;
mod data_access;
mod delivery;
pub(crate) mod desk;
mod draft;
mod engine;
pub mod error;
pub(crate) mod file;
mod home;
mod identity;
pub(crate) mod kept;
mod key;
mod link;
mod lottery;
mod mandate;
pub(crate) mod message;
mod node_id;
mod notice;
mod notice_search;
mod options;
mod pay_link;
mod payment;
mod plain;
mod quote;
mod rail;
pub(crate) mod rating;
mod receipt;
pub(crate) mod refund;
pub(crate) mod scalars;
mod scan;
mod search;
mod sign_in;
mod sso;
mod start_payment;
mod subscription;
mod unavailable;
mod verify;

use async_graphql::{
    Context, ID, Interface, Object, Result, Schema, SchemaBuilder, ValidationMode,
};
pub use booking::BookingUseCases;
use domain::catalogue::{CatalogueSource, FindApps};
use domain::engine::{ClaimKey, FindOptions, SubmitApp};
use domain::files::FileStore;
use domain::identity::{
    Caller, Channel, CheckFace, RefreshSession, SendPhoneCode, SignIn, SignOut, VerifyRealName,
};
use domain::notice::FindNotices;
use domain::payment::{
    CancelPayment, MakePayLink, MakeQuote, PayByLink, RailWatch, Rails, ReadPayments, ReadRefunds,
    RefreshPayment, RequestRefund, StartPayment,
};
use domain::receipt::{Documents, ReceiptBook, VerifyReceipt};
use domain::scan::OwnAddress;
use error::FailureCode;
pub use home::HomeSettings;
use jiff::Timestamp;
use node_id::Kind;
use std::net::IpAddr;
use std::sync::Arc;
use subscription::Subscription;

/// Who asks, where, and when; made by the HTTP layer for every request.
#[derive(Debug, Clone)]
pub struct Requester {
    /// The person in their session; `None`: nobody has signed in.
    pub caller: Option<Caller>,
    /// The session's own channel, else that of `X-Channel`.
    pub channel: Channel,
    /// The same; `None` where neither says anything.
    pub named_channel: Option<Channel>,
    /// The client's network address, as far as our own proxies tell it.
    pub address: Option<IpAddr>,
    /// The request's own time: one answer shows one moment.
    pub now: Timestamp,
}

/// Everything a resolver may call.
#[derive(Clone)]
pub struct UseCases {
    /// The published catalogue.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Finds an app by text.
    pub find_apps: Arc<FindApps>,
    /// Runs an app.
    pub submit_app: Arc<SubmitApp>,
    /// Binds keys to what was asked with them.
    pub claim_key: Arc<ClaimKey>,
    /// What can be chosen in a field.
    pub find_options: Arc<FindOptions>,
    /// What somebody does with their bookings.
    pub booking: BookingUseCases,
    /// Signs in.
    pub sign_in: Arc<SignIn>,
    /// New tokens for old.
    pub refresh_session: Arc<RefreshSession>,
    /// Sends codes to phones.
    pub send_phone_code: Arc<SendPhoneCode>,
    /// Leaves.
    pub sign_out: Arc<SignOut>,
    /// Proves a name.
    pub verify_real_name: Arc<VerifyRealName>,
    /// Proves a face.
    pub check_face: Arc<CheckFace>,
    /// A citizen's open notices.
    pub find_notices: Arc<FindNotices>,
    /// Starts a payment.
    pub start_payment: Arc<StartPayment>,
    /// Asks somebody else to pay.
    pub make_pay_link: Arc<MakePayLink>,
    /// How platforms and citizens reach the server.
    pub public_url: String,
    /// Says what notices cost, for a while.
    pub make_quote: Arc<MakeQuote>,
    /// Looks at one now.
    pub refresh_payment: Arc<RefreshPayment>,
    /// Gives one up.
    pub cancel_payment: Arc<CancelPayment>,
    /// The rails that are connected.
    pub rails: Rails,
    /// How they are.
    pub watch: Arc<dyn RailWatch>,
    /// Reads own ones.
    pub read_payments: Arc<ReadPayments>,
    /// Asks for a refund.
    pub request_refund: Arc<RequestRefund>,
    /// Reads own ones.
    pub read_refunds: Arc<ReadRefunds>,
    /// Receipts of own payments.
    pub receipts: Arc<dyn ReceiptBook>,
    /// Anybody's check of a receipt.
    pub verify_receipt: Arc<VerifyReceipt>,
    /// What citizens uploaded.
    pub files: Arc<dyn FileStore>,
    /// Certificates.
    pub certificates: certificate::CertificateUseCases,
    /// Links to documents.
    pub documents: Arc<Documents>,
    /// How the home page is put together.
    pub home: HomeSettings,
    /// Tells addresses of ours from those of others.
    pub own_address: OwnAddress,
    /// Opens links by which others pay.
    pub pay_by_link: Arc<PayByLink>,
    /// Ratings, parcels, draws.
    pub desk: desk::DeskUseCases,
    /// What somebody does with their account.
    pub account: account::AccountUseCases,
    /// Cases and drafts.
    pub cases: case::CaseUseCases,
    /// What somebody does with their messages.
    pub messages: message::MessageUseCases,
}

/// The executable schema.
pub type PublicSchema = Schema<Query, Mutation, Subscription>;

/// Selections nest at most so deep: the deepest document of the clients has 9 levels.
const MAX_DEPTH: usize = 15;
/// Fields weigh one each, lists as many as they usually hold; the whole catalogue with all its
/// forms weighs about 20,000, and going round `category{apps}` four times more than this.
const MAX_COMPLEXITY: usize = 50_000;
/// Fragments and values nest at most so deep inside the library.
const MAX_RECURSION: usize = 24;
/// Directives on one field.
const MAX_DIRECTIVES: usize = 5;

/// Whether the schema may be asked for its own shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introspection {
    /// For developers.
    On,
    /// For production; suggestions in error messages are off too.
    Off,
}

/// Builds the schema over the use cases, with the library's limits on. It takes documents that
/// were validated already, see [`crate::trusted`]: what it checks of them again is how much they
/// ask for with the variables that were sent.
pub fn schema(use_cases: UseCases, introspection: Introspection) -> PublicSchema {
    limited(unbound().data(use_cases), introspection).validation_mode(ValidationMode::Fast).finish()
}

type Builder = SchemaBuilder<Query, Mutation, Subscription>;

/// The schema without anything behind it.
pub(crate) fn unbound() -> Builder {
    Schema::build(Query, Mutation, Subscription)
}

/// With the library's limits on.
pub(crate) fn limited(builder: Builder, introspection: Introspection) -> Builder {
    let builder = builder
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_recursive_depth(MAX_RECURSION)
        .limit_directives(MAX_DIRECTIVES);
    match introspection {
        Introspection::On => builder,
        Introspection::Off => builder.disable_introspection().disable_suggestions(),
    }
}

/// The schema definition, as `/schema.graphql` serves it.
pub fn sdl() -> String {
    unbound().finish().sdl()
}

/// A refusal of a payment in words for a citizen.
pub(crate) fn refusal_words(why: &domain::payment::Refusal) -> String {
    start_payment::refusal(why).message
}

pub(crate) fn requester<'a>(ctx: &Context<'a>) -> &'a Requester {
    ctx.data_unchecked::<Requester>()
}

/// The caller, or the failure NOT_SIGNED_IN.
pub(crate) fn signed_in<'a>(ctx: &Context<'a>) -> Result<&'a Caller> {
    requester(ctx).caller.as_ref().ok_or_else(|| FailureCode::NotSignedIn.error())
}

/// Anything that `node(id:)` finds.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque."))]
pub enum Node {
    /// A category.
    Category(catalogue::Category),
    /// An app.
    App(catalogue::App),
    /// A region.
    Region(catalogue::Region),
    /// The caller.
    Person(identity::Person),
    /// A notice.
    Notice(notice::Notice),
    /// An own payment.
    Payment(payment::Payment),
    /// An own refund.
    Refund(refund::Refund),
    /// An own receipt.
    Receipt(receipt::Receipt),
    /// An own session.
    Session(account::Session),
    /// An own booking.
    Booking(booking::Booking),
    /// An own case.
    Case(case::Case),
    /// An own draft.
    Draft(draft::Draft),
    /// A mandate of the caller's, on either side.
    Mandate(mandate::Mandate),
    /// An own message.
    Message(message::Message),
    /// An own certificate.
    Certificate(certificate::Certificate),
    /// An own uploaded file.
    UploadedFile(file::UploadedFile),
}

/// What can be read.
pub struct Query;

/// What can be read.
#[Object]
impl Query {
    /// Anything by its opaque id; null when there is none, or it is not the caller's.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        let Some((kind, key)) = Kind::read(&id) else { return Ok(None) };
        match kind {
            Kind::Category => Ok(catalogue::category(ctx, &key).map(Node::Category)),
            Kind::App => Ok(catalogue::app(ctx, &key).map(Node::App)),
            Kind::Region => Ok(catalogue::region(ctx, &key).map(Node::Region)),
            Kind::Person => Ok(requester(ctx)
                .caller
                .as_ref()
                .filter(|caller| caller.person.id.as_str() == key)
                .map(|caller| Node::Person(identity::Person(caller.person.clone())))),
            Kind::Notice => notice::own_notice(ctx, &key).await,
            Kind::Payment => Ok(payment::own_payment(ctx, &key).await?.map(Node::Payment)),
            Kind::Refund => refund::own_refund(ctx, &key).await,
            Kind::Receipt => receipt::own_receipt(ctx, &key).await,
            Kind::Session => account::own_session(ctx, &key).await,
            Kind::Booking => booking::own_booking(ctx, &key).await,
            Kind::Case => Ok(case::own_case(ctx, &key).await?.map(Node::Case)),
            Kind::Draft => draft::own_draft(ctx, &key).await,
            Kind::Mandate => mandate::own_mandate(ctx, &key).await,
            Kind::Message => message::own_message(ctx, &key).await,
            Kind::Certificate => certificate::own_certificate(ctx, &key).await,
            Kind::File => file::own_file(ctx, &key).await,
        }
    }

    /// The categories in display order with every app; `availability` says whether one is open
    /// here; at most 16.
    #[graphql(complexity = "16 * child_complexity + 1", cache_control(max_age = 60))]
    async fn categories(
        &self,
        ctx: &Context<'_>,
        region: Option<scalars::RegionCode>,
        audience: Option<catalogue::Audience>,
    ) -> Result<plain::PlainList<catalogue::Category>> {
        catalogue::categories(ctx, region, audience)
    }

    /// The home page. Parts that reach out are asked side by side; one that does not answer in
    /// time is null with a reason.
    #[graphql(cache_control(max_age = 60))]
    async fn home(
        &self,
        ctx: &Context<'_>,
        region: Option<scalars::RegionCode>,
        audience: Option<catalogue::Audience>,
        #[graphql(default = false, desc = "The page for the elderly as well.")] elder: bool,
    ) -> Result<home::Home> {
        home::home(ctx, region, audience, elder)
    }

    /// One app; null when there is none of this slug.
    #[graphql(cache_control(max_age = 60))]
    async fn app(&self, ctx: &Context<'_>, slug: String) -> Option<catalogue::App> {
        catalogue::app(ctx, &slug)
    }

    /// By Chinese name, pinyin, initials, synonym or typo, or by a document's number. Best first,
    /// what does not serve the region last; at most `first`, 1 to 20.
    #[graphql(
        complexity = "first.clamp(0, search::FIRST_MAX) as usize * child_complexity + 1",
        cache_control(max_age = 60)
    )]
    async fn search_apps(
        &self,
        ctx: &Context<'_>,
        text: String,
        region: Option<scalars::RegionCode>,
        #[graphql(default = 10)] first: i32,
    ) -> Result<plain::PlainList<search::AppHit>> {
        search::find(ctx, &text, region, first)
    }

    /// Choices of one field, given the answers so far: hospital, then department, then doctor,
    /// then slot. POST only, and never cached.
    // So heavy that a document asks a few departments at most.
    #[graphql(complexity = "2_000 + 20 * child_complexity")]
    async fn field_options(
        &self,
        ctx: &Context<'_>,
        app: String,
        field: String,
        answers: Vec<engine::AnswerInput>,
    ) -> Result<options::FieldOptions> {
        options::field_options(ctx, &app, &field, answers).await
    }

    /// The regions directly below `parent`; at most 100.
    #[graphql(complexity = "15 * child_complexity + 1", cache_control(max_age = 60))]
    async fn regions(
        &self,
        ctx: &Context<'_>,
        parent: Option<scalars::RegionCode>,
    ) -> Result<Vec<catalogue::Region>> {
        catalogue::regions(ctx, parent)
    }

    /// 摇号: what was published of a draw, before and after; the newest without an issue. Null when
    /// the app has none of that issue. `docs/lottery.md` says how to check it.
    async fn lottery_draw(
        &self,
        ctx: &Context<'_>,
        app: String,
        issue: Option<String>,
    ) -> Result<Option<lottery::LotteryDraw>> {
        lottery::draw(ctx, &app, issue).await
    }

    /// The grades of a rating (好差评), at most 5, the best first, with the reasons of each.
    #[graphql(cache_control(max_age = 60))]
    async fn rating_choices(&self) -> Vec<rating::RatingChoice> {
        rating::choices()
    }

    /// The rails and how they are; at most 4.
    #[graphql(complexity = "4 * child_complexity + 1")]
    async fn rails(&self, ctx: &Context<'_>) -> Vec<rail::RailHealth> {
        rail::all(ctx)
    }

    /// What the notices cost if paid before `expiresAt`; the late fee is that of the quote's
    /// issue.
    #[graphql(complexity = "20 * child_complexity + 1")]
    async fn quote(&self, ctx: &Context<'_>, notice_nos: Vec<String>) -> Result<quote::Quote> {
        quote::make(ctx, &notice_nos).await
    }

    /// Is this receipt genuine? Anybody who holds one may ask.
    // So heavy that a document has at most nine: check codes are not for guessing.
    #[graphql(complexity = "5_000 + child_complexity")]
    async fn verify_receipt(
        &self,
        ctx: &Context<'_>,
        code: String,
        number: String,
        check_code: String,
    ) -> Result<receipt::ReceiptVerification> {
        receipt::verify(ctx, &code, &number, &check_code).await
    }

    /// What a scanned code means: payment codes, notices, receipts, certificates, pay links, draws
    /// and apps of ours, and own numbers; never a foreign address. Null with the reason in
    /// `errors`. POST only, never cached.
    // As heavy as `verifyReceipt`, for the same reason.
    #[graphql(complexity = "5_000 + child_complexity")]
    async fn resolve_scan(
        &self,
        ctx: &Context<'_>,
        text: String,
    ) -> Result<Option<scan::ScanTarget>> {
        scan::resolve(ctx, &text).await
    }

    /// Is this certificate genuine? Anybody who holds one may ask; ten wrong codes within an hour
    /// from one address, and that certificate is UNKNOWN there until the hour is over.
    // As heavy as the check of a receipt: codes are not for guessing.
    #[graphql(complexity = "5_000 + child_complexity")]
    async fn verify_certificate(
        &self,
        ctx: &Context<'_>,
        serial_no: String,
        authorisation_code: String,
    ) -> Result<certificate::CertificateVerification> {
        certificate::verify(ctx, &serial_no, &authorisation_code).await
    }

    /// Null for an anonymous caller.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<identity::Viewer> {
        let caller = requester(ctx).caller.as_ref();
        caller.map(|caller| identity::Viewer(caller.person.clone()))
    }
}

/// What can be done.
pub struct Mutation;

/// What can be done.
#[Object]
impl Mutation {
    /// Signs in; the first sign-in makes the account.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        input: sign_in::SignInInput,
    ) -> Result<sign_in::SignInPayload> {
        sign_in::sign_in(ctx, input).await
    }

    /// Sends a one-time code to a phone, for `signIn` from the native app.
    async fn send_phone_code(
        &self,
        ctx: &Context<'_>,
        input: sign_in::SendPhoneCodeInput,
    ) -> Result<sign_in::SendPhoneCodePayload> {
        sign_in::send_phone_code(ctx, input).await
    }

    /// New tokens for a refresh token, which is used up.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        input: identity::RefreshSessionInput,
    ) -> Result<identity::RefreshSessionPayload> {
        identity::refresh(ctx, input).await
    }

    /// Ends this session, or all of the person's.
    async fn sign_out(
        &self,
        ctx: &Context<'_>,
        input: identity::SignOutInput,
    ) -> Result<identity::SignOutPayload> {
        identity::sign_out(ctx, input).await
    }

    /// Proves name and id card against public security's register.
    async fn verify_real_name(
        &self,
        ctx: &Context<'_>,
        input: verify::VerifyRealNameInput,
    ) -> Result<verify::VerifyRealNamePayload> {
        verify::verify_real_name(ctx, input).await
    }

    /// Opens a face check; the citizen shows the face on the page it names.
    async fn start_face_check(
        &self,
        ctx: &Context<'_>,
        input: verify::StartFaceCheckInput,
    ) -> Result<verify::StartFaceCheckPayload> {
        verify::start_face_check(ctx, &input).await
    }

    /// Asks for the outcome of a face check.
    async fn finish_face_check(
        &self,
        ctx: &Context<'_>,
        input: verify::FinishFaceCheckInput,
    ) -> Result<verify::FinishFaceCheckPayload> {
        verify::finish_face_check(ctx, input).await
    }

    /// Runs an app: looks up, books, opens a case, raises a notice or issues a certificate.
    async fn submit_app(
        &self,
        ctx: &Context<'_>,
        input: engine::SubmitAppInput,
    ) -> Result<engine::SubmitAppPayload> {
        let app = input.app.clone();
        let payload = engine::submit(ctx, input).await?;
        if payload.went_through() {
            account::remember(ctx, &app).await;
        }
        Ok(payload)
    }

    /// The citizen will come: a held booking is confirmed. A repeat changes nothing.
    async fn confirm_booking(
        &self,
        ctx: &Context<'_>,
        input: booking::ConfirmBookingInput,
    ) -> Result<booking::ConfirmBookingPayload> {
        booking::confirm(ctx, input).await
    }

    /// Gives a booking back, until `cancelUntil`. A repeat changes nothing.
    async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        input: booking::CancelBookingInput,
    ) -> Result<booking::CancelBookingPayload> {
        booking::cancel(ctx, input).await
    }

    /// Keeps a form that is not complete yet, on whichever channel it is finished.
    async fn save_draft(
        &self,
        ctx: &Context<'_>,
        input: draft::SaveDraftInput,
    ) -> Result<draft::SaveDraftPayload> {
        draft::save(ctx, input).await
    }

    /// Forgets the caller's draft of an app.
    async fn discard_draft(
        &self,
        ctx: &Context<'_>,
        input: draft::DiscardDraftInput,
    ) -> Result<draft::DiscardDraftPayload> {
        draft::discard(ctx, input).await
    }

    /// Hands in what a department asks for.
    async fn supplement_case(
        &self,
        ctx: &Context<'_>,
        input: case::SupplementCaseInput,
    ) -> Result<case::SupplementCasePayload> {
        case::supplement(ctx, input).await
    }

    /// Takes an own case back; the department has the last word.
    async fn withdraw_case(
        &self,
        ctx: &Context<'_>,
        input: case::WithdrawCaseInput,
    ) -> Result<case::WithdrawCasePayload> {
        case::withdraw(ctx, input).await
    }

    /// The caller does not stand by an own certificate any more: whoever verifies it sees that.
    async fn revoke_certificate(
        &self,
        ctx: &Context<'_>,
        input: certificate::RevokeCertificateInput,
    ) -> Result<certificate::RevokeCertificatePayload> {
        certificate::revoke(ctx, input).await
    }

    /// Makes an app a favourite of the caller, or none.
    async fn set_favourite(
        &self,
        ctx: &Context<'_>,
        input: account::SetFavouriteInput,
    ) -> Result<account::SetFavouritePayload> {
        account::set_favourite(ctx, input).await
    }

    /// Chooses the channels by which one group of messages is told outside the app.
    async fn set_message_preferences(
        &self,
        ctx: &Context<'_>,
        input: message::SetMessagePreferencesInput,
    ) -> Result<message::SetMessagePreferencesPayload> {
        message::set_preferences(ctx, input).await
    }

    /// Marks own messages as read: all of them, or none.
    async fn mark_messages_read(
        &self,
        ctx: &Context<'_>,
        input: message::MarkMessagesReadInput,
    ) -> Result<message::MarkMessagesReadPayload> {
        message::mark_read(ctx, input).await
    }

    /// Notes that the citizen allowed messages in the mini-program's window: each tap is one.
    async fn report_message_grants(
        &self,
        ctx: &Context<'_>,
        input: message::ReportMessageGrantsInput,
    ) -> Result<message::ReportMessageGrantsPayload> {
        message::report_grants(ctx, input).await
    }

    /// Tells where the native app takes notifications, as long as this session lives.
    async fn register_push_device(
        &self,
        ctx: &Context<'_>,
        input: message::RegisterPushDeviceInput,
    ) -> Result<message::RegisterPushDevicePayload> {
        message::register_push(ctx, input).await
    }

    /// Ends an own session, on whichever device.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        input: account::RevokeSessionInput,
    ) -> Result<account::RevokeSessionPayload> {
        account::revoke_session(ctx, input).await
    }

    /// An account of another channel leads to the caller, too. Asks for a face or a code again.
    async fn link_channel(
        &self,
        ctx: &Context<'_>,
        input: link::LinkChannelInput,
    ) -> Result<link::LinkChannelPayload> {
        link::link_channel(ctx, input).await
    }

    /// A channel leads to the caller no more, and its sessions end; never the last one.
    async fn unlink_channel(
        &self,
        ctx: &Context<'_>,
        input: link::UnlinkChannelInput,
    ) -> Result<link::UnlinkChannelPayload> {
        link::unlink_channel(ctx, input).await
    }

    /// Another account, whose holder the caller is, becomes one with the caller's: the elder of
    /// both, with both histories. Asks for a face or a code again.
    async fn merge_persons(
        &self,
        ctx: &Context<'_>,
        input: link::MergePersonsInput,
    ) -> Result<link::MergePersonsPayload> {
        link::merge_persons(ctx, input).await
    }

    /// The caller, whom the register names as legal representative, may act for the legal person.
    async fn link_legal_person(
        &self,
        ctx: &Context<'_>,
        input: mandate::LinkLegalPersonInput,
    ) -> Result<mandate::MandatePayload> {
        mandate::link_legal_person(ctx, input).await
    }

    /// The legal representative lets somebody act for the legal person.
    async fn authorise_operator(
        &self,
        ctx: &Context<'_>,
        input: mandate::AuthoriseOperatorInput,
    ) -> Result<mandate::MandatePayload> {
        mandate::authorise_operator(ctx, input).await
    }

    /// Asks to act for a child or a parent. For a minor the register of families is enough; a
    /// grown person must accept.
    async fn request_proxy(
        &self,
        ctx: &Context<'_>,
        input: mandate::RequestProxyInput,
    ) -> Result<mandate::MandatePayload> {
        mandate::request_proxy(ctx, input).await
    }

    /// The represented person says yes.
    async fn accept_proxy(
        &self,
        ctx: &Context<'_>,
        input: mandate::MandateInput,
    ) -> Result<mandate::MandatePayload> {
        mandate::accept_proxy(ctx, input).await
    }

    /// Either side ends a mandate, or declines it.
    async fn revoke_mandate(
        &self,
        ctx: &Context<'_>,
        input: mandate::MandateInput,
    ) -> Result<mandate::MandatePayload> {
        mandate::revoke_mandate(ctx, input).await
    }

    /// This session acts under a mandate from now on, or for the caller again. Payments stay the
    /// caller's own.
    async fn act_as(
        &self,
        ctx: &Context<'_>,
        input: mandate::ActAsInput,
    ) -> Result<mandate::ActAsPayload> {
        mandate::act_as(ctx, input).await
    }

    /// Lets forms be filled in with what a department says, or no more.
    async fn set_data_consent(
        &self,
        ctx: &Context<'_>,
        input: data_access::SetDataConsentInput,
    ) -> Result<data_access::SetDataConsentPayload> {
        data_access::set_consent(ctx, input).await
    }

    /// A ticket for a department's own page: once, within 60 seconds, for this app.
    async fn issue_ticket(
        &self,
        ctx: &Context<'_>,
        input: sso::IssueTicketInput,
    ) -> Result<sso::IssueTicketPayload> {
        sso::issue(ctx, input).await
    }

    /// Pays one or more notices in one go, by one rail. Repeating the call with its key never
    /// pays twice.
    async fn start_payment(
        &self,
        ctx: &Context<'_>,
        input: start_payment::StartPaymentInput,
    ) -> Result<start_payment::StartPaymentPayload> {
        start_payment::start(ctx, input).await
    }

    /// Asks the rail now; what a client calls after the cashier closes.
    async fn refresh_payment(
        &self,
        ctx: &Context<'_>,
        input: payment::RefreshPaymentInput,
    ) -> Result<payment::RefreshPaymentPayload> {
        payment::refresh(ctx, input).await
    }

    /// A link by which somebody else pays: it shows amounts, and nothing about the person.
    async fn create_pay_link(
        &self,
        ctx: &Context<'_>,
        input: pay_link::CreatePayLinkInput,
    ) -> Result<pay_link::CreatePayLinkPayload> {
        pay_link::create(ctx, input).await
    }

    /// Closes an own payment that nobody has paid.
    async fn cancel_payment(
        &self,
        ctx: &Context<'_>,
        input: payment::CancelPaymentInput,
    ) -> Result<payment::CancelPaymentPayload> {
        payment::cancel(ctx, input).await
    }

    /// Rates an own case that has ended, once (好差评). Staff see neither the case nor the person.
    async fn rate_case(
        &self,
        ctx: &Context<'_>,
        input: rating::RateCaseInput,
    ) -> Result<rating::RateCasePayload> {
        rating::rate(ctx, input).await
    }

    /// Has the result of an own case, or an own certificate, sent by express. Repeating the call
    /// with its key sends nothing again.
    async fn request_delivery(
        &self,
        ctx: &Context<'_>,
        input: delivery::RequestDeliveryInput,
    ) -> Result<delivery::RequestDeliveryPayload> {
        delivery::request(ctx, input).await
    }

    /// Asks for money of an own payment back. Repeating the call with its key asks for nothing
    /// again.
    async fn request_refund(
        &self,
        ctx: &Context<'_>,
        input: refund::RequestRefundInput,
    ) -> Result<refund::RequestRefundPayload> {
        refund::request(ctx, input).await
    }
}
