//! What a citizen looks for at the gateway: by number, code, QR text, vehicle or company.

use super::error::{FailureCode, bad_input, gateway_failed};
use super::start_payment::notice_no_hint;
use super::{UseCases, requester};
use async_graphql::{Context, Error, InputObject, OneofObject, Result};
use domain::notice::{ListedNotice, NoticeNo, SearchError, Sought};
use domain::standards::{
    NoticeQr, NoticeQrInvalid, PayCode, PayCodeInvalid, PlateKind, PlateNo, Uscc,
};

/// Exactly one: what is looked for. Who has a number, a code or a QR text is shown its notice in
/// whatever state; of vehicles and companies the open ones, from level REAL_NAME on.
#[derive(OneofObject)]
pub enum NoticesOf {
    /// 缴款单号.
    NoticeNo(String),
    /// The 20-digit payment code (缴款识别码).
    PayCode(String),
    /// The text of the QR code on a notice; an edited one is refused.
    QrText(String),
    /// A vehicle: what of it is in the caller's name.
    Vehicle(VehicleInput),
    /// A company.
    Company(CompanyInput),
}

/// A vehicle.
#[derive(InputObject)]
pub struct VehicleInput {
    /// `浙A0001X`.
    plate_no: String,
    /// 号牌种类: `02` of a small car.
    plate_kind: String,
}

/// A company, known by code and name.
#[derive(InputObject)]
pub struct CompanyInput {
    /// 统一社会信用代码.
    code: String,
    /// The whole registered name; notices of another name are not shown.
    name: String,
}

/// What is looked for, from the gateway.
pub(super) async fn search(ctx: &Context<'_>, of: Option<NoticesOf>) -> Result<Vec<ListedNotice>> {
    let sought = of.map_or(Ok(Sought::Own), read)?;
    seek(ctx, &sought).await
}

/// The same, of what was read already; nothing for nobody.
pub(super) async fn seek(ctx: &Context<'_>, sought: &Sought) -> Result<Vec<ListedNotice>> {
    let who = requester(ctx);
    let Some(caller) = &who.caller else { return Ok(Vec::new()) };
    let find = &ctx.data_unchecked::<UseCases>().find_notices;
    find.search(&caller.person, sought, who.now).await.map_err(failed)
}

fn failed(error: SearchError) -> Error {
    match error {
        SearchError::NameNotProved => {
            let message = "请先完成实名认证，再查询车辆或单位的缴款单".to_owned();
            Error { message, ..FailureCode::NotAllowed.error() }
        }
        SearchError::NotAsPrinted => {
            bad_input("二维码与缴款单不一致，可能被改动过，请勿缴款，并向执收单位核实")
        }
        SearchError::Gateway(error) => gateway_failed(&error),
    }
}

fn read(of: NoticesOf) -> Result<Sought> {
    match of {
        NoticesOf::NoticeNo(text) => {
            let no = NoticeNo::new(text.trim());
            let hint = |why| bad_input(&format!("缴款单号有误：{}", notice_no_hint(why)));
            no.map(Sought::Number).map_err(hint)
        }
        NoticesOf::PayCode(text) => {
            let code = PayCode::new(text.trim());
            code.map(Sought::PayCode).map_err(|why| bad_input(pay_code_hint(why)))
        }
        NoticesOf::QrText(text) => {
            let qr = NoticeQr::new(text.trim());
            qr.map(Sought::Qr).map_err(|why| bad_input(qr_hint(why)))
        }
        NoticesOf::Vehicle(vehicle) => {
            let plate = PlateNo::normalised(&vehicle.plate_no);
            let plate = plate.or(Err(bad_input("号牌号码有误，请填写本省号牌，如浙A12345")))?;
            let kind = PlateKind::new(vehicle.plate_kind.trim());
            let kind = kind.or(Err(bad_input("号牌种类有误，应为两位数字，如02")))?;
            Ok(Sought::Vehicle { plate, kind })
        }
        NoticesOf::Company(company) => {
            let code = Uscc::new(company.code.trim());
            let code = code.or(Err(bad_input("统一社会信用代码有误，请核对18位代码")))?;
            Ok(Sought::Company { code, name: company.name })
        }
    }
}

fn pay_code_hint(why: PayCodeInvalid) -> &'static str {
    match why {
        PayCodeInvalid::Digits => "缴款识别码有误：应为20位数字",
        PayCodeInvalid::Province => "缴款识别码有误：不是本省的缴款识别码",
        PayCodeInvalid::Check => "缴款识别码有误：校验位不符，请核对",
    }
}

fn qr_hint(why: NoticeQrInvalid) -> &'static str {
    match why {
        NoticeQrInvalid::Parts | NoticeQrInvalid::Digits => "这不是缴款单的二维码",
        NoticeQrInvalid::NumberCheck | NoticeQrInvalid::WholeCheck => {
            "二维码的校验码不符，可能被改动过，请勿缴款，并向执收单位核实"
        }
    }
}
