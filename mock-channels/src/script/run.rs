//! Carries out what is due: at its time, and once what it is about exists.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use super::payable::{self, Payable};
use super::ready::is_ready;
use super::{at_once, record};
use crate::outside::Outside;
use crate::world::World;
use crate::world::callback::Platform;
use crate::world::script::{Action, Approval, Fired, Method, Rule, Trigger};

const TICK: Duration = Duration::from_millis(50);

/// A lever that is to be pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pull {
    method: Method,
    path: String,
    body: Value,
}

impl Pull {
    fn post(path: String, body: Value) -> Self {
        Self { method: Method::Post, path, body }
    }
}

/// Carries out rules, for ever, one after the other.
pub(crate) async fn run(outside: Arc<Outside>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        while let Some((index, pulls)) = next(&outside) {
            let mut said = Vec::new();
            for pull in pulls {
                said.push(pulled(&outside, pull).await);
            }
            let at_ms = outside.now_ms();
            outside.change(|world| {
                if let Some(rule) = world.scripting.rules.get_mut(index).filter(|r| r.in_flight) {
                    rule.in_flight = false;
                    rule.fired = Some(Fired { at_ms, said: said.join("；") });
                }
            });
        }
    }
}

/// Books what needs no lever, and answers the next rule that needs some.
fn next(outside: &Outside) -> Option<(usize, Vec<Pull>)> {
    let now_ms = outside.now_ms();
    let due = |rule: &Rule| {
        rule.fired.is_none() && matches!(rule.trigger, Trigger::At { at_ms } if at_ms <= now_ms)
    };
    if !outside.read(|world| world.scripting.rules.iter().any(due)) {
        return None;
    }
    let ready = |world: &World| {
        let mut waiting: Vec<(usize, i64)> = world
            .scripting
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| due(rule))
            .map(|(index, rule)| (index, at_of(rule)))
            .collect();
        waiting.sort_by_key(|(index, at_ms)| (*at_ms, *index));
        let mut earlier_waits = false;
        for (index, at_ms) in waiting {
            let found = pulls(world, &world.scripting.rules[index].action, at_ms, now_ms);
            let moves = matches!(world.scripting.rules[index].action, Action::Clock { .. });
            match found {
                // What happens at a later time must not come before what was to happen earlier.
                Some(pulls) if !(moves && earlier_waits) => return Some((index, pulls)),
                Some(_) | None => earlier_waits = true,
            }
        }
        None
    };
    // Looked at first, because every change is written to the state file.
    let (index, pulls) = outside.read(ready)?;
    outside.change(|world| {
        let action = world.scripting.rules.get(index)?.action.clone();
        match at_once(world, &action, None, now_ms) {
            Some(said) => world.scripting.rules[index].fired = Some(Fired { at_ms: now_ms, said }),
            None => world.scripting.rules[index].in_flight = true,
        }
        Some(())
    })?;
    Some((index, pulls))
}

fn at_of(rule: &Rule) -> i64 {
    match rule.trigger {
        Trigger::At { at_ms } => at_ms,
        Trigger::After { .. } | Trigger::Now => 0,
    }
}

/// The levers of a rule that is due, or nothing while it waits for its order.
fn pulls(world: &World, action: &Action, at_ms: i64, now_ms: i64) -> Option<Vec<Pull>> {
    match action {
        Action::Approve(approval) => approvals(world, approval, at_ms, now_ms),
        Action::Refuse { order } => {
            let found = payable::find(world, order, now_ms)?;
            let (path, settings) = found.refuse;
            Some(vec![Pull::post(path, settings)])
        }
        Action::Release { order, nth, settings } => {
            let mut of_order =
                world.callbacks.iter().filter(|callback| &callback.out_trade_no == order);
            let callback = of_order.nth(nth.saturating_sub(1))?;
            Some(vec![Pull::post(format!("/callbacks/{}/release", callback.id), settings.clone())])
        }
        Action::Clock { to_ms } if *to_ms <= now_ms => Some(Vec::new()),
        Action::Clock { to_ms } => {
            // Thousandths too: what comes at a moment must find the clock there.
            let set = format!("{}+08:00", super::time::written(*to_ms).replace(' ', "T"));
            Some(vec![Pull::post("/clock".to_owned(), json!({"set": set}))])
        }
        Action::Call { method, path, body } => {
            if !is_ready(world, path, body, now_ms) {
                return None;
            }
            Some(vec![Pull { method: *method, path: path.clone(), body: body.clone() }])
        }
        Action::Callback(_)
        | Action::Callbacks(_)
        | Action::Answer(_)
        | Action::Fault(_)
        | Action::Bill { .. } => Some(Vec::new()),
    }
}

fn approvals(world: &World, approval: &Approval, at_ms: i64, now_ms: i64) -> Option<Vec<Pull>> {
    let Approval { platform, order, amount_fen, paid_ms, force } = approval;
    let pull = |one: &Payable| {
        // The moment of the rule, though the clock may have jumped over it.
        let paid_ms = paid_ms.unwrap_or(at_ms.max(one.created_ms));
        let settings = one.settings(*amount_fen, paid_ms.min(now_ms), *force);
        Pull::post(one.approve.clone(), settings)
    };
    match order {
        Some(order) => Some(vec![pull(&payable::find(world, order, now_ms)?)]),
        None => {
            let all = payable::all(world, now_ms);
            // Agencies are asked only by name: they pay nothing.
            let asked = |one: &&Payable| match platform {
                Some(platform) => one.platform == *platform,
                None => one.platform != Platform::Gateway,
            };
            let waits = |one: &&Payable| one.waits && one.created_ms <= at_ms;
            Some(all.iter().filter(asked).filter(waits).map(pull).collect())
        }
    }
}

/// Pulls a lever as a tester would, and says what came of it.
async fn pulled(outside: &Outside, pull: Pull) -> String {
    let url = format!("{}/control{}", outside.onboarding.base_url, pull.path);
    let request = match pull.method {
        Method::Post => outside.http.post(url).body(pull.body.to_string()),
        Method::Delete => outside.http.delete(url),
    };
    let answer = request.header(record::BY_SCRIPT, "1").send().await;
    let name = &pull.path;
    match answer {
        Ok(answer) if answer.status().is_success() => format!("{name}：完成"),
        Ok(answer) => {
            let status = answer.status().as_u16();
            let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap_or_default())
                .unwrap_or_default();
            format!("{name}：{status} {}", body["error"].as_str().unwrap_or_default())
        }
        Err(error) => format!("{name}：没有应答（{error}）"),
    }
}
