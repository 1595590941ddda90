//! What the non-tax gateway told us by itself, kept until it is acted on and after.

use super::column::{Row, micros, sha256_hex, without_nul};
use super::entity::gateway_inbox;
use super::{Store, readable, unavailable};
use crate::crash::{Step, around};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::ids::{PaymentNo, RefundNo};
use domain::money::{Fen, FinanceLevel, PayableFen};
use domain::notice::NoticeNo;
use domain::outside::StoreError;
use domain::payment::{DeskDecision, DeskStage, DeskStanding, NoticeAfter, Received};
use domain::receipt::{
    GatewayEvent, GatewayInbox, GatewayNews, RefundDecided, RejectionReason, WriteOffVerdict,
};
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    TryInsertResult,
};

/// The key of an event: the same id with the same content, whenever it came.
fn id_of(row: &gateway_inbox::Model) -> String {
    let texts = [
        Some(&row.event_id),
        Some(&row.kind),
        Some(&row.notice_no),
        row.payment_no.as_ref(),
        row.refund_no.as_ref(),
        row.verdict.as_ref(),
        row.reason_code.as_ref(),
        Some(&row.reason),
        row.stage.as_ref(),
        row.decided_by.as_ref(),
        row.standing.as_ref(),
    ];
    // With each length, so that no two different lists read the same.
    let texts: String = texts
        .into_iter()
        .map(|text| text.map_or_else(|| "-,".to_owned(), |text| format!("{}:{text},", text.len())))
        .collect();
    sha256_hex(format!("{texts}{:?},{}", row.amount, row.at).as_bytes())
}

fn stage_word(stage: DeskStage) -> &'static str {
    match stage {
        DeskStage::Agency => "AGENCY",
        DeskStage::Finance(level) => level.code(),
    }
}

fn stage_of(word: &str) -> Option<DeskStage> {
    match word {
        "AGENCY" => Some(DeskStage::Agency),
        level => FinanceLevel::from_code(level).map(DeskStage::Finance),
    }
}

fn standing_word(standing: DeskStanding) -> &'static str {
    match standing {
        DeskStanding::WithAgency => "WITH_AGENCY",
        DeskStanding::WithFinance => "WITH_FINANCE",
        DeskStanding::Approved(NoticeAfter::Open) => "APPROVED_OPEN",
        DeskStanding::Approved(NoticeAfter::Cancelled) => "APPROVED_CANCELLED",
        DeskStanding::Rejected => "REJECTED",
        DeskStanding::PaidBack => "PAID_BACK",
    }
}

fn standing_of(word: &str) -> Option<DeskStanding> {
    let all = [
        DeskStanding::WithAgency,
        DeskStanding::WithFinance,
        DeskStanding::Approved(NoticeAfter::Open),
        DeskStanding::Approved(NoticeAfter::Cancelled),
        DeskStanding::Rejected,
        DeskStanding::PaidBack,
    ];
    all.into_iter().find(|standing| standing_word(*standing) == word)
}

fn row_of_event(event: &GatewayEvent, raw: &[u8]) -> gateway_inbox::Model {
    let received_at = micros(event.received_at);
    let blank = gateway_inbox::Model {
        id: String::new(),
        event_id: without_nul(&event.id),
        kind: String::new(),
        notice_no: String::new(),
        payment_no: None,
        refund_no: None,
        amount: None,
        verdict: None,
        reason_code: None,
        reason: String::new(),
        stage: None,
        decided_by: None,
        standing: None,
        at: 0,
        received_at,
        raw: BASE64.encode(raw),
        leased_until: received_at,
        outcome: None,
    };
    let row = match &event.news {
        GatewayNews::WriteOff { notice_no, payment_no, amount, verdict, at } => {
            let (word, reason_code, reason) = match verdict {
                WriteOffVerdict::Confirmed => ("CONFIRMED", None, String::new()),
                WriteOffVerdict::Rejected { reason_code, reason } => {
                    ("REJECTED", Some(reason_code.code().to_owned()), without_nul(reason))
                }
            };
            gateway_inbox::Model {
                kind: "WRITE_OFF".to_owned(),
                notice_no: notice_no.to_string(),
                payment_no: Some(payment_no.to_string()),
                amount: Some(amount.value()),
                verdict: Some(word.to_owned()),
                reason_code,
                reason,
                at: micros(*at),
                ..blank
            }
        }
        GatewayNews::NoticeWithdrawn { notice_no, reason, at } => gateway_inbox::Model {
            kind: "WITHDRAWAL".to_owned(),
            notice_no: notice_no.to_string(),
            reason: without_nul(reason),
            at: micros(*at),
            ..blank
        },
        GatewayNews::RefundDecided(decided) => refund_row(decided, blank),
    };
    gateway_inbox::Model { id: id_of(&row), ..row }
}

fn refund_row(decided: &RefundDecided, blank: gateway_inbox::Model) -> gateway_inbox::Model {
    let DeskDecision { stage, approved, decided_by, reason, at } = &decided.decision;
    let verdict = if *approved { "APPROVED" } else { "REJECTED" };
    gateway_inbox::Model {
        kind: "REFUND".to_owned(),
        notice_no: decided.notice_no.to_string(),
        payment_no: Some(decided.payment_no.to_string()),
        refund_no: decided.refund_no.as_ref().map(ToString::to_string),
        amount: Some(decided.amount.fen().value()),
        verdict: Some(verdict.to_owned()),
        reason: without_nul(reason),
        stage: Some(stage_word(*stage).to_owned()),
        decided_by: Some(without_nul(decided_by)),
        standing: Some(standing_word(decided.standing).to_owned()),
        at: micros(*at),
        ..blank
    }
}

fn event_of(row: gateway_inbox::Model) -> Result<GatewayEvent, StoreError> {
    let at = Row { table: "gateway_inbox", key: &row.id };
    // The key is made of the content: whoever changes a column does not go unseen.
    if id_of(&row) != row.id {
        return Err(at.corrupt("id"));
    }
    let notice_no = at.valid("notice_no", NoticeNo::new(&row.notice_no))?;
    let payment_no = || {
        let text = row.payment_no.as_deref().unwrap_or_default();
        at.valid("payment_no", PaymentNo::new(text))
    };
    let told_at = at.time("at", row.at)?;
    let news = match row.kind.as_str() {
        "WRITE_OFF" => GatewayNews::WriteOff {
            notice_no,
            payment_no: payment_no()?,
            amount: Fen::new(at.some("amount", row.amount)?),
            verdict: verdict_of(&row)?,
            at: told_at,
        },
        "WITHDRAWAL" => {
            let reason = row.reason.clone();
            GatewayNews::NoticeWithdrawn { notice_no, reason, at: told_at }
        }
        "REFUND" => {
            let amount = PayableFen::new(at.some("amount", row.amount)?);
            let no = row.refund_no.as_deref();
            let refund_no = no.map(|no| at.valid("refund_no", RefundNo::new(no))).transpose()?;
            let standing = row.standing.as_deref().and_then(standing_of);
            GatewayNews::RefundDecided(RefundDecided {
                refund_no,
                notice_no,
                payment_no: payment_no()?,
                amount: at.valid("amount", amount)?,
                decision: decision_of(&row, told_at)?,
                standing: at.some("standing", standing)?,
            })
        }
        _ => return Err(at.corrupt("kind")),
    };
    let received_at = at.time("received_at", row.received_at)?;
    Ok(GatewayEvent { id: row.event_id, received_at, news })
}

fn verdict_of(row: &gateway_inbox::Model) -> Result<WriteOffVerdict, StoreError> {
    let at = Row { table: "gateway_inbox", key: &row.id };
    match (row.verdict.as_deref(), row.reason_code.as_deref()) {
        (Some("CONFIRMED"), None) => Ok(WriteOffVerdict::Confirmed),
        (Some("REJECTED"), Some(code)) => Ok(WriteOffVerdict::Rejected {
            reason_code: at.some("reason_code", RejectionReason::from_code(code))?,
            reason: row.reason.clone(),
        }),
        _ => Err(at.corrupt("verdict")),
    }
}

fn decision_of(row: &gateway_inbox::Model, told_at: Timestamp) -> Result<DeskDecision, StoreError> {
    let at = Row { table: "gateway_inbox", key: &row.id };
    let approved = match row.verdict.as_deref() {
        Some("APPROVED") => true,
        Some("REJECTED") => false,
        Some(_) | None => return Err(at.corrupt("verdict")),
    };
    Ok(DeskDecision {
        stage: at.some("stage", row.stage.as_deref().and_then(stage_of))?,
        approved,
        decided_by: row.decided_by.clone().unwrap_or_default(),
        reason: row.reason.clone(),
        at: told_at,
    })
}

#[async_trait]
impl GatewayInbox for Store {
    async fn record(&self, event: &GatewayEvent, raw: &[u8]) -> Result<Received, StoreError> {
        let row = row_of_event(event, raw).into_active_model();
        let insert = gateway_inbox::Entity::insert(row).on_conflict_do_nothing();
        let recorded = insert.exec_without_returning(&self.write);
        match around(Step::NewsRecord, recorded).await.map_err(unavailable)? {
            TryInsertResult::Inserted(1..) => Ok(Received::New),
            TryInsertResult::Inserted(_) | TryInsertResult::Conflicted | TryInsertResult::Empty => {
                Ok(Received::Seen)
            }
        }
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<GatewayEvent>, StoreError> {
        let transaction = self.begin().await?;
        let waiting = gateway_inbox::Entity::find()
            .filter(gateway_inbox::Column::Outcome.is_null())
            .filter(gateway_inbox::Column::LeasedUntil.lte(micros(now)))
            .order_by_asc(gateway_inbox::Column::LeasedUntil)
            .order_by_asc(gateway_inbox::Column::Id)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let rows = waiting.all(&transaction).await.map_err(unavailable)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let leased = gateway_inbox::ActiveModel {
            leased_until: Set(micros(until)),
            ..gateway_inbox::ActiveModel::default()
        };
        let ids = rows.iter().map(|row| row.id.as_str());
        let lease = gateway_inbox::Entity::update_many()
            .set(leased)
            .filter(gateway_inbox::Column::Id.is_in(ids));
        lease.exec(&transaction).await.map_err(unavailable)?;
        around(Step::NewsLease, transaction.commit()).await.map_err(unavailable)?;
        Ok(readable(rows.into_iter().map(event_of)))
    }

    async fn finish(&self, event: &GatewayEvent, outcome: &str) -> Result<(), StoreError> {
        let finished = gateway_inbox::ActiveModel {
            outcome: Set(Some(without_nul(outcome))),
            ..gateway_inbox::ActiveModel::default()
        };
        let finish = gateway_inbox::Entity::update_many()
            .set(finished)
            .filter(gateway_inbox::Column::Id.eq(row_of_event(event, b"").id));
        around(Step::NewsFinish, finish.exec(&self.write)).await.map_err(unavailable)?;
        Ok(())
    }
}
