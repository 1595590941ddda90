//! Payments: what the citizen sees and does.

use super::error::{
    FailureCode, UserError, UserErrorCode as Code, gateway_failed, nothing_done, store_failed,
};
use super::node_id::Kind;
use super::notice::{Notice, PageInfo, bounded};
use super::receipt::Receipt;
use super::scalars::{DateTime, Fen, Money};
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Union};
use domain::ids::{IdempotencyKey, PaymentNo};
use domain::notice::NoticeNo;
use domain::payment::{
    ApplyError, CancelError, Cashier as DomainCashier, RefreshError, Refusal, StartPaymentError,
    Started, WantedPayment,
};

/// Who takes the money. A rail that the session's channel cannot open is refused with
/// RAIL_UNAVAILABLE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::payment::Rail")]
pub enum Rail {
    /// WeChat Pay.
    #[graphql(name = "WECHAT_PAY")]
    WeChatPay,
    /// Alipay.
    Alipay,
    /// UnionPay.
    #[graphql(name = "UNIONPAY")]
    UnionPay,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::payment::PaymentStatus")]
pub enum PaymentStatus {
    /// Stored and sent, or the rail has the order and waits for the citizen.
    Submitted,
    /// We asked and have no usable answer: do not pay again.
    Unknown,
    /// Money arrived but not the amount that was asked: held in suspense, staff decide.
    UnderReview,
    /// Paid.
    Paid,
    /// The rail confirmed that nothing was and nothing can be paid.
    Closed,
    /// Money that must go back.
    RefundDue,
    /// A refund is on its way.
    Refunding,
    /// Some of it is back.
    PartiallyRefunded,
    /// All of it is back.
    Refunded,
}

/// Whether the agencies that are owed have marked their notices as settled (销账).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::payment::WriteOffStatus")]
pub enum WriteOffStatus {
    /// There is no money that counts.
    NotDue,
    /// None is yet.
    Pending,
    /// Some are.
    Partial,
    /// All are.
    Done,
}

/// One attempt to pay.
pub struct Payment(pub domain::payment::Payment);

/// One attempt to pay.
#[Object]
impl Payment {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Payment.id(self.0.no.as_str())
    }

    /// Our number, and the rail's order number.
    async fn payment_no(&self) -> &str {
        self.0.no.as_str()
    }

    /// What was asked for.
    async fn amount(&self) -> Money {
        self.0.amount.fen().into()
    }

    /// By which rail.
    async fn rail(&self) -> Rail {
        self.0.rail.into()
    }

    /// Where it stands.
    async fn status(&self) -> PaymentStatus {
        self.0.state.status().into()
    }

    /// As they stood when the payment was made; stored with it, never fetched again.
    #[graphql(complexity = "2 * child_complexity + 1")]
    async fn notices(&self) -> Vec<Notice> {
        let snapshot = |notice: &domain::payment::NoticeSnapshot| {
            Notice::Paid(Box::new(notice.clone()), Box::new(self.0.clone()))
        };
        self.0.notices.iter().map(snapshot).collect()
    }

    /// Whether the agencies have marked the notices as settled.
    async fn write_off(&self) -> WriteOffStatus {
        self.0.write_off().into()
    }

    /// When it was started.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When the rail took the money.
    async fn paid_at(&self) -> Option<DateTime> {
        self.0.state.money().map(|money| money.at.into())
    }

    /// What happened to it, oldest first.
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<PaymentEvent>> {
        let found = ctx.data_unchecked::<UseCases>().read_payments.history(&self.0).await;
        let records = found.map_err(|error| store_failed(&error))?;
        Ok(records.iter().map(PaymentEvent::from).collect())
    }

    /// What can still be asked back: what no refund has taken or is about to take.
    async fn refundable(&self, ctx: &Context<'_>) -> Result<Money> {
        super::refund::refundable(ctx, &self.0).await
    }

    /// What goes back, or was asked back, in order.
    #[graphql(complexity = "2 * child_complexity + 1")]
    async fn refunds(&self, ctx: &Context<'_>) -> Result<Vec<super::refund::Refund>> {
        super::refund::of_payment(ctx, &self.0).await
    }

    /// The fiscal e-receipts, as far as they are issued.
    async fn receipts(&self, ctx: &Context<'_>) -> Result<Vec<Receipt>> {
        let found = ctx.data_unchecked::<UseCases>().receipts.list_of_payment(&self.0.no).await;
        let receipts = found.map_err(|error| store_failed(&error))?;
        Ok(receipts.into_iter().map(Receipt).collect())
    }

    /// How long a client should wait before it asks again; null once settled.
    async fn retry_after_ms(&self) -> Option<i32> {
        self.0.state.is_unsettled().then_some(2_000)
    }
}

/// One line of a payment's history.
#[derive(SimpleObject)]
pub struct PaymentEvent {
    /// When we learnt it.
    at: DateTime,
    /// Where the payment stood after it.
    status: PaymentStatus,
    /// Why, one word: STARTED, RAIL_CONFIRMED, EXPIRED…
    reason: String,
}

impl From<&domain::payment::PaymentRecord> for PaymentEvent {
    fn from(record: &domain::payment::PaymentRecord) -> Self {
        Self {
            at: record.at.into(),
            status: record.status.into(),
            reason: record.reason.code().to_owned(),
        }
    }
}

/// What the client hands to wx.requestPayment, my.tradePay or the native SDK, field for field.
#[derive(Union)]
pub enum Cashier {
    /// `wx.requestPayment`.
    WeChatMini(WeChatMiniCashier),
    /// The WeChat SDK of the app.
    WeChatApp(WeChatAppCashier),
    /// A QR code.
    WeChatNative(WeChatNativeCashier),
    /// `my.tradePay`.
    AlipayMini(AlipayMiniCashier),
    /// The Alipay SDK of the app.
    AlipayApp(AlipayAppCashier),
    /// The UnionPay SDK of the app.
    UnionPay(UnionPayCashier),
}

/// Parameters of `wx.requestPayment`.
#[derive(SimpleObject)]
pub struct WeChatMiniCashier {
    /// Unix seconds, as text.
    time_stamp: String,
    /// Random text.
    nonce_str: String,
    /// `prepay_id=…`.
    package: String,
    /// `RSA`.
    sign_type: String,
    /// Our signature over the above.
    pay_sign: String,
}

/// The `PayReq` of the WeChat SDK.
#[derive(SimpleObject)]
pub struct WeChatAppCashier {
    /// The app's id at WeChat.
    app_id: String,
    /// Merchant number.
    partner_id: String,
    /// The order at WeChat Pay.
    prepay_id: String,
    /// Always `Sign=WXPay`.
    package: String,
    /// Random text.
    nonce_str: String,
    /// Unix seconds, as text.
    time_stamp: String,
    /// Our signature.
    sign: String,
}

/// Shown as a QR code; whoever scans it with WeChat pays.
#[derive(SimpleObject)]
pub struct WeChatNativeCashier {
    /// The text of the code.
    code_url: String,
}

/// Pass as tradeNO.
#[derive(SimpleObject)]
pub struct AlipayMiniCashier {
    /// The order at Alipay.
    trade_no: String,
}

/// Handed to the Alipay SDK as it is.
#[derive(SimpleObject)]
pub struct AlipayAppCashier {
    /// The signed order.
    order_string: String,
}

/// Handed to the UnionPay SDK.
#[derive(SimpleObject)]
pub struct UnionPayCashier {
    /// The order at UnionPay.
    tn: String,
}

impl From<DomainCashier> for Cashier {
    fn from(cashier: DomainCashier) -> Self {
        use DomainCashier as D;
        match cashier {
            D::WeChatMini { time_stamp, nonce_str, package, sign_type, pay_sign } => {
                let mini =
                    WeChatMiniCashier { time_stamp, nonce_str, package, sign_type, pay_sign };
                Self::WeChatMini(mini)
            }
            D::WeChatApp {
                app_id,
                partner_id,
                prepay_id,
                package,
                nonce_str,
                time_stamp,
                sign,
            } => Self::WeChatApp(WeChatAppCashier {
                app_id,
                partner_id,
                prepay_id,
                package,
                nonce_str,
                time_stamp,
                sign,
            }),
            D::WeChatNative { code_url } => Self::WeChatNative(WeChatNativeCashier { code_url }),
            D::AlipayMini { trade_no } => Self::AlipayMini(AlipayMiniCashier { trade_no }),
            D::AlipayApp { order_string } => Self::AlipayApp(AlipayAppCashier { order_string }),
            D::UnionPay { tn } => Self::UnionPay(UnionPayCashier { tn }),
        }
    }
}

/// Payments, newest first, and whether there are more.
#[derive(SimpleObject)]
pub struct PaymentConnection {
    /// Newest first.
    nodes: Vec<Payment>,
    /// Whether there are more.
    page_info: PageInfo,
}

/// The caller's payments.
pub async fn own_payments(
    ctx: &Context<'_>,
    first: i32,
    after: Option<String>,
) -> Result<PaymentConnection> {
    let caller = signed_in(ctx)?;
    let first = u16::try_from(bounded(first)?).unwrap_or(100);
    let before = match after.as_deref().map(PaymentNo::new) {
        None => None,
        Some(Ok(no)) => Some(no),
        Some(Err(_)) => return Err(FailureCode::BadInput.error()),
    };
    let read = &ctx.data_unchecked::<UseCases>().read_payments;
    if let Some(before) = &before {
        let known = read.find(caller, before).await.map_err(|error| store_failed(&error))?;
        // Else an unknown cursor would begin again at the first page, for ever.
        known.ok_or_else(|| FailureCode::BadInput.error())?;
    }
    let page = read.list(caller, before.as_ref(), first).await;
    let page = page.map_err(|error| store_failed(&error))?;
    let end_cursor = page.payments.last().map(|payment| payment.no.to_string());
    let page_info = PageInfo { has_next_page: page.more, end_cursor };
    Ok(PaymentConnection { nodes: page.payments.into_iter().map(Payment).collect(), page_info })
}

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

/// Which payment to look at.
#[derive(InputObject)]
pub struct RefreshPaymentInput {
    /// An own one.
    payment_no: String,
}

/// The payment as it is now.
#[derive(SimpleObject)]
pub struct RefreshPaymentPayload {
    /// The payment.
    payment: Option<Payment>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `refreshPayment`.
pub async fn refresh(
    ctx: &Context<'_>,
    input: RefreshPaymentInput,
) -> Result<RefreshPaymentPayload> {
    let caller = signed_in(ctx)?;
    let none = || RefreshPaymentPayload { payment: None, user_errors: vec![unknown_payment()] };
    let Ok(no) = PaymentNo::new(input.payment_no.trim()) else { return Ok(none()) };
    match ctx.data_unchecked::<UseCases>().refresh_payment.run(caller, &no).await {
        Ok(payment) => {
            Ok(RefreshPaymentPayload { payment: Some(Payment(payment)), user_errors: Vec::new() })
        }
        Err(RefreshError::NotFound) => Ok(none()),
        Err(RefreshError::Apply(error)) => Err(apply_failed(&error)),
        Err(RefreshError::Store(error)) => Err(store_failed(&error)),
    }
}

fn apply_failed(error: &ApplyError) -> async_graphql::Error {
    match error {
        ApplyError::Outside(error) => gateway_failed(error),
        ApplyError::Store(error) => store_failed(error),
    }
}

fn unknown_payment() -> UserError {
    UserError::at(Code::NotFound, &["paymentNo"], "您没有这笔支付")
}

/// Which payment to give up.
#[derive(InputObject)]
pub struct CancelPaymentInput {
    /// An own one that nobody has paid.
    payment_no: String,
}

/// The payment as it is now.
#[derive(SimpleObject)]
pub struct CancelPaymentPayload {
    /// The payment; CLOSED when it was cancelled.
    payment: Option<Payment>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `cancelPayment`.
pub async fn cancel(ctx: &Context<'_>, input: CancelPaymentInput) -> Result<CancelPaymentPayload> {
    let caller = signed_in(ctx)?;
    let answer = |payment: Option<domain::payment::Payment>, error: Option<UserError>| {
        let user_errors = error.into_iter().collect();
        Ok(CancelPaymentPayload { payment: payment.map(Payment), user_errors })
    };
    let Ok(no) = PaymentNo::new(input.payment_no.trim()) else {
        return answer(None, Some(unknown_payment()));
    };
    match ctx.data_unchecked::<UseCases>().cancel_payment.run(caller, &no).await {
        Ok(payment) => answer(Some(payment), None),
        Err(CancelError::NotFound) => answer(None, Some(unknown_payment())),
        Err(CancelError::Settled(payment)) => {
            let message = "这笔支付已有结果，不能取消";
            answer(Some(*payment), Some(UserError::at(Code::Conflict, &["paymentNo"], message)))
        }
        Err(CancelError::OutcomeUnknown(payment)) => {
            let message = "支付渠道没有确认，暂不能取消，请稍后再试";
            let error = UserError::at(Code::OutcomeUnknown, &["paymentNo"], message);
            answer(Some(*payment), Some(error))
        }
        Err(CancelError::Apply(error)) => Err(apply_failed(&error)),
        Err(CancelError::Store(error)) => Err(store_failed(&error)),
    }
}

/// The caller's payment with this number, for `node(id:)`.
pub async fn own_payment(ctx: &Context<'_>, no: &str) -> Result<Option<Payment>> {
    let (Some(caller), Ok(no)) = (requester(ctx).caller.as_ref(), PaymentNo::new(no)) else {
        return Ok(None);
    };
    let found = ctx.data_unchecked::<UseCases>().read_payments.find(caller, &no).await;
    Ok(found.map_err(|error| store_failed(&error))?.map(Payment))
}
