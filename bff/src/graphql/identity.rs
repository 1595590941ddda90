//! Who is asking, and how they sign in.

use super::account::{self, ChannelLink, Session};
use super::booking::{BookingConnection, own_bookings};
use super::case::{CaseConnection, own_cases};
use super::catalogue::App;
use super::certificate::{CertificateConnection, own_certificates};
use super::data_access::{self, DataAccessConnection, DataConsent, Prefill};
use super::draft::{Draft, own_drafts};
use super::error::{UserError, UserErrorCode as Code, store_failed};
use super::mandate::{self, Mandate};
use super::message::{self, MessageConnection, MessagePreference, MessageTemplate};
use super::node_id::Kind;
use super::notice::{NoticeConnection, open_notices};
use super::notice_search::NoticesOf;
use super::payment::{PaymentConnection, own_payments};
use super::receipt::{ReceiptConnection, YearlyStatement, own_receipts, own_year};
use super::scalars::DateTime;
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::identity::{Everywhere, IssuedSession as DomainSession, RefreshError};

/// The way by which somebody reaches us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::identity::Channel")]
pub enum Channel {
    /// The native app.
    App,
    /// The WeChat mini-program.
    #[graphql(name = "WECHAT")]
    WeChat,
    /// The Alipay mini-program.
    Alipay,
}

/// What the citizen has proved: nothing, a phone, a name, a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::identity::IdentityLevel")]
pub enum IdentityLevel {
    /// Nothing.
    Anonymous,
    /// A phone.
    Phone,
    /// A name.
    RealName,
    /// A face.
    Face,
}

/// One account. Personal data is masked (3301**********123X) unless the field says otherwise.
pub struct Person(pub domain::identity::Person);

/// One account. Personal data is masked (3301**********123X) unless the field says otherwise.
#[Object]
impl Person {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Person.id(self.0.id.as_str())
    }

    /// Masked; null until proved.
    async fn name(&self) -> Option<String> {
        self.0.real_name.as_ref().map(|proved| proved.name.masked())
    }

    /// Masked; null until proved.
    async fn id_card(&self) -> Option<String> {
        self.0.real_name.as_ref().map(|proved| proved.id_card.masked())
    }

    /// Masked; null until proved.
    async fn phone(&self) -> Option<String> {
        self.0.phone.as_ref().map(|phone| phone.masked())
    }

    /// What was proved.
    async fn identity_level(&self) -> IdentityLevel {
        self.0.level().into()
    }
}

/// All that is the caller's own.
pub struct Viewer(pub domain::identity::Person);

/// All that is the caller's own.
#[Object]
impl Viewer {
    /// Who is asking.
    async fn person(&self) -> Person {
        Person(self.0.clone())
    }

    /// The channels that lead to the caller, the oldest first; at most 20.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn linked_channels(&self, ctx: &Context<'_>) -> Result<Vec<ChannelLink>> {
        account::links(ctx, &self.0).await
    }

    /// Where the caller is signed in, the newest first; at most 50.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        account::sessions(ctx, &self.0).await
    }

    /// Under which the caller may act for others, the newest first; at most 50.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn mandates(&self, ctx: &Context<'_>) -> Result<Vec<Mandate>> {
        mandate::held(ctx, &self.0).await
    }

    /// Under which others may act for the caller, or for a legal person that the caller
    /// represents; the newest first, at most 50.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn given_mandates(&self, ctx: &Context<'_>) -> Result<Vec<Mandate>> {
        mandate::given(ctx, &self.0).await
    }

    /// Under which mandate this session acts, also when it is over; null for oneself.
    async fn acting_for(&self, ctx: &Context<'_>) -> Result<Option<Mandate>> {
        mandate::acting(ctx).await
    }

    /// What departments were told of the caller, whoever asked, the newest first. Empty below
    /// level REAL_NAME.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn data_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<DataAccessConnection> {
        data_access::data_access(ctx, &self.0, first, after).await
    }

    /// From which departments forms may be filled in, in order of their giving; at most 200.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn data_consents(&self, ctx: &Context<'_>) -> Result<Vec<DataConsent>> {
        data_access::consents(ctx, &self.0).await
    }

    /// What the form of this app may be filled in with, with where and when it was learnt; at most
    /// one value for each field. From a department only by consent.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn prefill(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The slug of the app.")] app: String,
    ) -> Result<Vec<Prefill>> {
        data_access::prefill(ctx, &self.0, &app).await
    }

    /// The caller's favourite apps, in order of their adding.
    #[graphql(complexity = "50 * child_complexity + 1")]
    async fn favourites(&self, ctx: &Context<'_>) -> Result<Vec<App>> {
        account::favourites(ctx, &self.0).await
    }

    /// The apps that the caller used last, the newest first; 20 are kept.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn recent_apps(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 8, desc = "So many at most, 1 to 20.")] first: i32,
    ) -> Result<Vec<App>> {
        account::recent_apps(ctx, &self.0, first).await
    }

    /// The caller's open notices, or those that `of` names, the most urgent first. Null, with an
    /// entry in `errors`, when the gateway is silent. Without `of` empty below level REAL_NAME.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn notices(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
        #[graphql(
            desc = "Only those that can be paid now, or only those that cannot; left out: both."
        )]
        payable: Option<bool>,
        #[graphql(desc = "Of a vehicle, a code or a company; left out: the caller's own.")]
        of: Option<NoticesOf>,
    ) -> Result<Option<NoticeConnection>> {
        open_notices(ctx, first, after, payable, of).await.map(Some)
    }

    /// The caller's payments, newest first.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<Option<PaymentConnection>> {
        own_payments(ctx, first, after).await.map(Some)
    }

    /// What the caller was told, newest first.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<Option<MessageConnection>> {
        message::own_messages(ctx, first, after).await.map(Some)
    }

    /// How many messages were not read.
    async fn unread_messages(&self, ctx: &Context<'_>) -> Result<i32> {
        message::own_unread(ctx).await
    }

    /// By which channels messages are told outside the app; one for each group.
    #[graphql(complexity = "4 * child_complexity + 1")]
    async fn message_preferences(&self, ctx: &Context<'_>) -> Result<Vec<MessagePreference>> {
        message::own_preferences(ctx).await
    }

    /// What the mini-program asks the citizen to allow messages of; empty in the native app.
    #[graphql(complexity = "4 * child_complexity + 1")]
    async fn message_templates(&self, ctx: &Context<'_>) -> Result<Vec<MessageTemplate>> {
        message::own_templates(ctx).await
    }

    /// The caller's cases at all departments, newest first.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<Option<CaseConnection>> {
        own_cases(ctx, first, after).await.map(Some)
    }

    /// Forms that the caller has begun, the last saved first; at most 20.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn drafts(&self, ctx: &Context<'_>) -> Result<Vec<Draft>> {
        own_drafts(ctx).await
    }

    /// The caller's certificates, newest first, expired and revoked ones included.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn certificates(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<Option<CertificateConnection>> {
        own_certificates(ctx, first, after).await.map(Some)
    }

    /// The caller's receipts, newest first, red-letter ones included.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn receipts(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<Option<ReceiptConnection>> {
        own_receipts(ctx, first, after).await.map(Some)
    }

    /// The caller's appointments, newest first.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<Option<BookingConnection>> {
        own_bookings(ctx, first, after).await.map(Some)
    }

    /// All that the caller paid in a year of Beijing's calendar; null for a year that it does
    /// not have.
    #[graphql(complexity = "10_000 + child_complexity")] // Reads up to 2,000 payments.
    async fn yearly_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Four digits.")] year: i32,
    ) -> Result<Option<YearlyStatement>> {
        own_year(ctx, year).await
    }
}

/// A session with its tokens; they are shown this once.
#[derive(SimpleObject)]
pub struct IssuedSession {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// For one `refreshSession`.
    refresh_token: String,
    /// End of the access token.
    expires_at: DateTime,
    /// Where the session was opened.
    channel: Channel,
}

impl From<DomainSession> for IssuedSession {
    fn from(issued: DomainSession) -> Self {
        Self {
            access_token: issued.tokens.access.expose().to_owned(),
            refresh_token: issued.tokens.refresh.expose().to_owned(),
            expires_at: issued.session.access_until.into(),
            channel: issued.session.channel.into(),
        }
    }
}

/// The refresh token.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// Used up by this call; shown from another channel than its session's it is refused.
    refresh_token: String,
}

/// New tokens, or why not.
#[derive(SimpleObject)]
pub struct RefreshSessionPayload {
    /// The session.
    session: Option<IssuedSession>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `refreshSession`. A token that is shown from another channel than its session's
/// stays as it is.
pub async fn refresh(
    ctx: &Context<'_>,
    input: RefreshSessionInput,
) -> Result<RefreshSessionPayload> {
    let (sent, channel) = (&input.refresh_token, requester(ctx).named_channel);
    match ctx.data_unchecked::<UseCases>().refresh_session.run(sent, channel).await {
        Ok(issued) => {
            Ok(RefreshSessionPayload { session: Some(issued.into()), user_errors: Vec::new() })
        }
        Err(RefreshError::NotValid) => {
            let message = "登录已失效，请重新登录";
            let error = UserError::at(Code::CodeInvalid, &["refreshToken"], message);
            Ok(RefreshSessionPayload { session: None, user_errors: vec![error] })
        }
        Err(RefreshError::Store(error)) => Err(store_failed(&error)),
    }
}

/// How far to sign out.
#[derive(InputObject)]
pub struct SignOutInput {
    /// All devices, not this one only.
    #[graphql(default = false)]
    everywhere: bool,
}

/// Done.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `signOut`.
pub async fn sign_out(ctx: &Context<'_>, input: SignOutInput) -> Result<SignOutPayload> {
    let caller = signed_in(ctx)?;
    let how_far = if input.everywhere { Everywhere::Yes } else { Everywhere::No };
    let done = ctx.data_unchecked::<UseCases>().sign_out.run(caller, how_far).await;
    done.map_err(|error| store_failed(&error))?;
    Ok(SignOutPayload { user_errors: Vec::new() })
}
