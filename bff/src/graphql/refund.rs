//! Refunds: what the citizen sees and asks for.

use super::error::{UserError, UserErrorCode as Code, store_failed};
use super::node_id::Kind;
use super::scalars::{Fen, Money};
use super::{Node, UseCases, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::ids::{IdempotencyKey, PaymentNo, RefundNo};
use domain::notice::NoticeNo;
use domain::payment::{
    RefundMaker, RefundReasonCode, RefundRefusal, RequestRefundError, WantedRefund,
};

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::payment::RefundStatus")]
pub enum RefundStatus {
    /// Asked for; the agency must check it.
    Requested,
    /// Checked; finance must approve it.
    AgencyChecked,
    /// The money may leave.
    Approved,
    /// Refused; nothing leaves.
    Rejected,
    /// The rail was asked, and works on it.
    Submitted,
    /// We asked the rail and have no usable answer; it is asked again.
    Unknown,
    /// The account that paid is gone: staff name another one.
    NeedsAccount,
    /// The money is back.
    Done,
    /// The rail gave it up; it can be asked for again.
    Failed,
}

/// Money that goes back (退付): of one notice, or a whole payment that never counted.
pub struct Refund(Box<domain::payment::Refund>);

impl From<domain::payment::Refund> for Refund {
    fn from(refund: domain::payment::Refund) -> Self {
        Self(Box::new(refund))
    }
}

/// Money that goes back (退付): of one notice, or a whole payment that never counted.
#[Object]
impl Refund {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Refund.id(self.0.no.as_str())
    }

    /// Our number, and the rail's.
    async fn refund_no(&self) -> &str {
        self.0.no.as_str()
    }

    /// How much.
    async fn amount(&self) -> Money {
        self.0.amount.fen().into()
    }

    /// Where it stands.
    async fn status(&self) -> RefundStatus {
        self.0.state.status().into()
    }

    /// Why, in the words of who asked.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
}

/// What to ask back.
#[derive(InputObject)]
pub struct RequestRefundInput {
    /// Of which own payment.
    payment_no: String,
    /// Of which of its notices; null: of every one.
    notice_no: Option<String>,
    /// How much of the notice; null: all that is left of it.
    amount: Option<Fen>,
    /// Why: 1 to 200 characters.
    reason: String,
    /// Made by the client before it sends; kept for ever.
    idempotency_key: ID,
}

/// What was asked for: one refund per notice, because each agency decides on its own.
#[derive(SimpleObject, Default)]
pub struct RequestRefundPayload {
    /// The refund; of several notices, that of the first.
    refund: Option<Refund>,
    /// All that were made, in order of the notices.
    refunds: Option<Vec<Refund>>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `requestRefund`.
pub async fn request(ctx: &Context<'_>, input: RequestRefundInput) -> Result<RequestRefundPayload> {
    let caller = signed_in(ctx)?;
    let wanted = match wanted(&input) {
        Ok(wanted) => wanted,
        Err(user_errors) => {
            return Ok(RequestRefundPayload { user_errors, ..RequestRefundPayload::default() });
        }
    };
    let made =
        ctx.data_unchecked::<UseCases>().request_refund.run(RefundMaker::Citizen(caller), &wanted);
    match made.await {
        Ok(refunds) => Ok(RequestRefundPayload {
            refund: refunds.first().cloned().map(Refund::from),
            refunds: Some(refunds.into_iter().map(Refund::from).collect()),
            user_errors: Vec::new(),
        }),
        Err(RequestRefundError::Refused(why)) => {
            let user_errors = vec![refusal(&why)];
            Ok(RequestRefundPayload { user_errors, ..RequestRefundPayload::default() })
        }
        Err(RequestRefundError::Store(error)) => Err(store_failed(&error)),
    }
}

fn wanted(input: &RequestRefundInput) -> std::result::Result<WantedRefund, Vec<UserError>> {
    let payment_no = PaymentNo::new(input.payment_no.trim());
    let notice_no = input.notice_no.as_deref().map(|no| NoticeNo::new(no.trim())).transpose();
    let key = IdempotencyKey::new(&input.idempotency_key);
    match (payment_no, notice_no, key) {
        (Ok(payment_no), Ok(notice_no), Ok(key)) => Ok(WantedRefund {
            payment_no,
            notice_no,
            amount: input.amount.map(|amount| amount.0),
            reason_code: RefundReasonCode::Other,
            reason: input.reason.clone(),
            key,
        }),
        (payment_no, notice_no, key) => {
            let key_words = "幂等键应为8至64位字母、数字、-或_";
            let faults = [
                payment_no.is_err().then(|| refusal(&RefundRefusal::NotFound)),
                notice_no.is_err().then(|| refusal(&RefundRefusal::UnknownNotice)),
                key.is_err().then(|| UserError::at(Code::Invalid, &["idempotencyKey"], key_words)),
            ];
            Err(faults.into_iter().flatten().collect())
        }
    }
}

/// The refusal in words for a citizen or a clerk.
pub fn refusal(why: &RefundRefusal) -> UserError {
    match why {
        RefundRefusal::NotFound => UserError::at(Code::NotFound, &["paymentNo"], "您没有这笔支付"),
        RefundRefusal::UnknownNotice => {
            UserError::at(Code::NotFound, &["noticeNo"], "这笔支付里没有这张缴款单")
        }
        RefundRefusal::WhichNotice => {
            let message = "这笔支付有多张缴款单，退部分金额请指明哪一张";
            UserError::at(Code::Invalid, &["noticeNo"], message)
        }
        RefundRefusal::NotRefundable => {
            let message = "这笔支付没有可申请退付的金额；重复或逾期到账的款项会自动原路退回";
            UserError::at(Code::NotRefundable, &["paymentNo"], message)
        }
        RefundRefusal::NotWrittenOff => {
            let message = "执收单位正在销账，请稍后再申请退付";
            UserError::at(Code::NotRefundable, &["paymentNo"], message)
        }
        RefundRefusal::Amount => UserError::at(Code::Invalid, &["amount"], "退付金额应大于0"),
        RefundRefusal::Exceeds(left) => {
            let message = format!("最多还可退¥{left}");
            UserError::at(Code::RefundExceedsPayment, &["amount"], message)
        }
        RefundRefusal::Reason => {
            UserError::at(Code::Invalid, &["reason"], "请用1至200个字说明退付原因")
        }
        RefundRefusal::KeyReused => {
            let message = "这个幂等键已用于另一次退付申请，请换一个新的";
            UserError::at(Code::IdempotencyKeyReused, &["idempotencyKey"], message)
        }
        RefundRefusal::NotAllowed => {
            UserError::at(Code::NotRefundable, &["noticeNo"], "您没有权限为这张缴款单申请退付")
        }
        RefundRefusal::TooMany => {
            let message = "这笔支付申请退付的次数过多，请联系执收单位";
            UserError::at(Code::NotRefundable, &["paymentNo"], message)
        }
    }
}

/// The caller's refund with this number, for `node(id:)`.
pub async fn own_refund(ctx: &Context<'_>, no: &str) -> Result<Option<Node>> {
    let (Some(caller), Ok(no)) = (requester(ctx).caller.as_ref(), RefundNo::new(no)) else {
        return Ok(None);
    };
    let found = ctx.data_unchecked::<UseCases>().read_refunds.find(caller, &no).await;
    Ok(found.map_err(|error| store_failed(&error))?.map(|refund| Node::Refund(refund.into())))
}

/// The refunds of a payment that the caller was shown.
pub async fn of_payment(
    ctx: &Context<'_>,
    payment: &domain::payment::Payment,
) -> Result<Vec<Refund>> {
    let found = ctx.data_unchecked::<UseCases>().read_refunds.list(payment).await;
    let refunds = found.map_err(|error| store_failed(&error))?;
    Ok(refunds.into_iter().map(Refund::from).collect())
}

/// What of the payment can still be asked back.
pub async fn refundable(ctx: &Context<'_>, payment: &domain::payment::Payment) -> Result<Money> {
    let found = ctx.data_unchecked::<UseCases>().read_refunds.refundable(payment).await;
    Ok(found.map_err(|error| store_failed(&error))?.into())
}
