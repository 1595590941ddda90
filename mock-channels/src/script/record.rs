//! Writes down what testers do by hand, as rules that would do it again.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use serde_json::{Value, json};

use super::payable;
use super::time::written;
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::World;

/// Marks calls that a script makes: they are in a script already.
pub(crate) const BY_SCRIPT: &str = "x-mock-script";
/// More lines than any tester makes by hand; the oldest go.
const MOST_LINES: usize = 10_000;

/// The middleware around the levers.
pub(crate) async fn layer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = request.path().strip_prefix("/control").unwrap_or_default().to_owned();
    let changes = matches!(*request.method(), Method::POST | Method::DELETE);
    let by_script = request.headers().contains_key(BY_SCRIPT);
    let outside = request.app_data::<Shared>().cloned();
    let Some(outside) = outside.filter(|_| changes && !by_script && is_kept(&path)) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let method = request.method().clone();
    let body = request.extract::<Bytes>().await?;
    request.set_payload(Payload::from(body.clone()));
    let at_ms = outside.now_ms();
    let answer = next.call(request).await?.map_into_boxed_body();
    if !answer.status().is_success() {
        return Ok(answer);
    }
    let (request, answer) = answer.into_parts();
    let (head, content) = answer.into_parts();
    let content = to_bytes(content).await.map_err(|error| -> Error { error.into() })?;
    let done = Done { method, path, body, answer: read(&content), at_ms };
    if let Some(line) = outside.read(|world| line(world, &outside, &done)) {
        outside.change(|world| {
            let recorded = &mut world.scripting.recorded;
            recorded.push(line);
            let surplus = recorded.len().saturating_sub(MOST_LINES);
            recorded.drain(..surplus);
        });
    }
    Ok(ServiceResponse::new(request, head.set_body(content).map_into_boxed_body()))
}

/// What was done by a call.
struct Done {
    method: Method,
    path: String,
    body: Bytes,
    answer: Value,
    at_ms: i64,
}

/// Codes and tickets are different every time, and scripts are no part of themselves.
fn is_kept(path: &str) -> bool {
    let left_out = path.starts_with("/script") || path.starts_with("/face/");
    !left_out && !path.ends_with("-code")
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_empty| json!({}))
}

fn line(world: &World, outside: &Outside, done: &Done) -> Option<String> {
    let action = action(world, outside, done)?;
    // When it was over: what it did bears no later moment. But a move begins where the clock stood.
    let at_ms = if done.path == "/clock" { done.at_ms } else { outside.now_ms() };
    Some(format!("at {}: {action}", written(at_ms)))
}

fn action(world: &World, outside: &Outside, done: &Done) -> Option<String> {
    let body = read(&done.body);
    let path = done.path.as_str();
    let now_ms = outside.now_ms();
    if path == "/clock" {
        return Some(format!("clock {}", written(now_ms)));
    }
    if path == "/callbacks/mode" {
        let verb = match body["mode"].as_str()? {
            "lose" => "drop",
            other => other,
        };
        return Some(format!("{verb} callbacks"));
    }
    if path == "/cashier" {
        // The package is made anew every time; what counts is that somebody paid.
        let order = done.answer["outTradeNo"].as_str()?;
        return (body["approve"] == true).then(|| approve(world, order, &json!({}), now_ms));
    }
    if let Some(id) = path.strip_prefix("/callbacks/").and_then(|p| p.strip_suffix("/release")) {
        return release(world, id, &body);
    }
    if let Some(order) = order_of(path) {
        // UnionPay's levers take other numbers too, which are made anew every time.
        let order = done.answer["orderId"].as_str().unwrap_or(order);
        if let Some(code) = body["respCode"].as_str() {
            return Some(decided(world, order, path, code, now_ms));
        }
        if path.ends_with("/approve") {
            return Some(approve(world, order, &body, now_ms));
        }
        if path.ends_with("/refuse") {
            return Some(format!("refuse {order}"));
        }
    }
    let confirmed = path.strip_prefix("/notices/").and_then(|p| p.strip_suffix("/confirm"));
    if let Some(number) = confirmed.filter(|_| body.get("rejected").is_none()) {
        return Some(format!("approve {number}"));
    }
    let mut body = body;
    let finish = path.starts_with("/wechat-pay/refunds/") && path.ends_with("/finish");
    if finish && body.get("atMs").is_none() {
        let number = path.trim_start_matches("/wechat-pay/refunds/").trim_end_matches("/finish");
        let refund = world.wechat_pay.refunds.get(number)?;
        body["atMs"] = json!(refund.steps.last()?.at_ms);
    }
    Some(format!("call {} {path} {body}", done.method))
}

/// The order that a lever is about.
pub(super) fn order_of(path: &str) -> Option<&str> {
    let levers = ["/orders/", "/alipay/trades/", "/unionpay/orders/"];
    let rest = levers.into_iter().find_map(|lever| path.strip_prefix(lever))?;
    rest.split('/').next().filter(|order| !order.is_empty())
}

/// A transaction of UnionPay that ended with a code.
fn decided(world: &World, order: &str, path: &str, code: &str, now_ms: i64) -> String {
    let verb = path.rsplit('/').next().unwrap_or_default();
    let mut body = json!({"respCode": code});
    let paid_ms = payable::find(world, order, now_ms).and_then(|one| one.paid_ms);
    if let Some(paid_ms) = paid_ms.filter(|_| verb == "approve") {
        body["atMs"] = json!(paid_ms);
    }
    format!("call POST /unionpay/orders/{order}/{verb} {body}")
}

fn approve(world: &World, order: &str, body: &Value, now_ms: i64) -> String {
    let mut said = format!("approve {order}");
    if let Some(fen) = body["amountFen"].as_i64() {
        said.push_str(&format!(" {fen} fen"));
    }
    // Exactly when, so that the truth of the day comes out the same.
    let paid_ms = payable::find(world, order, now_ms).and_then(|one| one.paid_ms);
    if let Some(paid_ms) = paid_ms.filter(|paid_ms| *paid_ms <= now_ms) {
        said.push_str(&format!(" paid {}", written(paid_ms)));
    }
    if body["force"] == true {
        said.push_str(" force");
    }
    said
}

fn release(world: &World, id: &str, body: &Value) -> Option<String> {
    let order = &world.callbacks.iter().find(|callback| callback.id == id)?.out_trade_no;
    let of_order = world.callbacks.iter().filter(|callback| &callback.out_trade_no == order);
    let nth = of_order.take_while(|callback| callback.id != id).count() + 1;
    Some(format!("release {order} {nth} {body}"))
}
