//! Proving more: a name, then a face.

use super::error::{FailureCode, UserError, UserErrorCode as Code, chain, store_failed};
use super::identity::Person;
use super::key::claim;
use super::{UseCases, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Result, SimpleObject};
use domain::identity::{FaceError, PersonName, VerifyError};
use domain::standards::CitizenId;

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

/// A wish to show one's face.
#[derive(InputObject)]
pub struct StartFaceCheckInput {
    /// 8 to 64 letters, digits, `-` or `_`, made by the client for this wish.
    idempotency_key: ID,
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
pub async fn start_face_check(
    ctx: &Context<'_>,
    input: &StartFaceCheckInput,
) -> Result<StartFaceCheckPayload> {
    let caller = signed_in(ctx)?;
    let refused =
        |error| StartFaceCheckPayload { ticket: None, url: None, user_errors: vec![error] };
    if let Some(fault) = claim(ctx, caller, &input.idempotency_key, "startFaceCheck", &[]).await? {
        return Ok(refused(fault));
    }
    match ctx.data_unchecked::<UseCases>().check_face.start(caller).await {
        Ok(start) => Ok(StartFaceCheckPayload {
            ticket: Some(start.ticket),
            url: Some(start.url),
            user_errors: Vec::new(),
        }),
        Err(error) => Ok(refused(face_refused(error)?)),
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
