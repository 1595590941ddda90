//! Signing in: by a mini-program's codes, or by a phone and a code that was sent to it.

use super::error::{UserError, UserErrorCode as Code, chain, store_failed};
use super::identity::{IssuedSession, Viewer};
use super::scalars::DateTime;
use super::{UseCases, requester};
use async_graphql::{Context, InputObject, OneofObject, Result, SimpleObject};
use domain::identity::{
    AskedFrom, Channel as DomainChannel, ChannelCodes, ClaimedName, PersonName, SendCodeError,
    SignInBy as By, SignInError,
};
use domain::standards::{CitizenId, Mobile};

/// How to sign in, and from which device.
#[derive(InputObject)]
pub struct SignInInput {
    /// How.
    by: SignInBy,
    /// Shown in the list of devices.
    device: Option<DeviceInput>,
}

/// Exactly one: a WeChat wx.login code, an Alipay auth code, or a phone and its one-time code.
#[derive(OneofObject)]
pub enum SignInBy {
    /// From the WeChat mini-program.
    WeChat(WeChatSignIn),
    /// From the Alipay mini-program.
    Alipay(AlipaySignIn),
    /// From the native app.
    Phone(PhoneSignIn),
}

/// What the WeChat mini-program sends.
#[derive(InputObject)]
pub struct WeChatSignIn {
    /// From `wx.login`.
    code: String,
    /// From the button `getPhoneNumber`; lifts the person to level PHONE.
    phone_code: Option<String>,
}

/// What the Alipay mini-program sends.
#[derive(InputObject)]
pub struct AlipaySignIn {
    /// From `my.getAuthCode`.
    auth_code: String,
    /// The whole answer of `my.getPhoneNumber`; lifts the person to level PHONE.
    encrypted_phone: Option<String>,
}

/// What the native app sends.
#[derive(InputObject)]
pub struct PhoneSignIn {
    /// The phone that `sendPhoneCode` was asked for.
    phone: String,
    /// The six digits that came by text message.
    code: String,
    /// Whose account it is: asked for with STEP_UP_REQUIRED where the account has proved a name,
    /// because numbers are handed on.
    real_name: Option<RealNameInput>,
}

/// Name and id card as the account has proved them.
#[derive(InputObject)]
pub struct RealNameInput {
    /// As on the id card.
    name: String,
    /// GB 11643, 18 characters.
    id_card: String,
}

/// The client's device.
#[derive(InputObject)]
pub struct DeviceInput {
    /// The client's own id of it, at most 64 characters.
    id: String,
    /// For people, at most 64 characters.
    name: Option<String>,
}

/// Signed in, or why not.
#[derive(SimpleObject, Default)]
pub struct SignInPayload {
    /// The session.
    session: Option<IssuedSession>,
    /// What is the caller's own.
    viewer: Option<Viewer>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// Platform codes are at most 128 characters long; longer ones never came from there.
const CODE_LENGTH: std::ops::RangeInclusive<usize> = 1..=256;
/// A sealed phone is a few hundred characters of JSON.
const SEALED_PHONE_LENGTH: std::ops::RangeInclusive<usize> = 1..=2_048;

/// Fields of the input that a refusal can be about.
pub(super) struct SignInFields {
    code: [&'static str; 3],
    phone: [&'static str; 3],
    bad_code: &'static str,
    bad_phone: &'static str,
}

const WE_CHAT: SignInFields = SignInFields {
    code: ["by", "weChat", "code"],
    phone: ["by", "weChat", "phoneCode"],
    bad_code: "登录凭证无效或已使用，请重新进入小程序",
    bad_phone: "手机号凭证无效或已使用，请重新授权",
};
const ALIPAY: SignInFields = SignInFields {
    code: ["by", "alipay", "authCode"],
    phone: ["by", "alipay", "encryptedPhone"],
    ..WE_CHAT
};
const PHONE: SignInFields = SignInFields {
    code: ["by", "phone", "phone"],
    phone: ["by", "phone", "code"],
    bad_code: "请输入11位手机号",
    bad_phone: "验证码不正确或已使用，请重新输入或重新获取",
};

/// What was sent, checked for its shape.
pub(super) fn sign_in_by(by: SignInBy) -> (SignInFields, std::result::Result<By, UserError>) {
    let platform = |fields: SignInFields, channel, code: String, phone_code: Option<String>| {
        let bad = |field: &[&str], message| UserError::at(Code::CodeInvalid, field, message);
        let checked = if !CODE_LENGTH.contains(&code.len()) {
            Err(bad(&fields.code, fields.bad_code))
        } else if phone_code.as_ref().is_some_and(|p| !SEALED_PHONE_LENGTH.contains(&p.len())) {
            Err(bad(&fields.phone, fields.bad_phone))
        } else {
            Ok(By::Platform(channel, ChannelCodes { code, phone_code }))
        };
        (fields, checked)
    };
    match by {
        SignInBy::WeChat(sent) => {
            platform(WE_CHAT, DomainChannel::WeChat, sent.code, sent.phone_code)
        }
        SignInBy::Alipay(sent) => {
            platform(ALIPAY, DomainChannel::Alipay, sent.auth_code, sent.encrypted_phone)
        }
        SignInBy::Phone(sent) => (PHONE, by_phone(sent)),
    }
}

fn by_phone(sent: PhoneSignIn) -> std::result::Result<By, UserError> {
    let bad_phone = |_| UserError::at(Code::Invalid, &PHONE.code, PHONE.bad_code);
    let phone = Mobile::new(sent.phone.trim()).map_err(bad_phone)?;
    let code = sent.code.trim().chars().take(16).collect();
    let claims = sent.real_name.map(|claimed| {
        let at = |field| ["by", "phone", "realName", field];
        let name = PersonName::new(&claimed.name)
            .map_err(|_| UserError::at(Code::Invalid, &at("name"), "请填写身份证上的姓名"))?;
        let id_card = CitizenId::normalised(&claimed.id_card).map_err(|_| {
            UserError::at(Code::Invalid, &at("idCard"), "身份证号有误，请核对18位号码")
        })?;
        Ok(ClaimedName { name, id_card })
    });
    Ok(By::Phone { phone, code, claims: claims.transpose()? })
}

/// The mutation `signIn`.
pub async fn sign_in(ctx: &Context<'_>, input: SignInInput) -> Result<SignInPayload> {
    let refused =
        |error| Ok(SignInPayload { user_errors: vec![error], ..SignInPayload::default() });
    let device = input.device.map(|device| {
        let name = device.name.unwrap_or_default();
        // The first space parts both.
        let id: String = device.id.split_whitespace().collect();
        format!("{id} {name}").chars().take(129).collect()
    });
    let (fields, by) = sign_in_by(input.by);
    let by = match by {
        Ok(by) => by,
        Err(error) => return refused(error),
    };
    match ctx.data_unchecked::<UseCases>().sign_in.run(&by, device).await {
        Ok((issued, person)) => Ok(SignInPayload {
            session: Some(issued.into()),
            viewer: Some(Viewer(person)),
            user_errors: Vec::new(),
        }),
        Err(error) => match sign_in_refused(&fields, error) {
            Ok(error) => refused(error),
            Err(failure) => Err(failure),
        },
    }
}

pub(super) fn sign_in_refused(fields: &SignInFields, error: SignInError) -> Result<UserError> {
    Ok(match error {
        SignInError::CodeInvalid => UserError::at(Code::CodeInvalid, &fields.code, fields.bad_code),
        SignInError::PhoneCodeInvalid => {
            UserError::at(Code::CodeInvalid, &fields.phone, fields.bad_phone)
        }
        SignInError::PhoneCodeExpired => {
            UserError::at(Code::CodeExpired, &fields.phone, "验证码已过期，请重新获取")
        }
        SignInError::StepUpRequired => {
            let message = "这个手机号的账户已实名，请重新获取验证码，并填写该账户的姓名和身份证号；\
                           也可以从微信或支付宝小程序登录";
            UserError::at(Code::StepUpRequired, &fields.code, message)
        }
        SignInError::NotConnected => {
            UserError::at(Code::Invalid, &fields.code, "暂不支持从这个渠道登录")
        }
        SignInError::Platform(error) => {
            tracing::warn!(error = %chain(&error), "sign-in platform failed");
            let message = "登录平台暂时没有应答，请稍后重新进入小程序";
            UserError::at(Code::OutcomeUnknown, &fields.code, message)
        }
        SignInError::Store(error) => return Err(store_failed(&error)),
    })
}

/// Whose phone.
#[derive(InputObject)]
pub struct SendPhoneCodeInput {
    /// Eleven digits.
    phone: String,
    /// The device that asks, as for `signIn`; codes are counted for phone, device and address.
    device: Option<DeviceInput>,
}

/// A code is on its way, or why not. Says nothing of whether anybody is known by the phone.
#[derive(SimpleObject, Default)]
pub struct SendPhoneCodePayload {
    /// From when on another one may be asked for.
    next_at: Option<DateTime>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `sendPhoneCode`.
pub async fn send_phone_code(
    ctx: &Context<'_>,
    input: SendPhoneCodeInput,
) -> Result<SendPhoneCodePayload> {
    let answer = |next_at: Option<jiff::Timestamp>, error: Option<UserError>| {
        let user_errors = error.into_iter().collect();
        Ok(SendPhoneCodePayload { next_at: next_at.map(DateTime::from), user_errors })
    };
    let Ok(phone) = Mobile::new(input.phone.trim()) else {
        return answer(None, Some(UserError::at(Code::Invalid, &["phone"], PHONE.bad_code)));
    };
    let device = input.device.map(|device| device.id.chars().take(64).collect::<String>());
    let device = device.filter(|id| !id.trim().is_empty());
    let from = AskedFrom { device, address: requester(ctx).address };
    match ctx.data_unchecked::<UseCases>().send_phone_code.run(&phone, &from).await {
        Ok(next_at) => answer(Some(next_at), None),
        Err(SendCodeError::TooMany(next_at)) => {
            let message = "验证码发送过于频繁，请稍后再试";
            answer(Some(next_at), Some(UserError::at(Code::RateLimited, &["phone"], message)))
        }
        Err(SendCodeError::Platform(error)) => {
            tracing::warn!(error = %chain(&error), "message platform failed");
            let message = "短信平台暂时没有应答，如一分钟内没有收到，请重新获取";
            answer(None, Some(UserError::at(Code::OutcomeUnknown, &["phone"], message)))
        }
        Err(SendCodeError::Store(error)) => Err(store_failed(&error)),
    }
}
