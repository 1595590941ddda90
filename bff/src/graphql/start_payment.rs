//! Starting a payment, and why one is not started.

use super::cashier::Cashier;
use super::error::{UserError, UserErrorCode as Code, gateway_failed, nothing_done};
use super::payment::{Payment, Rail};
use super::scalars::Fen;
use super::{UseCases, signed_in};
use async_graphql::{Context, ID, InputObject, Result, SimpleObject};
use domain::ids::IdempotencyKey;
use domain::notice::NoticeNo;
use domain::payment::{Refusal, StartPaymentError, Started, WantedPayment};

/// What to pay, by which rail, and what the client showed the citizen.
#[derive(InputObject)]
pub struct StartPaymentInput {
    /// 1 to 20, no two the same.
    notice_nos: Vec<String>,
    /// By which rail.
    rail: Rail,
    /// What the client showed; the server checks it.
    expected_total: Fen,
    /// A token of `quote`. Without one the server makes one at that moment.
    quote: Option<String>,
    /// Made by the client before it sends; the same key never pays twice.
    idempotency_key: ID,
}

/// On PAYMENT_IN_PROGRESS: if the live attempt is the caller's own, `payment` is set, and
/// `cashier` too where rail and channel are the same; otherwise both are null. An own `payment`
/// with a null `cashier` means: cancelPayment first.
#[derive(SimpleObject, Default)]
pub struct StartPaymentPayload {
    /// The attempt.
    payment: Option<Payment>,
    /// For the client's cashier, while the attempt can be paid.
    cashier: Option<Cashier>,
    /// Why not.
    user_errors: Vec<UserError>,
}

impl From<Started> for StartPaymentPayload {
    fn from(started: Started) -> Self {
        Self {
            payment: Some(Payment(started.payment)),
            cashier: started.cashier.map(Cashier::from),
            user_errors: Vec::new(),
        }
    }
}

fn wanted(input: &StartPaymentInput) -> Result<WantedPayment, Vec<UserError>> {
    let mut faults = Vec::new();
    let mut notice_nos = Vec::new();
    for (index, text) in input.notice_nos.iter().enumerate() {
        match NoticeNo::new(text.trim()) {
            Ok(no) => notice_nos.push(no),
            Err(why) => {
                let field = ["noticeNos", &index.to_string()];
                let message = format!("缴款单号有误：{}", notice_no_hint(why));
                faults.push(UserError::at(Code::Invalid, &field, message));
            }
        }
    }
    let key = IdempotencyKey::new(&input.idempotency_key);
    if key.is_err() {
        let message = "幂等键须为8至64位字母、数字、下划线或连字符";
        faults.push(UserError::at(Code::Invalid, &["idempotencyKey"], message));
    }
    if input.expected_total.0 <= domain::money::Fen::ZERO {
        faults.push(UserError::at(Code::Invalid, &["expectedTotal"], "应缴总额须大于零"));
    }
    match key {
        Ok(key) if faults.is_empty() => Ok(WantedPayment {
            notice_nos,
            rail: input.rail.into(),
            expected_total: input.expected_total.0,
            quote: input.quote.clone(),
            key,
        }),
        Ok(_) | Err(_) => Err(faults),
    }
}

/// What is wrong with a notice number, for a citizen.
pub fn notice_no_hint(why: domain::notice::NoticeNoInvalid) -> &'static str {
    use domain::notice::NoticeNoInvalid as E;
    match why {
        E::Length => "应为10至40位",
        E::Channel => "前9位应为数字",
        E::Province => "不是本省的缴款单",
        E::Business => "9位以后应为大写字母或数字",
    }
}

/// The mutation `startPayment`.
pub async fn start(ctx: &Context<'_>, input: StartPaymentInput) -> Result<StartPaymentPayload> {
    let caller = signed_in(ctx)?;
    let wanted = match wanted(&input) {
        Ok(wanted) => wanted,
        Err(user_errors) => {
            return Ok(StartPaymentPayload { user_errors, ..StartPaymentPayload::default() });
        }
    };
    match ctx.data_unchecked::<UseCases>().start_payment.run(caller, wanted).await {
        Ok(started) => Ok(started.into()),
        Err(error) => start_refused(error),
    }
}

fn start_refused(error: StartPaymentError) -> Result<StartPaymentPayload> {
    let (payload, user_error) = match error {
        StartPaymentError::Refused(why, own) => {
            (own.map(|own| StartPaymentPayload::from(*own)), refusal(&why))
        }
        StartPaymentError::OutcomeUnknown(payment) => {
            let message = "支付渠道没有应答，正在确认，请勿重复支付";
            (of_payment(*payment), UserError::whole(Code::OutcomeUnknown, message))
        }
        StartPaymentError::RailNotReached(payment) => {
            let message = "暂时连不上支付渠道，没有扣款，请稍后用同一笔订单重试";
            (of_payment(*payment), UserError::at(Code::RailUnavailable, &["rail"], message))
        }
        StartPaymentError::Gateway(error) => return Err(gateway_failed(&error)),
        StartPaymentError::Store(error) => return Err(nothing_done(&error)),
    };
    Ok(StartPaymentPayload { user_errors: vec![user_error], ..payload.unwrap_or_default() })
}

fn of_payment(payment: domain::payment::Payment) -> Option<StartPaymentPayload> {
    Some(Started { payment, cashier: None }.into())
}

/// A refusal in words for the citizen, at the field it is about.
pub fn refusal(why: &Refusal) -> UserError {
    let notice = |index: &usize, code, message: &str| {
        UserError::at(code, &["noticeNos", &index.to_string()], message)
    };
    match why {
        Refusal::Notices => {
            UserError::at(Code::Invalid, &["noticeNos"], "一次可缴1至20笔，且不能重复")
        }
        Refusal::UnknownNotice(index) => {
            notice(index, Code::NotFound, "没有找到这张缴款单，请核对号码")
        }
        Refusal::UnknownItem(index, code) => {
            let message = format!("执收项目{code}不在目录中，不能在此缴款，请联系执收单位");
            notice(index, Code::NoticeNotPayable, &message)
        }
        Refusal::AlreadyPaid(index) => {
            notice(index, Code::AlreadyPaid, "这张缴款单已经缴过，无需再缴")
        }
        Refusal::NotPayable(index) => {
            notice(index, Code::NoticeNotPayable, "这张缴款单已撤回或已过期，请联系执收单位")
        }
        Refusal::AmountChanged(total) => {
            let message = format!("应缴总额现为¥{total}，请核对后重新提交");
            UserError::at(Code::AmountChanged, &["expectedTotal"], message)
        }
        Refusal::QuoteInvalid => {
            let message = "报价不是本平台给出的，或不是这些缴款单的，请重新获取报价";
            UserError::at(Code::Invalid, &["quote"], message)
        }
        Refusal::QuoteExpired => {
            UserError::at(Code::QuoteExpired, &["quote"], "报价已超过15分钟，请重新获取后再缴")
        }
        Refusal::OverRailLimit(limit) => {
            let message = format!("超过单笔限额¥{limit}，请分几次缴或换一种支付方式");
            UserError::at(Code::AmountOverRailLimit, &["rail"], message)
        }
        Refusal::RailSick(reason) => {
            UserError::at(Code::RailUnavailable, &["rail"], reason.clone())
        }
        Refusal::RailUnavailable => {
            let message = "当前渠道不能使用这种支付方式，请换一种";
            UserError::at(Code::RailUnavailable, &["rail"], message)
        }
        Refusal::KeyReused => {
            let message = "这个幂等键已用于另一笔支付，请换一个新的";
            UserError::at(Code::IdempotencyKeyReused, &["idempotencyKey"], message)
        }
        Refusal::RailRefused => {
            let message = "支付渠道拒绝了这笔订单，没有扣款，请稍后重新发起";
            UserError::at(Code::RailUnavailable, &["rail"], message)
        }
        Refusal::InProgress => {
            let message = "有一笔支付正在进行，请先完成或取消它";
            UserError::at(Code::PaymentInProgress, &["noticeNos"], message)
        }
    }
}
