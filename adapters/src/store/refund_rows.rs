//! Rows of a refund, its decisions and its history.

use super::column::{Row, micros, without_nul};
use super::entity::{refund, refund_decision, refund_event};
use super::personal_data::{PersonalDataKeys, Place};
use domain::ids::{IdempotencyKey, PaymentNo, PersonId, RefundNo};
use domain::money::{Fen, FinanceLevel, PayableFen};
use domain::notice::NoticeNo;
use domain::outside::StoreError;
use domain::payment::{
    Account, Actor, Decision, DecisionStage, DeskStep, NoticeAfter, PayeeAccount, Rail, RailTxn,
    ReceiptStep, Redirect, RedirectStep, Refund, RefundCause, RefundKey, RefundReasonCode,
    RefundRecord, RefundSlice, RefundState, RefundStatus, RefundedNotice,
};
use serde::{Deserialize, Serialize};

/// One element of the column `refund.slices`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SliceColumn {
    place: u16,
    account: String,
    fen: i64,
}

/// What is sealed in the column `refund.account`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountColumn {
    holder: String,
    number: String,
    bank: String,
}

fn unwritable(error: serde_json::Error) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// The words of the columns `desk` and `notice_after`.
const fn desk_columns(step: DeskStep) -> (&'static str, Option<&'static str>) {
    match step {
        DeskStep::Due => ("DUE", None),
        DeskStep::Asked => ("ASKED", None),
        DeskStep::Approved(after) => ("APPROVED", Some(after.code())),
        DeskStep::Told(after) => ("TOLD", Some(after.code())),
        DeskStep::Unconcerned => ("UNCONCERNED", None),
    }
}

fn desk_of(desk: &str, after: Option<&str>) -> Option<DeskStep> {
    let after = after.map(NoticeAfter::from_code);
    match (desk, after) {
        ("DUE", None) => Some(DeskStep::Due),
        ("ASKED", None) => Some(DeskStep::Asked),
        ("UNCONCERNED", None) => Some(DeskStep::Unconcerned),
        ("APPROVED", Some(Some(after))) => Some(DeskStep::Approved(after)),
        ("TOLD", Some(Some(after))) => Some(DeskStep::Told(after)),
        (_, _) => None,
    }
}

fn place(no: &str) -> Place<'_> {
    Place { table: "refund", column: "account", row: no }
}

pub(super) fn refund_row(
    keys: &PersonalDataKeys,
    refund: &Refund,
) -> Result<refund::Model, StoreError> {
    let notice = refund.notice.as_ref();
    let (maker_kind, maker) = refund.maker().map_or(("RULE", ""), Actor::code);
    let desk = notice.map(|notice| desk_columns(notice.desk));
    let slices = notice.map(|notice| slices_column(&notice.slices)).transpose()?;
    let (txn, done_at, failure) = match &refund.state {
        RefundState::Done { txn, at } => (txn.as_ref(), Some(micros(*at)), None),
        RefundState::Failed { code } => (None, None, Some(without_nul(code))),
        RefundState::Requested
        | RefundState::AgencyChecked
        | RefundState::Approved
        | RefundState::Rejected
        | RefundState::Submitted
        | RefundState::Unknown
        | RefundState::NeedsAccount => (None, None, None),
    };
    let no = refund.no.as_str();
    let redirect = refund.redirect.as_ref();
    let account = redirect.map(|redirect| seal(keys, no, &redirect.account)).transpose()?;
    let levels: Vec<_> = refund.levels.iter().map(|level| level.code()).collect();
    Ok(refund::Model {
        no: no.to_owned(),
        payment_no: refund.payment_no.as_str().to_owned(),
        person_id: refund.person.as_str().to_owned(),
        rail: refund.rail.code().to_owned(),
        cause: refund.cause.code().to_owned(),
        amount: refund.amount.fen().value(),
        notice_no: notice.map(|notice| notice.no.as_str().to_owned()),
        agency_code: notice.map(|notice| notice.agency_code.clone()),
        slices,
        desk: desk.map(|(desk, _)| desk.to_owned()),
        notice_after: desk.and_then(|(_, after)| after).map(str::to_owned),
        receipt: notice.map(|notice| notice.receipt.code().to_owned()),
        reversed_by: notice
            .and_then(|notice| notice.reversed_by.as_ref())
            .map(|no| no.as_str().to_owned()),
        reason_code: refund.reason_code.code().to_owned(),
        reason: without_nul(&refund.reason),
        maker_kind: maker_kind.to_owned(),
        maker: maker.to_owned(),
        idempotency_key: refund.key.as_ref().map(|key| key.key.as_str().to_owned()),
        key_position: refund.key.as_ref().map(|key| i64::from(key.position)),
        asked: refund.key.as_ref().map(|key| without_nul(&key.asked)),
        levels: levels.join(","),
        account,
        account_step: redirect.map(|redirect| redirect.step.code().to_owned()),
        created_at: micros(refund.created_at),
        sent_at: refund.sent_at.map(micros),
        status: refund.state.status().code().to_owned(),
        txn: txn.map(|txn| txn.as_str().to_owned()),
        done_at,
        failure,
        next_try_at: refund.next_try_at.map(micros),
        attempts: i64::from(refund.attempts),
        version: i64::from(refund.version),
    })
}

fn slices_column(slices: &[RefundSlice]) -> Result<String, StoreError> {
    let column = slices.iter().map(|slice| SliceColumn {
        place: slice.place,
        account: slice.account.code(),
        fen: slice.amount.value(),
    });
    serde_json::to_string(&column.collect::<Vec<_>>()).map_err(unwritable)
}

fn seal(keys: &PersonalDataKeys, no: &str, account: &PayeeAccount) -> Result<String, StoreError> {
    let PayeeAccount { holder, number, bank } = account.clone();
    let text = serde_json::to_string(&AccountColumn { holder, number, bank });
    keys.seal(place(no), &text.map_err(unwritable)?)
}

/// `decisions` are the refund's rows, in order of their positions.
pub(super) fn refund_of(
    keys: &PersonalDataKeys,
    row: refund::Model,
    decisions: &[refund_decision::Model],
) -> Result<Refund, StoreError> {
    let at = Row { table: "refund", key: &row.no };
    let levels = row.levels.split(',').map(|code| at.some("levels", FinanceLevel::from_code(code)));
    Ok(Refund {
        no: at.valid("no", RefundNo::new(&row.no))?,
        payment_no: at.valid("payment_no", PaymentNo::new(&row.payment_no))?,
        person: at.valid("person_id", PersonId::new(&row.person_id))?,
        rail: at.some("rail", Rail::from_code(&row.rail))?,
        cause: at.some("cause", RefundCause::from_code(&row.cause))?,
        amount: at.valid("amount", PayableFen::new(row.amount))?,
        notice: notice_of(&row)?,
        reason_code: at.some("reason_code", RefundReasonCode::from_code(&row.reason_code))?,
        reason: row.reason.clone(),
        key: key_of(&row)?,
        levels: levels.collect::<Result<_, _>>()?,
        decisions: decisions.iter().map(decision_of).collect::<Result<_, _>>()?,
        redirect: redirect_of(keys, &row)?,
        created_at: at.time("created_at", row.created_at)?,
        sent_at: at.time_if_any("sent_at", row.sent_at)?,
        state: state_of(&row)?,
        next_try_at: at.time_if_any("next_try_at", row.next_try_at)?,
        attempts: at.count("attempts", row.attempts)?,
        version: at.count("version", row.version)?,
    })
}

/// One arm per state; nothing is guessed.
fn state_of(row: &refund::Model) -> Result<RefundState, StoreError> {
    use {RefundState as S, RefundStatus as Is};
    let at = Row { table: "refund", key: &row.no };
    let txn = row.txn.as_deref().map(|txn| at.valid("txn", RailTxn::new(txn))).transpose()?;
    let done = at.time_if_any("done_at", row.done_at)?;
    let status = at.some("status", RefundStatus::from_code(&row.status))?;
    match (status, txn, done, row.failure.clone()) {
        (Is::Requested, None, None, None) => Ok(S::Requested),
        (Is::AgencyChecked, None, None, None) => Ok(S::AgencyChecked),
        (Is::Approved, None, None, None) => Ok(S::Approved),
        (Is::Rejected, None, None, None) => Ok(S::Rejected),
        (Is::Submitted, None, None, None) => Ok(S::Submitted),
        (Is::Unknown, None, None, None) => Ok(S::Unknown),
        (Is::NeedsAccount, None, None, None) => Ok(S::NeedsAccount),
        (Is::Done, txn, Some(at), None) => Ok(S::Done { txn, at }),
        (Is::Failed, None, None, Some(code)) => Ok(S::Failed { code }),
        (_, _, _, _) => Err(at.corrupt("status")),
    }
}

fn notice_of(row: &refund::Model) -> Result<Option<RefundedNotice>, StoreError> {
    let at = Row { table: "refund", key: &row.no };
    let columns = (&row.notice_no, &row.agency_code, &row.slices, &row.desk, &row.receipt);
    let (no, agency_code, slices, desk, receipt) = match columns {
        (None, None, None, None, None) => return Ok(None),
        (Some(no), Some(agency), Some(slices), Some(desk), Some(receipt)) => {
            (no, agency.clone(), slices, desk, receipt)
        }
        (_, _, _, _, _) => return Err(at.corrupt("notice_no")),
    };
    let slices: Vec<SliceColumn> = at.valid("slices", serde_json::from_str(slices))?;
    let slice = |slice: SliceColumn| {
        Ok(RefundSlice {
            place: slice.place,
            account: at.valid("slices", Account::from_code(&slice.account))?,
            amount: Fen::new(slice.fen),
        })
    };
    let reversed_by =
        row.reversed_by.as_deref().map(|no| at.valid("reversed_by", RefundNo::new(no)));
    Ok(Some(RefundedNotice {
        no: at.valid("notice_no", NoticeNo::new(no))?,
        agency_code,
        slices: slices.into_iter().map(slice).collect::<Result<_, _>>()?,
        desk: at.some("desk", desk_of(desk, row.notice_after.as_deref()))?,
        receipt: at.some("receipt", ReceiptStep::from_code(receipt))?,
        reversed_by: reversed_by.transpose()?,
    }))
}

fn key_of(row: &refund::Model) -> Result<Option<RefundKey>, StoreError> {
    let at = Row { table: "refund", key: &row.no };
    match (&row.idempotency_key, row.key_position, &row.asked) {
        (None, None, None) => Ok(None),
        (Some(key), Some(position), Some(asked)) => Ok(Some(RefundKey {
            key: at.valid("idempotency_key", IdempotencyKey::new(key))?,
            position: at.valid("key_position", u8::try_from(position))?,
            asked: asked.clone(),
        })),
        (_, _, _) => Err(at.corrupt("idempotency_key")),
    }
}

fn redirect_of(
    keys: &PersonalDataKeys,
    row: &refund::Model,
) -> Result<Option<Redirect>, StoreError> {
    let at = Row { table: "refund", key: &row.no };
    let (sealed, step) = match (&row.account, &row.account_step) {
        (None, None) => return Ok(None),
        (Some(sealed), Some(step)) => (sealed, step),
        (_, _) => return Err(at.corrupt("account")),
    };
    let text = keys.open(place(&row.no), sealed)?;
    let AccountColumn { holder, number, bank } =
        at.valid("account", serde_json::from_str(&text))?;
    let step = at.some("account_step", RedirectStep::from_code(step))?;
    Ok(Some(Redirect { account: PayeeAccount { holder, number, bank }, step }))
}

pub(super) fn decision_row(
    refund: &RefundNo,
    position: i64,
    made: &Decision,
) -> refund_decision::Model {
    let (actor_kind, actor) = made.by.code();
    refund_decision::Model {
        refund_no: refund.as_str().to_owned(),
        position,
        stage: made.stage.code(),
        round: i64::from(made.stage.round()),
        actor_kind: actor_kind.to_owned(),
        actor: without_nul(actor),
        reason: without_nul(&made.reason),
        at: micros(made.at),
    }
}

fn decision_of(row: &refund_decision::Model) -> Result<Decision, StoreError> {
    let at = Row { table: "refund_decision", key: &row.refund_no };
    Ok(Decision {
        stage: at.some("stage", DecisionStage::from_code(&row.stage))?,
        by: at.some("actor", Actor::from_code(&row.actor_kind, &row.actor))?,
        reason: row.reason.clone(),
        at: at.time("at", row.at)?,
    })
}

/// `version` is the refund's after what the line tells of.
pub(super) fn event_row(no: &RefundNo, version: i64, record: &RefundRecord) -> refund_event::Model {
    let (actor_kind, actor) = record.by.code();
    refund_event::Model {
        refund_no: no.as_str().to_owned(),
        version,
        at: micros(record.at),
        status: record.status.code().to_owned(),
        actor_kind: actor_kind.to_owned(),
        actor: without_nul(actor),
        what: record.what.clone(),
        evidence: record.evidence.clone(),
    }
}

pub(super) fn record_of(row: refund_event::Model) -> Result<RefundRecord, StoreError> {
    let at = Row { table: "refund_event", key: &row.refund_no };
    Ok(RefundRecord {
        at: at.time("at", row.at)?,
        status: at.some("status", RefundStatus::from_code(&row.status))?,
        by: at.some("actor", Actor::from_code(&row.actor_kind, &row.actor))?,
        what: row.what,
        evidence: row.evidence,
    })
}
