//! Fault scripts: text that says what goes wrong when, read, carried out and recorded.
//!
//! What acts on an event acts under the same lock as the event itself, so that no delivery and no
//! answer can slip through before it; what a payer or a tester would do is done through the levers.

use crate::world::World;
use crate::world::callback::{Callback, Platform};
use crate::world::fault::{BillFault, Channel, EVERY_DAY, Fault};
use crate::world::script::{Action, Event, FaultWish, Fired, Trigger};

mod load;
mod parse;
pub(crate) mod payable;
pub(crate) mod record;
mod run;
mod time;

pub(crate) use load::{load, resume};
pub use parse::LineFault;
pub(crate) use run::run;

impl World {
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
        let (any, own) = (count(name.to_owned()), count(of_platform));
        let hit = |trigger: &Trigger| match trigger {
            Trigger::After { platform, event: kind, count } if *kind == event.kind => {
                match platform {
                    None => *count == any,
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
            let found = event.and_then(|event| callback_of(world, event));
            match found {
                Some(callback) => {
                    callback.set_mode(*mode);
                    "已作用于该事件的回调".to_owned()
                }
                None => "该事件没有回调".to_owned(),
            }
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

/// The notification of an event is the newest of its order.
fn callback_of<'a>(world: &'a mut World, event: &Event<'_>) -> Option<&'a mut Callback> {
    world.callbacks.iter_mut().rev().find(|callback| {
        callback.platform == event.platform && callback.out_trade_no == event.order_no
    })
}

fn fault(wish: &FaultWish, now_ms: i64) -> Fault {
    Fault {
        channel: wish.channel,
        operation: wish.operation.clone(),
        fault: wish.kind,
        times: wish.times,
        code: wish.code.clone(),
        until_ms: wish.lasts_ms.map(|lasts_ms| now_ms + lasts_ms),
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
    }
}
