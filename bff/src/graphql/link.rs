//! One account for one person: channels are linked and unlinked, accounts merged.

use super::error::{UserError, UserErrorCode as Code, store_failed};
use super::identity::{Channel, IssuedSession, Viewer};
use super::sign_in::{SignInBy, SignInFields, sign_in_by, sign_in_refused};
use super::{UseCases, signed_in};
use async_graphql::{Context, InputObject, Result, SimpleObject};
use domain::identity::{LinkError, MergeError, MergeRefusal, StepUpError, Unlinked};

/// Which account, and who asks.
#[derive(InputObject)]
pub struct LinkChannelInput {
    /// The account of the other channel, as for `signIn`.
    by: SignInBy,
    /// The six digits that came to the caller's own phone; not needed within ten minutes of a
    /// passed face check, nor when `by` is the caller's own phone.
    phone_code: Option<String>,
}

/// Linked, or why not.
#[derive(SimpleObject, Default)]
pub struct LinkChannelPayload {
    /// What is the caller's own.
    viewer: Option<Viewer>,
    /// Why not. LINKED_TO_ANOTHER_PERSON: `mergePersons`, with a fresh code, makes both one.
    user_errors: Vec<UserError>,
}

/// What was typed in; no code of ours is longer.
fn typed(code: Option<String>) -> Option<String> {
    code.map(|code| code.trim().chars().take(16).collect())
}

/// The mutation `linkChannel`.
pub async fn link_channel(
    ctx: &Context<'_>,
    input: LinkChannelInput,
) -> Result<LinkChannelPayload> {
    let caller = signed_in(ctx)?;
    let refused = |error| {
        Ok(LinkChannelPayload { user_errors: vec![error], ..LinkChannelPayload::default() })
    };
    let (fields, by) = sign_in_by(input.by);
    let by = match by {
        Ok(by) => by,
        Err(error) => return refused(error),
    };
    let link = &ctx.data_unchecked::<UseCases>().account.link;
    match link.run(caller, &by, typed(input.phone_code).as_deref()).await {
        Ok(()) => {
            let viewer = Some(Viewer(caller.person.clone()));
            Ok(LinkChannelPayload { viewer, user_errors: Vec::new() })
        }
        Err(error) => link_refused(&fields, error).and_then(refused),
    }
}

fn link_refused(fields: &SignInFields, error: LinkError) -> Result<UserError> {
    let conflict = |message: &str| UserError::at(Code::Conflict, &["by"], message);
    Ok(match error {
        LinkError::StepUp(error) => return step_up_refused(error),
        LinkError::Account(error) => return sign_in_refused(fields, error),
        LinkError::LinkedToAnotherPerson => {
            let message = "这个账户已关联另一个账号；如果也是您本人，请合并两个账号";
            UserError::at(Code::LinkedToAnotherPerson, &["by"], message)
        }
        LinkError::ChannelTaken => conflict("您已关联这个渠道的另一个账户，请先解除关联"),
        LinkError::TooMany => conflict("关联的账户已达上限，请先解除一些"),
        LinkError::Store(error) => return Err(store_failed(&error)),
    })
}

fn step_up_refused(error: StepUpError) -> Result<UserError> {
    let at = |code, message: &str| UserError::at(code, &["phoneCode"], message);
    Ok(match error {
        StepUpError::LevelTooLow => UserError::whole(Code::IdentityLevelTooLow, "请先完成实名认证"),
        StepUpError::Required => {
            at(Code::StepUpRequired, "请先刷脸，或填写发送到您本人手机的验证码")
        }
        StepUpError::CodeInvalid => {
            at(Code::CodeInvalid, "验证码不正确或已使用，请重新输入或重新获取")
        }
        StepUpError::CodeExpired => at(Code::CodeExpired, "验证码已过期，请重新获取"),
        StepUpError::Store(error) => return Err(store_failed(&error)),
    })
}

/// Which channel.
#[derive(InputObject)]
pub struct UnlinkChannelInput {
    /// All of the caller's accounts there.
    channel: Channel,
}

/// Unlinked, or why not.
#[derive(SimpleObject)]
pub struct UnlinkChannelPayload {
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `unlinkChannel`.
pub async fn unlink_channel(
    ctx: &Context<'_>,
    input: UnlinkChannelInput,
) -> Result<UnlinkChannelPayload> {
    let caller = signed_in(ctx)?;
    let unlink = &ctx.data_unchecked::<UseCases>().account.unlink;
    let outcome = unlink.run(caller, input.channel.into()).await;
    let at = |code, message: &str| vec![UserError::at(code, &["channel"], message)];
    let user_errors = match outcome.map_err(|error| store_failed(&error))? {
        Unlinked::Done => Vec::new(),
        Unlinked::NotLinked => at(Code::NotFound, "没有关联这个渠道"),
        Unlinked::LastWay => at(Code::Conflict, "这是您唯一的登录方式，不能解除"),
    };
    Ok(UnlinkChannelPayload { user_errors })
}

/// Which account, and who asks.
#[derive(InputObject)]
pub struct MergePersonsInput {
    /// The other account, as for `signIn`.
    by: SignInBy,
    /// As for `linkChannel`.
    phone_code: Option<String>,
}

/// One account, or why there are still two.
#[derive(SimpleObject, Default)]
pub struct MergePersonsPayload {
    /// In place of the caller's session, which ended if the caller's account was the younger one.
    session: Option<IssuedSession>,
    /// What is the caller's own, both accounts' together.
    viewer: Option<Viewer>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `mergePersons`.
pub async fn merge_persons(
    ctx: &Context<'_>,
    input: MergePersonsInput,
) -> Result<MergePersonsPayload> {
    let caller = signed_in(ctx)?;
    let refused = |error| {
        Ok(MergePersonsPayload { user_errors: vec![error], ..MergePersonsPayload::default() })
    };
    let (fields, by) = sign_in_by(input.by);
    let by = match by {
        Ok(by) => by,
        Err(error) => return refused(error),
    };
    let merge = &ctx.data_unchecked::<UseCases>().account.merge;
    match merge.run(caller, &by, typed(input.phone_code).as_deref()).await {
        Ok(merged) => Ok(MergePersonsPayload {
            session: merged.session.map(IssuedSession::from),
            viewer: Some(Viewer(merged.person)),
            user_errors: Vec::new(),
        }),
        Err(error) => merge_refused(&fields, error).and_then(refused),
    }
}

fn merge_refused(fields: &SignInFields, error: MergeError) -> Result<UserError> {
    let at = |code, message: &str| UserError::at(code, &["by"], message);
    Ok(match error {
        MergeError::Link(error) => return link_refused(fields, error),
        MergeError::Nobody => at(Code::NotFound, "没有要合并的账号，可以直接关联"),
        MergeError::Refused(MergeRefusal::AnotherPerson) => {
            at(Code::LinkedToAnotherPerson, "另一个账号已由其他人实名，不能合并")
        }
        MergeError::Refused(MergeRefusal::ChannelTaken) => {
            at(Code::Conflict, "两个账号关联了同一渠道的不同账户，请先在其中一个账号解除")
        }
        MergeError::Refused(MergeRefusal::TooMany) => {
            at(Code::Conflict, "合并的账号或关联的账户已达上限")
        }
    })
}
