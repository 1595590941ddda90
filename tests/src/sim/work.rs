//! What a node does: each function is one task.

use super::callback;
use super::citizen::{Answer, Call, What};
use super::fault::Kind;
use super::node::Node;
use super::world::{CallbackContent, World};
use domain::money::Fen;
use domain::payment::{
    CancelError, LinkShows, MadeLink, NoticeSnapshot, PayableError, Payment, PaymentStatus, Quoted,
    Rail, Refusal, StartPaymentError, Started,
};
use std::sync::Arc;

/// How much a worker takes at once, as the product's workers do.
const TURN: u16 = 16;

pub async fn callbacks(node: Arc<Node>) {
    // What fails comes again by itself; so everywhere below.
    let _ = node.callbacks.run_once(TURN).await;
}

pub async fn heals(node: Arc<Node>, rail: Rail) {
    let _ = node.healer.run_once(rail, TURN).await;
}

pub async fn fulfils(node: Arc<Node>) {
    let _ = node.fulfil.run_once(TURN).await;
}

pub async fn refunds(node: Arc<Node>) {
    super::refunds::works(node, TURN).await;
}

pub async fn reconciles(node: Arc<Node>) {
    let _ = node.reconcile.run_once().await;
}

/// A callback comes in; the rail is told "received" only when it is stored.
pub async fn receive(
    node: Arc<Node>,
    world: World,
    rail: usize,
    no: String,
    content: CallbackContent,
) {
    if content.genuine {
        world.with(|core| core.checks.genuine.insert(content.event_id.clone()));
    }
    let received = node.receive[rail].run(&callback::wire(rail, &content)).await;
    world.with(|core| {
        core.note(if received.is_ok() { "received" } else { "not received" }, &content.event_id, 0);
        let key = core.next_key();
        let heard = received.is_ok() && content.counts && !core.fault(Kind::LoseAnswer, key);
        if let Some(order) = core.rails[rail].orders.get_mut(&no).filter(|_| heard) {
            order.told = true;
        }
    });
}

/// A citizen's request.
pub async fn serve(node: Arc<Node>, world: World, call: Call) {
    let answer = match call.what {
        What::Start(wanted) => {
            let started = node.start.run(&call.caller, wanted).await;
            refusals_change_nothing(&world, &started);
            answer_of(started)
        }
        What::Quote(nos) => quoted(&world, node.quote.run(&nos).await),
        What::Link(nos) => linked(&world, node.link.run(&call.caller, &nos).await),
        What::Look(token) => match node.by_link.look(&token).await {
            Ok(LinkShows::Payable(notices)) => {
                Answer::Shows(Fen::sum(notices.iter().map(NoticeSnapshot::total)).unwrap())
            }
            Ok(
                LinkShows::Taken(_)
                | LinkShows::Unknown
                | LinkShows::Expired
                | LinkShows::NotPayable,
            ) => Answer::Done,
            Err(_) => Answer::Later,
        },
        What::PayByLink(token, total) => {
            let started = node.by_link.pay(&token, total).await;
            refusals_change_nothing(&world, &started);
            answer_of(started)
        }
        What::Cancel(no) => {
            match node.cancel.run(&call.caller, &no).await {
                Ok(payment) => shown(&world, &payment),
                Err(CancelError::Settled(payment) | CancelError::OutcomeUnknown(payment)) => {
                    shown(&world, &payment);
                }
                Err(CancelError::NotFound | CancelError::Apply(_) | CancelError::Store(_)) => {}
            }
            Answer::Done
        }
        What::Ask(no) => {
            if let Ok(payment) = node.refresh.run(&call.caller, &no).await {
                shown(&world, &payment);
            }
            Answer::Done
        }
    };
    world.with(|core| {
        let key = core.next_key();
        if !core.fault(Kind::LoseAnswer, key) {
            core.answer(call.citizen, call.number, answer);
        }
    });
}

/// A citizen reads this of a payment.
fn shown(world: &World, payment: &Payment) {
    world.with(|core| {
        let status = payment.state.status();
        super::check::shown_as(core, &payment.no, status);
        if status == PaymentStatus::Closed {
            super::check::shown_as_failed(core, &payment.no);
        }
    });
}

fn quoted(world: &World, made: Result<Quoted, PayableError>) -> Answer {
    match made {
        Ok(made) => Answer::Quoted(made.token, made.quote.total),
        Err(error) => not_payable(world, &error),
    }
}

fn linked(world: &World, made: Result<MadeLink, PayableError>) -> Answer {
    match made {
        Ok(made) => Answer::Linked(made.token),
        Err(error) => not_payable(world, &error),
    }
}

fn not_payable(world: &World, error: &PayableError) -> Answer {
    world.with(|core| core.current.refused = true);
    match error {
        PayableError::Refused(_) => Answer::Done,
        PayableError::Gateway(_) => Answer::Later,
    }
}

fn refusals_change_nothing(world: &World, started: &Result<Started, StartPaymentError>) {
    world.with(|core| match started {
        Err(StartPaymentError::Refused(Refusal::RailRefused, Some(own))) => {
            super::check::shown_as_failed(core, &own.payment.no);
        }
        Err(StartPaymentError::Refused(_, None) | StartPaymentError::Gateway(_)) => {
            core.current.refused = true;
        }
        Ok(_)
        | Err(
            StartPaymentError::Refused(_, Some(_))
            | StartPaymentError::OutcomeUnknown(_)
            | StartPaymentError::RailNotReached(_)
            | StartPaymentError::Store(_),
        ) => {}
    });
}

fn answer_of(started: Result<Started, StartPaymentError>) -> Answer {
    let of = |started: Started| (started.payment.no, started.cashier.is_some());
    match started {
        Ok(started) => {
            let (no, cashier) = of(started);
            Answer::Started { no, cashier }
        }
        Err(StartPaymentError::Refused(why, own)) => Answer::Refused(why, own.map(|own| of(*own))),
        Err(
            StartPaymentError::OutcomeUnknown(_)
            | StartPaymentError::RailNotReached(_)
            | StartPaymentError::Gateway(_)
            | StartPaymentError::Store(_),
        ) => Answer::Later,
    }
}
