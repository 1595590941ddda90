//! Refunds of written-off payments: asked for by us, decided in the gateway's world.

use super::calls;
use super::document::{Details, Exception, Params, field, fields, yuan};
use super::magic::Magic;
use super::write_off::{check_order, passed, sequence};
use crate::clock::{Day, compact_time, is_compact_time};
use crate::outside::Outside;
use crate::world::World;
use crate::world::notice::{Confirmation, Level, Notice};
use crate::world::receipt::Receipt;
use crate::world::refund::{Decision, NoticeAfter, PaidBack, Refund, RefundState};
use crate::world::script::{EventKind, Notified};

const REASONS: [&str; 4] = ["DUPLICATE", "OVERCHARGED", "ERROR", "OTHER"];

/// `Refund_Request`: our request, idempotent by our number.
pub(super) fn ask(outside: &Outside, params: &Params) -> Details {
    let wanted = read(params)?;
    let agency = params.get("ENTERCODE");
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let notice = world.notices.get(&wanted.notice_no).ok_or_else(Exception::not_found)?;
        if let Some(known) = world.gateway.refund(&wanted.refund_no) {
            return if is_same(known, &wanted) {
                Ok(vec![detail(known)])
            } else {
                Err(Exception::new("CONFLICT", "退付单号已用于其他申请"))
            };
        }
        if agency != notice.agency_code {
            return Err(Exception::invalid("ENTERCODE"));
        }
        let left_fen = paid_fen(notice, &wanted.pay_no)?
            - world.gateway.bound_fen(&wanted.notice_no, &wanted.pay_no);
        if wanted.amount_fen > left_fen {
            return Err(Exception::new("AMOUNT", "超过可退金额"));
        }
        let (levels, magic) = (notice.levels(), world.magic_of_notice(notice));
        let id = next_id(world);
        let number = wanted.notice_no.clone();
        world.gateway.refunds.push(Refund { id: id.clone(), levels, asked_ms: now_ms, ..wanted });
        calls::happened(world, EventKind::Refund, &number, Notified::Later);
        decide_by_magic(world, &id, magic, now_ms);
        Ok(world.gateway.refunds.last().map(detail).into_iter().collect())
    })
}

fn read(params: &Params) -> Result<Refund, Exception> {
    let reason_code = params.get("REASONCODE");
    if !REASONS.contains(&reason_code) {
        return Err(Exception::invalid("REASONCODE"));
    }
    Ok(Refund {
        id: String::new(),
        refund_no: params.required("REFUNDNO", 64)?.to_owned(),
        notice_no: params.required("NOTICENO", 64)?.to_owned(),
        pay_no: params.required("PAYNO", 64)?.to_owned(),
        amount_fen: params.money("REFUNDMONEY")?,
        reason_code: reason_code.to_owned(),
        reason: params.required("REASON", 200)?.to_owned(),
        applicant: params.required("APPLICANT", 60)?.to_owned(),
        state: RefundState::WithAgency,
        levels: Vec::new(),
        notice_after: NoticeAfter::default(),
        decisions: Vec::new(),
        asked_ms: 0,
        payee: None,
        paid: None,
    })
}

fn is_same(known: &Refund, wanted: &Refund) -> bool {
    let words = |refund: &Refund| {
        [&refund.notice_no, &refund.pay_no, &refund.reason_code, &refund.reason, &refund.applicant]
            .map(String::clone)
    };
    known.amount_fen == wanted.amount_fen && words(known) == words(wanted)
}

fn paid_fen(notice: &Notice, pay_no: &str) -> Result<i64, Exception> {
    let paid = notice.paid.as_ref().filter(|paid| paid.pay_no == pay_no);
    paid.map(|paid| paid.amount_fen)
        .ok_or_else(|| Exception::new("NOT_WRITTEN_OFF", "该缴款未销账"))
}

/// The number that levers know a refund by.
pub(crate) fn next_id(world: &World) -> String {
    format!("TF{:08}", world.gateway.refunds.len() + 1)
}

fn decide_by_magic(world: &mut World, id: &str, magic: Option<Magic>, now_ms: i64) {
    let (agency, finance, after) = match magic {
        Some(Magic::RefundRefusedByAgency) => (false, None, NoticeAfter::Cancelled),
        Some(Magic::RefundRefusedByFinance) => (true, Some(false), NoticeAfter::Cancelled),
        Some(Magic::RefundApproved) => (true, Some(true), NoticeAfter::Cancelled),
        Some(Magic::RefundApprovedOpen) => (true, Some(true), NoticeAfter::Open),
        Some(
            Magic::AlreadyPaid
            | Magic::Withdrawn
            | Magic::WriteOffBusy
            | Magic::ConfirmedLater
            | Magic::ConfirmationRejected
            | Magic::ReceiptBusy
            | Magic::LineFailed
            | Magic::LineToBeConfirmed,
        )
        | None => return,
    };
    let words = |level, approved| Decision {
        level,
        approved,
        by: "自动".to_owned(),
        reason: if approved { String::new() } else { "不符合退付条件".to_owned() },
        at_ms: now_ms,
    };
    decide(world, id, words(None, agency), after, now_ms);
    while let (Some(level), Some(approved)) = (next_level(world, id), finance) {
        decide(world, id, words(Some(level), approved), after, now_ms);
    }
}

fn next_level(world: &World, id: &str) -> Option<Level> {
    world.gateway.refunds.iter().find(|refund| refund.id == id)?.next_level()
}

/// Books a decision and tells us of it.
pub(crate) fn decide(
    world: &mut World,
    id: &str,
    decision: Decision,
    after: NoticeAfter,
    now_ms: i64,
) {
    let found = world.gateway.refunds.iter_mut().find(|refund| refund.id == id);
    let Some(refund) = found else {
        return;
    };
    refund.notice_after = after;
    refund.decide(decision);
    let refund = refund.clone();
    calls::refund_decided(world, &refund, now_ms);
}

/// `Query_Refund`.
pub(super) fn query(outside: &Outside, params: &Params) -> Details {
    let refund_no = params.required("REFUNDNO", 64)?;
    outside.read(|world| Ok(world.gateway.refund(refund_no).map(detail).into_iter().collect()))
}

/// `Refund_Notice`: we paid it back.
pub(super) fn paid_back(outside: &Outside, params: &Params) -> Details {
    let refund_no = params.required("REFUNDNO", 64)?.to_owned();
    let number = params.required("NOTICENO", 64)?;
    let pay_no = params.required("PAYNO", 64)?;
    let amount_fen = params.money("REFUNDMONEY")?;
    let paid = PaidBack {
        trade_no: params.required("REFUNDTRADENO", 64)?.to_owned(),
        date: params.get("REFUNDDATE").to_owned(),
        time: params.get("REFUNDTIME").to_owned(),
    };
    if Day::from_compact(&paid.date).is_none() || !is_compact_time(&paid.time) {
        return Err(Exception::invalid("REFUNDDATE"));
    }
    let sequence = sequence(params)?;
    outside.change(|world| {
        let notice = world.notices.get(number).ok_or_else(Exception::not_found)?;
        check_order(notice.last_sequence, sequence)?;
        let outcome = book(world, &Told { refund_no, number, pay_no, amount_fen, paid });
        if let Some(notice) = world.notices.get_mut(number) {
            passed(notice, sequence);
        }
        outcome
    })
}

/// What a `Refund_Notice` tells.
struct Told<'a> {
    refund_no: String,
    number: &'a str,
    pay_no: &'a str,
    amount_fen: i64,
    paid: PaidBack,
}

fn book(world: &mut World, told: &Told<'_>) -> Details {
    let index = find(world, told)?;
    let refund = &world.gateway.refunds[index];
    if refund.paid.is_none() && refund.state != RefundState::Approved {
        return Err(Exception::new("NOT_APPROVED", "退付未获批准"));
    }
    if refund.amount_fen != told.amount_fen {
        return Err(Exception::new("AMOUNT", "与批准金额不一致"));
    }
    if refund.paid.is_some() {
        return Ok(vec![detail(refund)]);
    }
    let notice = world.notices.get(told.number).ok_or_else(Exception::not_found)?;
    let is_valid = |receipt: &Receipt| receipt.pay_no == told.pay_no && receipt.is_valid();
    if notice.receipts.iter().any(is_valid) {
        return Err(Exception::new("RECEIPT_NOT_REVERSED", "票据尚未冲红"));
    }
    let paid_fen = paid_fen(notice, told.pay_no)?;
    let refund = &mut world.gateway.refunds[index];
    refund.refund_no = told.refund_no.clone();
    refund.state = RefundState::PaidBack;
    refund.paid = Some(told.paid.clone());
    let (answer, after) = (detail(refund), refund.notice_after);
    let everything = world.gateway.returned_fen(told.number, told.pay_no) == paid_fen;
    if let Some(notice) = world.notices.get_mut(told.number).filter(|_| everything) {
        notice.undo(Confirmation::Confirmed);
        notice.withdrawn = notice.withdrawn || after == NoticeAfter::Cancelled;
    }
    Ok(vec![answer])
}

/// By our number; else the one that finance began and that has none yet.
fn find(world: &World, told: &Told<'_>) -> Result<usize, Exception> {
    let refunds = &world.gateway.refunds;
    let of_payment =
        |refund: &Refund| refund.notice_no == told.number && refund.pay_no == told.pay_no;
    if let Some(index) = refunds.iter().position(|refund| refund.refund_no == told.refund_no) {
        let same = of_payment(&refunds[index]);
        return if same {
            Ok(index)
        } else {
            Err(Exception::new("CONFLICT", "退付单号不符"))
        };
    }
    refunds
        .iter()
        .position(|refund| {
            of_payment(refund)
                && refund.refund_no.is_empty()
                && refund.amount_fen == told.amount_fen
        })
        .ok_or_else(|| Exception::new("NOT_APPROVED", "没有这笔退付申请"))
}

fn detail(refund: &Refund) -> String {
    let levels: Vec<&str> = refund.levels.iter().map(|level| level.code()).collect();
    let approved = matches!(refund.state, RefundState::Approved | RefundState::PaidBack);
    let own = fields(&[
        ("REFUNDNO", &refund.refund_no),
        ("NOTICENO", &refund.notice_no),
        ("PAYNO", &refund.pay_no),
        ("REFUNDMONEY", &yuan(refund.amount_fen)),
        ("REFUNDSTATE", refund.state.code()),
        ("LEVELS", &levels.join(",")),
        ("NOTICEAFTER", if approved { refund.notice_after.code() } else { "" }),
    ]);
    let decisions = refund.decisions.iter().map(|decision| {
        let fields: String =
            decision_fields(decision).iter().map(|(name, value)| field(name, value)).collect();
        format!("<DECISION>{fields}</DECISION>")
    });
    own + &decisions.collect::<String>()
}

/// A decision as answers and calls name it.
pub(super) fn decision_fields(decision: &Decision) -> [(&'static str, String); 7] {
    [
        ("STAGE", decision.stage().to_owned()),
        ("LEVEL", decision.level.map_or("", Level::code).to_owned()),
        ("VERDICT", decision.verdict().to_owned()),
        ("DECIDEDBY", decision.by.clone()),
        ("REASON", decision.reason.clone()),
        ("DECIDEDATE", Day::of(decision.at_ms).compact()),
        ("DECIDETIME", compact_time(decision.at_ms)),
    ]
}
