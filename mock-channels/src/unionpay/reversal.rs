//! Refunds and undos (`backTransReq.do`): accepted at once, decided later.

use super::consume::ECHOED;
use super::request::Request;
use super::{Answer, Refusal, magic, report};
use crate::clock::DAY_MS;
use crate::outside::Outside;
use crate::world::World;
use crate::world::magic::{Magic, SLOW_REFUND_MS};
use crate::world::script::{EventKind, Notified};
use crate::world::unionpay::{Fields, Kind, Outcome, Planned, Transaction, is_pending, settle_day};

/// A payment can go back for so long.
const REFUNDABLE_MS: i64 = 330 * DAY_MS;

pub(super) fn accept(outside: &Outside, request: &Request, now_ms: i64) -> Answer {
    outside.change(|world| take(world, request, now_ms))
}

fn take(world: &mut World, request: &Request, now_ms: i64) -> Answer {
    let kind = match request.require("txnType")? {
        "04" => Kind::Refund,
        "31" => Kind::Undo,
        _ => return Err(Refusal::new("32", "txnType")),
    };
    request.require_one_of("txnSubType", &[kind.txn_sub_type()])?;
    request.require_one_of("bizType", &["000201"])?;
    request.require_one_of("channelType", &["07", "08"])?;
    let order_id = request.order_id()?;
    let amount_fen = request.amount_fen()?;
    let back_url = request.back_url()?;
    let original = request.require("origQryId")?;
    if world.unionpay.is_repeated(order_id, request.txn_time()?) {
        return Err(Refusal::new("12", ""));
    }
    let txn_time = request.current_txn_time(now_ms)?;
    let paid = check_original(world, kind, original, amount_fen, now_ms)?;
    let wonder = Magic::of_amount(paid.amount_fen);
    if wonder == Some(Magic::NoBalance) {
        return Err(Refusal::new("33", "商户可退余额不足"));
    }
    let unknown = wonder == Some(Magic::RefundedUnknown);
    let answer = magic::reversal_answer(amount_fen).or(unknown.then(|| "03".to_owned()));
    if let Some(code) = answer.as_deref().filter(|code| !is_pending(code)) {
        return Err(Refusal::new(code, "约定金额"));
    }
    let number = world.next_number();
    let mut echoed = request.picked(&ECHOED);
    // There is one currency, whether the request names it or not.
    echoed.insert("currencyCode".to_owned(), "156".to_owned());
    let transaction = Transaction {
        kind,
        order_id: order_id.to_owned(),
        txn_time: txn_time.to_owned(),
        amount_fen,
        back_url: back_url.to_owned(),
        echoed,
        created_ms: now_ms,
        deadline_ms: None,
        tn: None,
        trace_no: format!("{:06}", number % 1_000_000),
        traced_ms: Some(now_ms),
        original: Some(original.to_owned()),
        outcome: outcome(world, amount_fen, wonder, now_ms),
        refused: 0,
    };
    let mut fields = Fields::from([
        ("origQryId".to_owned(), original.to_owned()),
        ("txnAmt".to_owned(), amount_fen.to_string()),
    ]);
    fields.extend(transaction.query_id().map(|id| ("queryId".to_owned(), id)));
    world.unionpay.transactions.push(transaction);
    report::happened(world, EventKind::Refund, order_id, Notified::Later);
    match answer {
        // Taken all the same: the merchant must find out.
        Some(code) => Err(Refusal::new(&code, "约定金额")),
        None => Ok(fields),
    }
}

/// The payment that is to go back.
fn check_original<'a>(
    world: &'a World,
    kind: Kind,
    original: &str,
    amount_fen: i64,
    now_ms: i64,
) -> Result<&'a Transaction, Refusal> {
    let unusable = || Refusal::new("35", "origQryId");
    let payment = world.unionpay.by_query_id(original).ok_or_else(unusable)?;
    let paid_ms = payment.succeeded_ms().ok_or_else(unusable)?;
    if payment.kind != Kind::Consume {
        return Err(unusable());
    }
    let rest_fen = world.unionpay.rest_fen(payment);
    match kind {
        Kind::Undo if settle_day(paid_ms) != settle_day(now_ms) => Err(unusable()),
        Kind::Undo if amount_fen != payment.amount_fen || rest_fen != amount_fen => {
            Err(Refusal::new("36", "txnAmt"))
        }
        Kind::Refund | Kind::Undo if amount_fen > rest_fen => Err(Refusal::new("36", "txnAmt")),
        Kind::Refund | Kind::Undo if now_ms - paid_ms > REFUNDABLE_MS => {
            Err(Refusal::new("39", "origQryId"))
        }
        Kind::Refund | Kind::Undo | Kind::Consume => Ok(payment),
    }
}

fn outcome(world: &World, amount_fen: i64, wonder: Option<Magic>, now_ms: i64) -> Outcome {
    let accepted = "05".to_owned();
    let slow_ms = if wonder == Some(Magic::SlowRefund) { SLOW_REFUND_MS } else { 0 };
    let planned = world.unionpay.planned(now_ms + slow_ms);
    let closed = (wonder == Some(Magic::ClosedRefund)).then(|| "30".to_owned());
    match magic::reversal_outcome(amount_fen).or(closed) {
        Some(code) if is_pending(&code) => Outcome::Pending { code, then: None },
        Some(code) => {
            let at_ms = planned.map_or(now_ms, |planned| planned.at_ms);
            Outcome::Pending { code: accepted, then: Some(Planned { at_ms, code }) }
        }
        None => Outcome::Pending { code: accepted, then: planned },
    }
}
