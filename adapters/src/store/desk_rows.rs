//! Rows of the desk of reconciliation.

use super::column::{Row, micros, without_nul};
use super::entity::{
    desk_day, desk_decision, desk_event, desk_exception, desk_execution, desk_mark, desk_proposal,
    desk_run, desk_seal,
};
use domain::money::Fen;
use domain::outside::StoreError;
use domain::reconciliation::DiscrepancyCode;
use domain::reconciliation::desk::{
    Action, DayStanding, Decision, DecisionKind, DeskDay, Exception, ExceptionChange,
    ExceptionEvent, ExceptionState, Execution, Hand, Mark, NewProposal, NewRun, Particulars,
    ProposalKind, RunFacts, Seal, Signature,
};
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;

pub(super) fn day_of(row: &desk_day::Model) -> Result<DeskDay, StoreError> {
    let at = Row { table: "desk_day", key: &row.day };
    Ok(DeskDay {
        day: at.day("day", &row.day)?,
        standing: at.some("standing", DayStanding::from_word(&row.standing))?,
        version: at.count("version", row.version)?,
        revision: at.count("revision", row.revision)?,
        run: at.count("run", row.run)?,
    })
}

pub(super) fn run_row(run: &NewRun, number: u32) -> desk_run::Model {
    desk_run::Model {
        day: run.day.to_string(),
        number: i64::from(number),
        inputs: run.inputs.clone(),
        digest: run.digest.clone(),
        holds: run.holds,
        at: micros(run.at),
        by_whom: run.by.clone(),
        summary: without_nul(&run.summary),
        findings: i64::try_from(run.findings.len()).unwrap_or(i64::MAX),
    }
}

pub(super) fn run_of(row: desk_run::Model) -> Result<RunFacts, StoreError> {
    let key = format!("{} {}", row.day, row.number);
    let at = Row { table: "desk_run", key: &key };
    Ok(RunFacts {
        number: at.count("number", row.number)?,
        day: at.day("day", &row.day)?,
        at: at.time("at", row.at)?,
        findings: at.valid("findings", u64::try_from(row.findings))?,
        inputs: row.inputs,
        digest: row.digest,
        holds: row.holds,
        by: row.by_whom,
        summary: row.summary,
    })
}

pub(super) fn exception_row(exception: &Exception) -> desk_exception::Model {
    let is = &exception.is;
    let (proposal_no, action) = agreed(exception);
    desk_exception::Model {
        no: exception.no.clone(),
        day: exception.day.to_string(),
        identity: without_nul(&is.key()),
        code: is.code.words().0.to_owned(),
        at_risk: is.at_risk.value(),
        equation: is.equation.value(),
        rail: is.rail.clone(),
        merchant_no: without_nul(&is.merchant_no),
        order_no: without_nul(&is.order_no),
        refund_no: without_nul(&is.refund_no),
        notice_no: without_nul(&is.notice_no),
        txn_no: without_nul(&is.txn_no),
        credit_no: without_nul(&is.credit_no),
        file: without_nul(&is.file),
        line_no: i64::from(is.line_no),
        ambiguous: is.ambiguous,
        cause: without_nul(&is.cause),
        due_at: micros(is.due_at),
        note: without_nul(&is.note),
        state: exception.state.words().0.to_owned(),
        revision: i64::from(exception.revision),
        assignee: exception.assignee.clone(),
        proposal_no,
        action,
        opened_at: micros(exception.opened_at),
    }
}

fn agreed(exception: &Exception) -> (Option<String>, Option<String>) {
    let proposal = exception.proposal.as_ref();
    proposal.map(|(no, action)| (no.clone(), action.words().0.to_owned())).unzip()
}

/// What a change may touch.
pub(super) fn exception_changes(exception: &Exception) -> desk_exception::ActiveModel {
    let row = exception_row(exception);
    desk_exception::ActiveModel {
        at_risk: Set(row.at_risk),
        equation: Set(row.equation),
        file: Set(row.file),
        line_no: Set(row.line_no),
        ambiguous: Set(row.ambiguous),
        cause: Set(row.cause),
        due_at: Set(row.due_at),
        note: Set(row.note),
        state: Set(row.state),
        revision: Set(row.revision),
        assignee: Set(row.assignee),
        proposal_no: Set(row.proposal_no),
        action: Set(row.action),
        ..desk_exception::ActiveModel::default()
    }
}

pub(super) fn exception_of(row: desk_exception::Model) -> Result<Exception, StoreError> {
    let key = row.no.clone();
    let at = Row { table: "desk_exception", key: &key };
    let action = row.action.as_deref().map(|word| at.some("action", Action::from_word(word)));
    let proposal = row.proposal_no.zip(action.transpose()?);
    Ok(Exception {
        day: at.day("day", &row.day)?,
        state: at.some("state", ExceptionState::from_word(&row.state))?,
        revision: at.count("revision", row.revision)?,
        opened_at: at.time("opened_at", row.opened_at)?,
        is: Particulars {
            code: at.some("code", DiscrepancyCode::from_text(&row.code))?,
            at_risk: Fen::new(row.at_risk),
            equation: Fen::new(row.equation),
            rail: row.rail,
            merchant_no: row.merchant_no,
            order_no: row.order_no,
            refund_no: row.refund_no,
            notice_no: row.notice_no,
            txn_no: row.txn_no,
            credit_no: row.credit_no,
            file: row.file,
            line_no: at.count("line_no", row.line_no)?,
            ambiguous: row.ambiguous,
            cause: row.cause,
            due_at: at.time("due_at", row.due_at)?,
            note: row.note,
        },
        assignee: row.assignee,
        proposal,
        no: row.no,
    })
}

pub(super) fn event_row(change: &ExceptionChange, at: Timestamp, by: &str) -> desk_event::Model {
    let after = &change.after;
    desk_event::Model {
        exception_no: after.no.clone(),
        revision: i64::from(after.revision),
        at: micros(at),
        by_whom: by.to_owned(),
        what: change.what.to_owned(),
        state: after.state.words().0.to_owned(),
        at_risk: after.is.at_risk.value(),
        note: without_nul(&change.note),
    }
}

pub(super) fn event_of(row: desk_event::Model) -> Result<ExceptionEvent, StoreError> {
    let at = Row { table: "desk_event", key: &row.exception_no };
    Ok(ExceptionEvent {
        revision: at.count("revision", row.revision)?,
        at: at.time("at", row.at)?,
        state: at.some("state", ExceptionState::from_word(&row.state))?,
        at_risk: Fen::new(row.at_risk),
        by: row.by_whom,
        what: row.what,
        note: row.note,
    })
}

pub(super) fn proposal_row(made: &NewProposal) -> desk_proposal::Model {
    desk_proposal::Model {
        no: made.no.clone(),
        kind: made.kind.word().to_owned(),
        day: made.day.map(|day| day.to_string()),
        state_of_day: made.state_of_day.clone(),
        reason: without_nul(&made.reason),
        evidence: without_nul(&made.evidence),
        maker: made.maker.by.clone(),
        maker_for: made.maker.acting_for.clone(),
        needs: i64::from(made.needs),
        marks: i64::try_from(made.marks.len()).unwrap_or(i64::MAX),
        weight: made.weight(),
        digest: super::column::sha256_hex(made.content().as_bytes()),
        at: micros(made.at),
    }
}

pub(super) fn mark_row(made: &NewProposal, mark: &Mark) -> desk_mark::Model {
    desk_mark::Model {
        proposal_no: made.no.clone(),
        exception_no: mark.no.clone(),
        revision: i64::from(mark.revision),
        at_risk: mark.at_risk.value(),
    }
}

pub(super) fn proposal_of(
    row: &desk_proposal::Model,
    marks: Vec<desk_mark::Model>,
) -> Result<NewProposal, StoreError> {
    let at = Row { table: "desk_proposal", key: &row.no };
    let mark = |mark: desk_mark::Model| {
        let revision = at.count("revision", mark.revision)?;
        Ok(Mark { no: mark.exception_no, revision, at_risk: Fen::new(mark.at_risk) })
    };
    let mut marks = marks.into_iter().map(mark).collect::<Result<Vec<_>, StoreError>>()?;
    marks.sort();
    Ok(NewProposal {
        no: row.no.clone(),
        kind: at.some("kind", ProposalKind::from_word(&row.kind))?,
        day: row.day.as_deref().map(|day| at.day("day", day)).transpose()?,
        marks,
        state_of_day: row.state_of_day.clone(),
        reason: row.reason.clone(),
        evidence: row.evidence.clone(),
        maker: Hand { by: row.maker.clone(), acting_for: row.maker_for.clone() },
        needs: at.valid("needs", u8::try_from(row.needs))?,
        at: at.time("at", row.at)?,
    })
}

pub(super) fn decision_row(made: &Decision) -> desk_decision::Model {
    desk_decision::Model {
        proposal_no: made.proposal_no.clone(),
        position: i64::from(made.position),
        kind: made.kind.words().0.to_owned(),
        by_whom: made.hand.by.clone(),
        acting_for: made.hand.acting_for.clone(),
        digest: made.digest.clone(),
        reason: without_nul(&made.reason),
        at: micros(made.at),
    }
}

pub(super) fn decision_of(row: desk_decision::Model) -> Result<Decision, StoreError> {
    let key = row.proposal_no.clone();
    let at = Row { table: "desk_decision", key: &key };
    Ok(Decision {
        position: at.count("position", row.position)?,
        kind: at.some("kind", DecisionKind::from_word(&row.kind))?,
        at: at.time("at", row.at)?,
        hand: Hand { by: row.by_whom, acting_for: row.acting_for },
        proposal_no: row.proposal_no,
        digest: row.digest,
        reason: row.reason,
    })
}

pub(super) fn execution_row(done: &Execution) -> desk_execution::Model {
    desk_execution::Model {
        proposal_no: done.proposal_no.clone(),
        by_whom: done.by.clone(),
        reference: without_nul(&done.reference),
        at: micros(done.at),
    }
}

pub(super) fn execution_of(row: desk_execution::Model) -> Result<Execution, StoreError> {
    let at = Row { table: "desk_execution", key: &row.proposal_no }.time("at", row.at)?;
    let (proposal_no, by, reference) = (row.proposal_no, row.by_whom, row.reference);
    Ok(Execution { proposal_no, by, reference, at })
}

pub(super) fn seal_row(seal: &Seal, previous: &str, proposal_no: &str) -> desk_seal::Model {
    desk_seal::Model {
        number: i64::try_from(seal.number).unwrap_or(i64::MAX),
        day: seal.day.to_string(),
        version: i64::from(seal.version),
        previous: previous.to_owned(),
        content: seal.text.clone(),
        exceptions: seal.exceptions.clone(),
        hash: seal.signed.hash.clone(),
        signature: seal.signed.signature.clone(),
        key: seal.signed.key.clone(),
        proposal_no: proposal_no.to_owned(),
        at: micros(seal.at),
    }
}

pub(super) fn seal_of(row: desk_seal::Model) -> Result<Seal, StoreError> {
    let key = row.number.to_string();
    let at = Row { table: "desk_seal", key: &key };
    Ok(Seal {
        number: at.valid("number", u64::try_from(row.number))?,
        day: at.day("day", &row.day)?,
        version: at.count("version", row.version)?,
        text: row.content,
        exceptions: row.exceptions,
        signed: Signature { hash: row.hash, signature: row.signature, key: row.key },
        at: at.time("at", row.at)?,
    })
}
