//! The queue of refunds, and what staff decide about them.

use super::{signed_in, use_cases};
use crate::graphql::error::{FailureCode, UserError, UserErrorCode as Code, store_failed};
use crate::graphql::refund::{RefundStatus, refusal};
use crate::graphql::scalars::{DateTime, Fen, Money};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::identity::{StaffAccount, StaffRole};
use domain::ids::{IdempotencyKey, PaymentNo, RefundNo};
use domain::notice::NoticeNo;
use domain::payment::{
    Actor, DecideError, DecideRefusal, PayeeAccount, Refund, RefundAct, RefundMaker, RefundRefusal,
    RequestRefundError, WantedRefund,
};

/// Why money goes back, sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::payment::RefundReasonCode")]
pub enum RefundReasonCode {
    /// Paid twice.
    Duplicate,
    /// Collected above standard or scope.
    Overcharged,
    /// A technical error.
    Error,
    /// Another case.
    Other,
}

/// A refund, as staff see it.
pub struct StaffRefund(Refund);

/// A refund, as staff see it.
#[Object]
impl StaffRefund {
    /// Our number, the rail's and the gateway's.
    async fn refund_no(&self) -> &str {
        self.0.no.as_str()
    }

    /// Whose money.
    async fn payment_no(&self) -> &str {
        self.0.payment_no.as_str()
    }

    /// Which notice it is taken from; null for money that never counted.
    async fn notice_no(&self) -> Option<&str> {
        self.0.notice.as_ref().map(|notice| notice.no.as_str())
    }

    /// 执收单位编码 of the notice.
    async fn agency_code(&self) -> Option<&str> {
        self.0.notice.as_ref().map(|notice| notice.agency_code.as_str())
    }

    /// By which rail.
    async fn rail(&self) -> &str {
        self.0.rail.code()
    }

    /// How much.
    async fn amount(&self) -> Money {
        self.0.amount.fen().into()
    }

    /// Where it stands.
    async fn status(&self) -> RefundStatus {
        self.0.state.status().into()
    }

    /// Made by rule, or because somebody asked: AUTOMATIC, REQUESTED.
    async fn cause(&self) -> &str {
        self.0.cause.code()
    }

    /// Why, sorted.
    async fn reason_code(&self) -> RefundReasonCode {
        self.0.reason_code.into()
    }

    /// Why, in the words of who asked.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// The finance levels that must approve, in order: LOCAL, PROVINCE, CENTRAL.
    async fn levels(&self) -> Vec<&str> {
        self.0.levels.iter().map(|level| level.code()).collect()
    }

    /// Who asked, checked, approved.
    async fn decisions(&self) -> Vec<RefundDecision> {
        self.0.decisions.iter().map(RefundDecision::from).collect()
    }

    /// Another account that was named, its last four digits.
    async fn account(&self) -> Option<&str> {
        self.0.redirect.as_ref().map(|redirect| redirect.account.masked())
    }

    /// What happened to it, oldest first.
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<RefundEvent>> {
        let found = use_cases(ctx).refunds.history(&self.0.no).await;
        let records = found.map_err(|error| store_failed(&error))?;
        Ok(records.into_iter().map(RefundEvent::from).collect())
    }
}

/// Kind and name of an actor, for staff.
fn actor(by: &Actor) -> String {
    match by.code() {
        (kind, "") => kind.to_owned(),
        (kind, name) => format!("{kind}:{name}"),
    }
}

/// Who decided what.
#[derive(SimpleObject)]
pub struct RefundDecision {
    /// REQUEST, CHECK, FINANCE:LOCAL, REJECT, ACCOUNT:1…
    stage: String,
    /// STAFF:name, CITIZEN:id, DESK:name, RULE.
    by: String,
    /// In which words.
    reason: String,
    /// When.
    at: DateTime,
}

impl From<&domain::payment::Decision> for RefundDecision {
    fn from(made: &domain::payment::Decision) -> Self {
        let (stage, by) = (made.stage.code(), actor(&made.by));
        Self { stage, by, reason: made.reason.clone(), at: made.at.into() }
    }
}

/// One line of a refund's history.
#[derive(SimpleObject)]
pub struct RefundEvent {
    /// When we learnt it.
    at: DateTime,
    /// Where the refund stood after it.
    status: RefundStatus,
    /// Who did it.
    by: String,
    /// What.
    what: String,
    /// Where a rail or the gateway said so.
    evidence: Option<String>,
}

impl From<domain::payment::RefundRecord> for RefundEvent {
    fn from(record: domain::payment::RefundRecord) -> Self {
        Self {
            at: record.at.into(),
            status: record.status.into(),
            by: actor(&record.by),
            what: record.what,
            evidence: record.evidence,
        }
    }
}

/// A page of the queue.
#[derive(SimpleObject)]
pub struct RefundConnection {
    /// At most as many as were asked for.
    nodes: Vec<StaffRefund>,
    /// Are there more?
    has_next_page: bool,
    /// Pass it as `after` for the next page.
    end_cursor: Option<String>,
}

/// May this account see it? An agency sees those of its own notices, all others see all.
fn sees(staff: &StaffAccount, refund: &Refund) -> bool {
    staff.roles.iter().any(|role| match role {
        StaffRole::Agency(unit) => {
            refund.notice.as_ref().is_some_and(|notice| &notice.agency_code == unit)
        }
        StaffRole::Clerk | StaffRole::Checker | StaffRole::Finance(_) | StaffRole::Auditor => true,
        StaffRole::Operator | StaffRole::Editor => false,
    })
}

/// The query `refunds`. A page may be shorter than asked for where the account may not see all.
pub async fn queue(
    ctx: &Context<'_>,
    status: Option<Vec<RefundStatus>>,
    first: i32,
    after: Option<String>,
) -> Result<RefundConnection> {
    let staff = signed_in(ctx)?;
    let bad = || FailureCode::BadInput.error();
    let limit = u16::try_from(first).ok().filter(|first| (1..=100).contains(first));
    let limit = limit.ok_or_else(bad)?;
    let edge = after.map(|no| RefundNo::new(&no)).transpose();
    let edge = edge.map_err(|_: domain::ids::NotAnId| bad())?;
    let statuses: Vec<domain::payment::RefundStatus> =
        status.unwrap_or_default().into_iter().map(Into::into).collect();
    let found = use_cases(ctx).refunds.queue(&statuses, edge.as_ref(), limit).await;
    let page = found.map_err(|error| store_failed(&error))?;
    let end_cursor = page.refunds.last().map(|refund| refund.no.to_string());
    let visible = page.refunds.into_iter().filter(|refund| sees(staff, refund));
    let nodes = visible.map(StaffRefund).collect();
    Ok(RefundConnection { nodes, has_next_page: page.more, end_cursor })
}

/// The query `refund`.
pub async fn one(ctx: &Context<'_>, refund_no: &str) -> Result<Option<StaffRefund>> {
    let staff = signed_in(ctx)?;
    let Ok(no) = RefundNo::new(refund_no.trim()) else { return Ok(None) };
    let found = use_cases(ctx).refunds.find(&no).await.map_err(|error| store_failed(&error))?;
    Ok(found.filter(|refund| sees(staff, refund)).map(StaffRefund))
}

/// What to ask back on a payer's behalf.
#[derive(InputObject)]
pub struct StaffRequestRefundInput {
    /// Of which payment.
    payment_no: String,
    /// Of which of its notices; null: of every one.
    notice_no: Option<String>,
    /// How much of the notice; null: all that is left of it.
    amount: Option<Fen>,
    /// Why, sorted.
    reason_code: RefundReasonCode,
    /// Why: 1 to 200 characters.
    reason: String,
    /// Made by the client before it sends; kept for ever.
    idempotency_key: ID,
}

/// What was asked for: one refund per notice.
#[derive(SimpleObject)]
pub struct StaffRefundsPayload {
    /// In order of the notices.
    refunds: Vec<StaffRefund>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `requestRefund`.
pub async fn request(
    ctx: &Context<'_>,
    input: StaffRequestRefundInput,
) -> Result<StaffRefundsPayload> {
    let staff = signed_in(ctx)?;
    let refused = |error| Ok(StaffRefundsPayload { refunds: Vec::new(), user_errors: vec![error] });
    let Ok(payment_no) = PaymentNo::new(input.payment_no.trim()) else {
        return refused(refusal(&RefundRefusal::NotFound));
    };
    let notice_no = input.notice_no.as_deref().map(|no| NoticeNo::new(no.trim())).transpose();
    let Ok(notice_no) = notice_no else { return refused(refusal(&RefundRefusal::UnknownNotice)) };
    let Ok(key) = IdempotencyKey::new(&input.idempotency_key) else {
        let words = "幂等键应为8至64位字母、数字、-或_";
        return refused(UserError::at(Code::Invalid, &["idempotencyKey"], words));
    };
    let wanted = WantedRefund {
        payment_no,
        notice_no,
        amount: input.amount.map(|amount| amount.0),
        reason_code: input.reason_code.into(),
        reason: input.reason,
        key,
    };
    match use_cases(ctx).request_refund.run(RefundMaker::Staff(staff), &wanted).await {
        Ok(refunds) => {
            let refunds = refunds.into_iter().map(StaffRefund).collect();
            Ok(StaffRefundsPayload { refunds, user_errors: Vec::new() })
        }
        Err(RequestRefundError::Refused(why)) => refused(refusal(&why)),
        Err(RequestRefundError::Store(error)) => Err(store_failed(&error)),
    }
}

/// Another account for a refund that cannot reach the payer.
#[derive(InputObject)]
pub struct NameRefundAccountInput {
    /// Which refund.
    refund_no: String,
    /// The holder's name; must be the payer's.
    holder: String,
    /// 8 to 32 digits.
    number: String,
    /// The bank's name.
    bank: String,
}

/// The refund as it is now, or why nothing was decided.
#[derive(SimpleObject)]
pub struct StaffRefundPayload {
    /// The refund.
    refund: Option<StaffRefund>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `nameRefundAccount`.
pub async fn name_account(
    ctx: &Context<'_>,
    input: NameRefundAccountInput,
) -> Result<StaffRefundPayload> {
    let NameRefundAccountInput { refund_no, holder, number, bank } = input;
    let trimmed = |text: String| text.trim().to_owned();
    let account =
        PayeeAccount { holder: trimmed(holder), number: trimmed(number), bank: trimmed(bank) };
    decide(ctx, &refund_no, RefundAct::NameAccount(account)).await
}

/// Every mutation that decides.
pub async fn decide(
    ctx: &Context<'_>,
    refund_no: &str,
    act: RefundAct,
) -> Result<StaffRefundPayload> {
    let staff = signed_in(ctx)?;
    let refused = |why: &DecideRefusal| {
        Ok(StaffRefundPayload { refund: None, user_errors: vec![refused_words(why)] })
    };
    let Ok(no) = RefundNo::new(refund_no.trim()) else {
        return refused(&DecideRefusal::NotFound);
    };
    match use_cases(ctx).decide_refund.run(staff, &no, &act).await {
        Ok(refund) => {
            Ok(StaffRefundPayload { refund: Some(StaffRefund(refund)), user_errors: Vec::new() })
        }
        Err(DecideError::Refused(DecideRefusal::NotAllowed)) => {
            Err(FailureCode::NotAllowed.error())
        }
        Err(DecideError::Refused(why)) => refused(&why),
        Err(DecideError::Store(error)) => Err(store_failed(&error)),
    }
}

fn refused_words(why: &DecideRefusal) -> UserError {
    match why {
        DecideRefusal::NotFound => UserError::at(Code::NotFound, &["refundNo"], "没有这笔退付"),
        DecideRefusal::NotAllowed => UserError::whole(Code::Conflict, "没有权限"),
        DecideRefusal::SamePerson => {
            let message = "申请人、复核人和审批人必须是不同的人";
            UserError::at(Code::Conflict, &["refundNo"], message)
        }
        DecideRefusal::WrongState(status) => {
            let message = format!("这笔退付现在是{}，不能这样处理", status.code());
            UserError::at(Code::Conflict, &["refundNo"], message)
        }
        DecideRefusal::Reason => {
            UserError::at(Code::Invalid, &["reason"], "请用1至200个字说明理由")
        }
        DecideRefusal::Account => {
            UserError::at(Code::Invalid, &["number"], "账户应有户名、开户行和8至32位数字的账号")
        }
    }
}
