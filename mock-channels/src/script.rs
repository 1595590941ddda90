//! Fault scripts: text that says what goes wrong when, read, carried out and recorded.
//!
//! What acts on an event acts under the same lock as the event itself, so that no delivery and no
//! answer can slip through before it; what a payer or a tester would do is done through the levers.

use crate::world::World;
use crate::world::callback::{Callback, CallbackMode, Platform};
use crate::world::fault::{BillFault, Channel, EVERY_DAY, Fault};
use crate::world::script::{Action, Awaited, Event, FaultWish, Fired, Notified, Trigger};

mod load;
mod parse;
pub(crate) mod payable;
mod ready;
pub(crate) mod record;
mod run;
mod time;

pub(crate) use load::{load, resume};
pub use parse::LineFault;
pub(crate) use run::run;

impl World {
    /// Puts a notification on its way, as a script wants it that knew of its event before.
    pub(crate) fn post(&mut self, mut callback: Callback) {
        let awaited = &mut self.scripting.awaited;
        let wanted = awaited.iter().position(|one| {
            one.platform == callback.platform && one.order_no == callback.out_trade_no
        });
        if let Some(wanted) = wanted {
            callback.set_mode(awaited.remove(wanted).mode);
        }
        self.callbacks.push(callback);
    }

    /// Tells the script what happened. Called by the platforms, after the event's notification
    /// was put on its way.
    pub(crate) fn happened(&mut self, event: &Event<'_>) {
        if self.scripting.rules.is_empty() {
            return;
        }
        let now_ms = self.now_ms();
        let name = event.kind.name();
        let of_platform = format!("{} {name}", event.platform.name());
        let mut count = |key: String| {
            let count = self.scripting.counts.entry(key).or_default();
            *count += 1;
            *count
        };
        // Money is taken by rails: what the gateway books for it is no second payment.
        let any = (event.platform != Platform::Gateway).then(|| count(name.to_owned()));
        let own = count(of_platform);
        let hit = |trigger: &Trigger| match trigger {
            Trigger::After { platform, event: kind, count } if *kind == event.kind => {
                match platform {
                    None => Some(*count) == any,
                    Some(platform) => *platform == event.platform && *count == own,
                }
            }
            Trigger::After { .. } | Trigger::At { .. } | Trigger::Now => false,
        };
        for index in 0..self.scripting.rules.len() {
            let rule = &self.scripting.rules[index];
            if rule.fired.is_some() || !hit(&rule.trigger) {
                continue;
            }
            let action = rule.action.clone();
            match at_once(self, &action, Some(event), now_ms) {
                Some(said) => {
                    let fired = Fired { at_ms: now_ms, said };
                    self.scripting.rules[index].fired = Some(fired);
                }
                // A lever: the runner pulls it, from now on.
                None => {
                    self.scripting.rules[index].trigger = Trigger::At { at_ms: now_ms };
                }
            }
        }
    }
}

/// Carries out what needs no lever, and says what came of it.
fn at_once(
    world: &mut World,
    action: &Action,
    event: Option<&Event<'_>>,
    now_ms: i64,
) -> Option<String> {
    Some(match action {
        Action::Callback(mode) => {
            let done = event.is_some_and(|event| set_callback(world, event, *mode));
            if done { "已作用于该事件的回调" } else { "该事件没有回调" }.to_owned()
        }
        Action::Callbacks(mode) => {
            world.set_callback_mode(*mode);
            "之后的回调方式已改".to_owned()
        }
        Action::Answer(fault) => {
            let channel = event.map_or(Channel::WechatPay, |event| channel_of(event.platform));
            world.scripting.answer = Some((channel, fault.clone()));
            "已作用于该次应答".to_owned()
        }
        Action::Fault(wish) => {
            world.faults.push(fault(wish, now_ms));
            "故障已设置".to_owned()
        }
        Action::Bill { platform, date, fault } => {
            spoil_bills(world, *platform, date.as_deref(), fault);
            "对账单故障已设置".to_owned()
        }
        Action::Approve(_)
        | Action::Refuse { .. }
        | Action::Release { .. }
        | Action::Clock { .. }
        | Action::Call { .. } => return None,
    })
}

/// Whether the event has a notification or will have one.
fn set_callback(world: &mut World, event: &Event<'_>, mode: CallbackMode) -> bool {
    let (platform, order_no) = (event.platform, event.order_no);
    match event.notified {
        Notified::Never => false,
        Notified::Later => {
            let order_no = order_no.to_owned();
            world.scripting.awaited.push(Awaited { platform, order_no, mode });
            true
        }
        Notified::Already => {
            // It is the newest of its order.
            let found = world.callbacks.iter_mut().rev().find(|callback| {
                callback.platform == platform && callback.out_trade_no == order_no
            });
            found.map(|callback| callback.set_mode(mode)).is_some()
        }
    }
}

fn fault(wish: &FaultWish, now_ms: i64) -> Fault {
    Fault {
        channel: wish.channel,
        operation: wish.operation.clone(),
        fault: wish.kind,
        times: wish.times,
        code: wish.code.clone(),
        until_ms: wish.lasts_ms.map(|lasts_ms| now_ms + lasts_ms),
        latency_ms: None,
        percent: None,
        seen: 0,
    }
}

fn spoil_bills(
    world: &mut World,
    platform: Option<Platform>,
    date: Option<&str>,
    fault: &BillFault,
) {
    let day = date.unwrap_or(EVERY_DAY);
    let wanted = Platform::ALL.into_iter().filter(|one| platform.is_none_or(|only| only == *one));
    for one in wanted {
        world.bill_faults_mut(one).insert(day.to_owned(), fault.clone());
    }
}

/// The channel whose faults a platform's calls meet.
fn channel_of(platform: Platform) -> Channel {
    match platform {
        Platform::WechatPay => Channel::WechatPay,
        Platform::Alipay => Channel::Alipay,
        Platform::Unionpay => Channel::Unionpay,
        Platform::Gateway => Channel::Gateway,
        Platform::WechatMessage => Channel::Wechat,
    }
}
