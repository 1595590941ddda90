//! Who is asking, and how they sign in.

use super::error::{FailureCode, UserError, UserErrorCode as Code, chain, store_failed};
use super::node_id::Kind;
use super::notice::{NoticeConnection, open_notices};
use super::notice_search::NoticesOf;
use super::payment::{PaymentConnection, own_payments};
use super::receipt::{ReceiptConnection, YearlyStatement, own_receipts, own_year};
use super::scalars::DateTime;
use super::{UseCases, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::identity::{
    Everywhere, FaceError, IssuedSession as DomainSession, PersonName, RefreshError, VerifyError,
};
use domain::standards::CitizenId;

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

    /// The caller's open notices, or those that `of` names, the most urgent first. Null, with an
    /// entry in `errors`, when the gateway is silent. Without `of` empty below level REAL_NAME.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn notices(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: i32,
        after: Option<String>,
        payable: Option<bool>,
        of: Option<NoticesOf>,
    ) -> Result<Option<NoticeConnection>> {
        open_notices(ctx, first, after, payable, of).await.map(Some)
    }

    /// The caller's payments, newest first.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: i32,
        after: Option<String>,
    ) -> Result<Option<PaymentConnection>> {
        own_payments(ctx, first, after).await.map(Some)
    }

    /// The caller's receipts, newest first, red-letter ones included.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn receipts(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: i32,
        after: Option<String>,
    ) -> Result<Option<ReceiptConnection>> {
        own_receipts(ctx, first, after).await.map(Some)
    }

    /// All that the caller paid in a year of Beijing's calendar; null for a year that it does
    /// not have.
    #[graphql(complexity = "10_000 + child_complexity")] // Reads up to 2,000 payments.
    async fn yearly_statement(
        &self,
        ctx: &Context<'_>,
        year: i32,
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
    /// Used up by this call, whatever comes of it.
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

/// The mutation `refreshSession`.
pub async fn refresh(
    ctx: &Context<'_>,
    input: RefreshSessionInput,
) -> Result<RefreshSessionPayload> {
    match ctx.data_unchecked::<UseCases>().refresh_session.run(&input.refresh_token).await {
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

/// What is on the id card.
#[derive(InputObject)]
pub struct VerifyRealNameInput {
    /// As on the id card.
    name: String,
    /// GB 11643, 18 characters.
    id_card: String,
}

/// The person as it is now.
#[derive(SimpleObject)]
pub struct VerifyRealNamePayload {
    /// The person.
    person: Option<Person>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `verifyRealName`.
pub async fn verify_real_name(
    ctx: &Context<'_>,
    input: VerifyRealNameInput,
) -> Result<VerifyRealNamePayload> {
    let caller = signed_in(ctx)?;
    let refused =
        |user_errors: Vec<UserError>| Ok(VerifyRealNamePayload { person: None, user_errors });
    let name = PersonName::new(&input.name);
    let id_card = CitizenId::normalised(&input.id_card);
    let mut faults = Vec::new();
    if name.is_err() {
        faults.push(UserError::at(Code::Invalid, &["name"], "请填写身份证上的姓名"));
    }
    if id_card.is_err() {
        faults.push(UserError::at(Code::Invalid, &["idCard"], "身份证号有误，请核对18位号码"));
    }
    let (Ok(name), Ok(id_card)) = (name, id_card) else { return refused(faults) };
    match ctx.data_unchecked::<UseCases>().verify_real_name.run(caller, name, id_card).await {
        Ok(person) => {
            Ok(VerifyRealNamePayload { person: Some(Person(person)), user_errors: Vec::new() })
        }
        Err(error) => verify_refused(error).and_then(|error| refused(vec![error])),
    }
}

fn verify_refused(error: VerifyError) -> Result<UserError> {
    Ok(match error {
        VerifyError::NoMatch => {
            UserError::at(Code::Invalid, &["name"], "姓名与身份证号不一致，请核对")
        }
        VerifyError::OtherIdCard => {
            let message = "本账号已用另一张身份证实名，不能更换";
            UserError::at(Code::Conflict, &["idCard"], message)
        }
        VerifyError::LinkedToAnotherPerson => {
            let message = "该身份证已在另一个账号实名";
            UserError::at(Code::LinkedToAnotherPerson, &["idCard"], message)
        }
        VerifyError::Register(error) => {
            tracing::warn!(error = %chain(&error), "real-name register failed");
            let message = "公安实名核验暂时没有应答，请稍后再试";
            UserError::whole(Code::DepartmentUnavailable, message)
        }
        VerifyError::Store(error) => return Err(store_failed(&error)),
    })
}

/// Where to show the face.
#[derive(SimpleObject)]
pub struct StartFaceCheckPayload {
    /// For `finishFaceCheck`.
    ticket: Option<String>,
    /// The page to open.
    url: Option<String>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `startFaceCheck`.
pub async fn start_face_check(ctx: &Context<'_>) -> Result<StartFaceCheckPayload> {
    let caller = signed_in(ctx)?;
    match ctx.data_unchecked::<UseCases>().check_face.start(caller).await {
        Ok(start) => Ok(StartFaceCheckPayload {
            ticket: Some(start.ticket),
            url: Some(start.url),
            user_errors: Vec::new(),
        }),
        Err(error) => Ok(StartFaceCheckPayload {
            ticket: None,
            url: None,
            user_errors: vec![face_refused(error)?],
        }),
    }
}

fn face_refused(error: FaceError) -> Result<UserError> {
    Ok(match error {
        FaceError::NameFirst => {
            UserError::whole(Code::IdentityLevelTooLow, "请先完成实名认证，再刷脸")
        }
        FaceError::TicketInvalid => {
            UserError::at(Code::CodeInvalid, &["ticket"], "刷脸凭证无效，请重新发起")
        }
        FaceError::Service(error) => {
            tracing::warn!(error = %chain(&error), "face service failed");
            UserError::whole(Code::DepartmentUnavailable, "刷脸服务暂时没有应答，请稍后再试")
        }
        FaceError::Store(error) => return Err(store_failed(&error)),
    })
}

/// The ticket of `startFaceCheck`.
#[derive(InputObject)]
pub struct FinishFaceCheckInput {
    /// As issued.
    ticket: String,
}

/// How a face check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::identity::FaceState")]
pub enum FaceState {
    /// The citizen has not finished.
    Pending,
    /// It is the face of the id card.
    Passed,
    /// It is not, or the citizen gave up.
    Failed,
}

/// The outcome of a face check.
#[derive(SimpleObject)]
pub struct FinishFaceCheckPayload {
    /// How it stands.
    state: Option<FaceState>,
    /// The person as it is now.
    person: Option<Person>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `finishFaceCheck`.
pub async fn finish_face_check(
    ctx: &Context<'_>,
    input: FinishFaceCheckInput,
) -> Result<FinishFaceCheckPayload> {
    let caller = signed_in(ctx)?;
    if input.ticket.len() > 128 {
        return Err(FailureCode::BadInput.error());
    }
    match ctx.data_unchecked::<UseCases>().check_face.finish(caller, &input.ticket).await {
        Ok((state, person)) => Ok(FinishFaceCheckPayload {
            state: Some(state.into()),
            person: Some(Person(person)),
            user_errors: Vec::new(),
        }),
        Err(error) => Ok(FinishFaceCheckPayload {
            state: None,
            person: None,
            user_errors: vec![face_refused(error)?],
        }),
    }
}
