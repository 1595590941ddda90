//! Payments: what the citizen sees and does.

use super::error::{FailureCode, UserError, UserErrorCode as Code, gateway_failed, store_failed};
use super::loaders::loaders;
use super::node_id::Kind;
use super::notice::{Notice, PageInfo, bounded};
use super::receipt::Receipt;
use super::scalars::{DateTime, Money};
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::ids::PaymentNo;
use domain::payment::{ApplyError, CancelError, RefreshError};

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
    /// Money arrived but not the amount that was asked: held until two persons agree that all of
    /// it goes back. The notice can be paid again then.
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
        let read = &ctx.data_unchecked::<UseCases>().read_payments;
        let histories = |nos: Vec<_>| async move { read.histories(&nos).await };
        let records = loaders(ctx).histories.load(self.0.no.clone(), histories).await?;
        Ok(records.iter().flatten().map(PaymentEvent::from).collect())
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
        let receipts = super::receipt::of_payment(ctx, &self.0.no).await?;
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
