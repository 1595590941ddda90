//! What a scanned code means.

use super::booking::{self, Booking};
use super::case::{self, Case};
use super::catalogue::{self, App};
use super::certificate::{self, Certificate, CertificateVerification};
use super::delivery::Delivery;
use super::error::{FailureCode, bad_input, gateway_failed, internal, store_failed};
use super::lottery::{self, LotteryDraw};
use super::notice::{Notice, NoticeItem};
use super::notice_search::seek;
use super::payment::{self, Payment};
use super::receipt::VerifiedReceipt;
use super::refund::{self, Refund};
use super::scalars::Money;
use super::{Node, UseCases, signed_in};
use async_graphql::{Context, Error, Result, SimpleObject, Union};
use domain::money::Fen;
use domain::notice::Sought;
use domain::payment::{LinkError, LinkShows, NoticeSnapshot};
use domain::scan::{OwnNo, ScanRefused, Scanned};

/// What a scanned code means.
#[derive(Union)]
pub enum ScanTarget {
    /// A notice that can be paid, by its payment code, number or QR text.
    Notice(Notice),
    /// A genuine receipt.
    VerifiedReceipt(VerifiedReceipt),
    /// A genuine certificate, valid or not any more.
    CertificateVerification(CertificateVerification),
    /// An app to open.
    App(App),
    /// Somebody asks the caller to pay for them.
    PayRequest(PayRequest),
    /// What is published of a draw.
    LotteryDraw(LotteryDraw),
    /// An own appointment, by its number.
    Booking(Booking),
    /// An own case, by its number.
    Case(Case),
    /// An own payment, by its number.
    Payment(Payment),
    /// An own refund, by its number.
    Refund(Refund),
    /// An own parcel, by its number.
    Delivery(Delivery),
    /// An own certificate, by its number alone.
    Certificate(Certificate),
}

/// Somebody asks to be paid for: what, and nothing of whom.
#[derive(SimpleObject)]
pub struct PayRequest {
    /// The page on which it is paid.
    url: String,
    /// What must be paid now.
    total: Money,
    /// Its lines.
    items: Vec<NoticeItem>,
}

/// The query `resolveScan`. A code that means nothing is null, with the reason in `errors`.
pub async fn resolve(ctx: &Context<'_>, text: &str) -> Result<Option<ScanTarget>> {
    let use_cases = ctx.data_unchecked::<UseCases>();
    let scanned = use_cases.own_address.read(text).map_err(refused)?;
    let target = match scanned {
        Scanned::PayCode(code) => notice(ctx, Sought::PayCode(code)).await?,
        Scanned::Notice(no) => notice(ctx, Sought::Number(no)).await?,
        Scanned::NoticeQr(qr) => notice(ctx, Sought::Qr(qr)).await?,
        Scanned::Receipt(id, check_code) => {
            let found = use_cases.verify_receipt.run(&id, &check_code).await;
            let found = found.map_err(|error| store_failed(&error))?;
            let none = || missing("没有查到这张票据，请核对，查不到的票据是假的");
            ScanTarget::VerifiedReceipt(found.as_ref().ok_or_else(none)?.into())
        }
        Scanned::Certificate(serial, code) => {
            let found = certificate::verify(ctx, serial.as_str(), code.expose()).await?;
            if !found.is_known() {
                return Err(missing("没有查到这份证明，请核对，查不到的证明是假的"));
            }
            ScanTarget::CertificateVerification(found)
        }
        Scanned::App(slug) => {
            let none = || missing("这个应用已经下线");
            ScanTarget::App(catalogue::app(ctx, slug.as_str()).ok_or_else(none)?)
        }
        Scanned::PayLink(token) => ScanTarget::PayRequest(pay_request(use_cases, &token).await?),
        Scanned::Draw(app, issue) => {
            let found = lottery::draw(ctx, app.as_str(), Some(issue.to_string())).await?;
            ScanTarget::LotteryDraw(found.ok_or_else(|| missing("没有查到这次摇号"))?)
        }
        Scanned::Own(no) => own(ctx, &no).await?,
    };
    Ok(Some(target))
}

/// What the caller owns under that number. Another's is one that does not exist.
async fn own(ctx: &Context<'_>, no: &OwnNo) -> Result<ScanTarget> {
    let caller = signed_in(ctx)?;
    let found = match no {
        OwnNo::Case(no) => case::own_case(ctx, no.as_str()).await?.map(ScanTarget::Case),
        OwnNo::Payment(no) => {
            payment::own_payment(ctx, no.as_str()).await?.map(ScanTarget::Payment)
        }
        OwnNo::Booking(no) => match booking::own_booking(ctx, no.as_str()).await? {
            Some(Node::Booking(own)) => Some(ScanTarget::Booking(own)),
            Some(_) | None => None,
        },
        OwnNo::Refund(no) => match refund::own_refund(ctx, no.as_str()).await? {
            Some(Node::Refund(own)) => Some(ScanTarget::Refund(own)),
            Some(_) | None => None,
        },
        OwnNo::Certificate(serial) => {
            match certificate::own_certificate(ctx, serial.as_str()).await? {
                Some(Node::Certificate(own)) => Some(ScanTarget::Certificate(own)),
                Some(_) | None => None,
            }
        }
        OwnNo::Delivery(no) => match &ctx.data_unchecked::<UseCases>().desk.delivery {
            Some(delivery) => {
                let own = delivery.find_own(caller, no.as_str()).await;
                let own = own.map_err(|error| store_failed(&error))?;
                own.map(|own| ScanTarget::Delivery(Delivery(own)))
            }
            None => None,
        },
    };
    found.ok_or_else(|| missing("您名下没有这个编号。请核对，或换办理人的账号再扫"))
}

fn refused(why: ScanRefused) -> Error {
    bad_input(match why {
        ScanRefused::TooLong => "二维码内容过长，不是本平台的码",
        ScanRefused::Foreign => "这个码指向其他网站，不是本平台的码。请勿打开，谨防诈骗",
        ScanRefused::UnknownPage => "这个码不完整或已失效，请核对后重新扫描",
        ScanRefused::Edited => "二维码与缴款单不一致，可能被改动过，请勿缴款，并向执收单位核实",
        ScanRefused::Unknown => {
            "不认识这个码。可以扫缴款单、电子票据、证明、代缴链接和应用的二维码，以及本人预约、办件、缴款、退付和邮寄的编号"
        }
    })
}

fn missing(message: &str) -> Error {
    Error { message: message.to_owned(), ..FailureCode::NotFound.error() }
}

/// Whoever holds a notice's code is shown the notice, once they have signed in.
async fn notice(ctx: &Context<'_>, sought: Sought) -> Result<ScanTarget> {
    signed_in(ctx)?;
    let found = seek(ctx, &sought).await?.into_iter().next();
    let listed = found.ok_or_else(|| missing("没有查到这张缴款单，请核对，或向执收单位核实"))?;
    Ok(ScanTarget::Notice(Notice::Live(Box::new(listed))))
}

async fn pay_request(use_cases: &UseCases, token: &str) -> Result<PayRequest> {
    match use_cases.pay_by_link.look(token).await {
        Ok(LinkShows::Payable(notices)) => {
            let url = format!("{}/pay/{token}", use_cases.public_url);
            let items = notices.iter().flat_map(|notice| &notice.items).map(NoticeItem::from);
            Ok(PayRequest { url, items: items.collect(), total: total(&notices)?.into() })
        }
        Ok(LinkShows::Taken(_)) => Err(bad_input("这笔代缴已经付款，或正在付款，请勿重复付款")),
        Ok(LinkShows::NotPayable) => Err(bad_input("缴款单已缴清、已撤回或已过期，无需付款")),
        Ok(LinkShows::Expired) => Err(bad_input("代缴链接已过期，请让对方重新发起代缴")),
        Ok(LinkShows::Unknown) => Err(missing("代缴链接无效，请让对方重新发起代缴")),
        Err(LinkError::Gateway(error)) => Err(gateway_failed(&error)),
        Err(LinkError::Store(error)) => Err(store_failed(&error)),
    }
}

fn total(notices: &[NoticeSnapshot]) -> Result<Fen> {
    let sum = Fen::sum(notices.iter().map(NoticeSnapshot::total));
    sum.map_err(|error| internal(&error))
}
