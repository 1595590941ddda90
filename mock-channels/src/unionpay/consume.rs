//! Orders that are paid in the app (`appTransReq.do`).

use super::request::Request;
use super::{Answer, Refusal, magic, report};
use crate::clock::{Day, compact_time, parse_compact};
use crate::outside::Outside;
use crate::world::World;
use crate::world::magic::Magic;
use crate::world::script::{EventKind, Notified};
use crate::world::unionpay::{Fields, Kind, Outcome, Transaction, is_pending};

/// What the queries and notifications of a transaction repeat of its request.
pub(super) const ECHOED: [&str; 7] =
    ["accessType", "bizType", "currencyCode", "encoding", "merId", "reqReserved", "version"];

/// Takes an order and hands out the number under which the app opens the cashier.
pub(super) fn place(outside: &Outside, request: &Request, now_ms: i64) -> Answer {
    outside.change(|world| take(world, request, now_ms))
}

fn take(world: &mut World, request: &Request, now_ms: i64) -> Answer {
    request.require_one_of("txnType", &["01"])?;
    request.require_one_of("txnSubType", &["01"])?;
    request.require_one_of("bizType", &["000201"])?;
    request.require_one_of("channelType", &["07", "08"])?;
    request.require_one_of("currencyCode", &["156"])?;
    let order_id = request.order_id()?;
    let amount_fen = request.amount_fen()?;
    let back_url = request.back_url()?;
    let deadline_ms = deadline_ms(request, now_ms)?;
    if world.unionpay.is_repeated(order_id, request.txn_time()?) {
        return Err(Refusal::new("12", ""));
    }
    let txn_time = request.current_txn_time(now_ms)?;
    let unknown = Magic::of_amount(amount_fen) == Some(Magic::CreatedUnknown);
    let answer = magic::order_answer(amount_fen).or(unknown.then(|| "03".to_owned()));
    if let Some(code) = answer.as_deref().filter(|code| !is_pending(code)) {
        return Err(Refusal::new(code, "约定金额"));
    }
    let number = world.next_number();
    let when = Day::of(now_ms).compact() + &compact_time(now_ms);
    let tn = format!("{when}{:07}", number % 10_000_000);
    world.unionpay.transactions.push(Transaction {
        kind: Kind::Consume,
        order_id: order_id.to_owned(),
        txn_time: txn_time.to_owned(),
        amount_fen,
        back_url: back_url.to_owned(),
        echoed: request.picked(&ECHOED),
        created_ms: now_ms,
        deadline_ms,
        tn: Some(tn.clone()),
        trace_no: format!("{:06}", number % 1_000_000),
        traced_ms: None,
        original: None,
        outcome: Outcome::Untried,
        refused: 0,
    });
    report::happened(world, EventKind::Order, order_id, Notified::Never);
    match answer {
        // Taken all the same: the merchant must find out.
        Some(code) => Err(Refusal::new(&code, "约定金额")),
        None => Ok(Fields::from([("tn".to_owned(), tn)])),
    }
}

fn deadline_ms(request: &Request, now_ms: i64) -> Result<Option<i64>, Refusal> {
    match request.get("payTimeout") {
        "" => Ok(None),
        text => match parse_compact(text).filter(|at_ms| *at_ms > now_ms) {
            Some(at_ms) => Ok(Some(at_ms)),
            None => Err(Refusal::new("10", "payTimeout")),
        },
    }
}
