//! The verbs of a script.

use serde_json::{Value, json};

use super::super::time;
use super::{Words, named};
use crate::control::operations;
use crate::faults::knows_code;
use crate::world::callback::{CallbackMode, Platform};
use crate::world::fault::{Channel, FaultKind};
use crate::world::script::{Action, AnswerFault, Approval, FaultWish, Method};

/// Reads what a rule does. Only a rule about an event (`of_event`) can speak of "the callback"
/// and of the answer.
pub(super) fn read(words: &mut Words<'_>, of_event: bool) -> Result<Action, String> {
    let verb = words.next().ok_or("缺少动作")?;
    let action = match verb {
        "deliver" | "hold" | "drop" | "double" => callback(verb, words, of_event)?,
        "approve" => Action::Approve(approval(words)?),
        "refuse" => {
            Action::Refuse { order: words.next().ok_or("refuse 需要订单号")?.to_owned() }
        }
        "release" => release(words)?,
        "clock" => clock(words)?,
        "call" => call(words)?,
        "error" if of_event => Action::Answer(AnswerFault {
            kind: FaultKind::RefusedAfter,
            code: Some(code(words, None)?),
        }),
        _ => match named::<Channel>(verb) {
            Some(channel) => fault(channel, words)?,
            None => answer(verb, of_event)?,
        },
    };
    words.end()?;
    Ok(action)
}

/// `drop callback` of the event; `drop callbacks` from now on.
fn callback(verb: &str, words: &mut Words<'_>, of_event: bool) -> Result<Action, String> {
    let mode = match verb {
        "deliver" => CallbackMode::Deliver,
        "hold" => CallbackMode::Hold,
        "drop" => CallbackMode::Lose,
        _ => CallbackMode::Double,
    };
    match words.next() {
        Some("callback") if of_event => Ok(Action::Callback(mode)),
        Some("callbacks") => Ok(Action::Callbacks(mode)),
        Some("callback") => {
            Err(format!("{verb} callback 只能用在 after 里；{verb} callbacks 才是“之后的回调”"))
        }
        Some(_) | None => Err(format!("{verb} 后应为 callback 或 callbacks")),
    }
}

/// `approve [PLATFORM | ORDER] [N fen] [paid TIME] [force]`
fn approval(words: &mut Words<'_>) -> Result<Approval, String> {
    let mut approval = Approval::default();
    while let Some(word) = words.next() {
        match word {
            "force" => approval.force = true,
            "paid" => {
                let (date, time) = (words.next().unwrap_or_default(), words.next());
                let paid_ms = time::moment(date, time.unwrap_or_default());
                approval.paid_ms =
                    Some(paid_ms.ok_or("paid 后应为 YYYY-MM-DD HH:MM:SS".to_owned())?);
            }
            _ if words.take("fen") => {
                let fen = word.parse().ok().filter(|fen| *fen >= 1);
                approval.amount_fen = Some(fen.ok_or(format!("“{word}”不是正整数的分"))?);
            }
            _ if approval.platform.is_none() && named::<Platform>(word).is_some() => {
                approval.platform = named(word);
            }
            _ if approval.order.is_none() => approval.order = Some(word.to_owned()),
            _ => return Err(format!("“{word}”是多余的")),
        }
    }
    Ok(approval)
}

/// `release ORDER [N] [JSON]`
fn release(words: &mut Words<'_>) -> Result<Action, String> {
    let order = words.next().ok_or("release 需要订单号")?.to_owned();
    let nth = words.peek().and_then(|word| word.parse().ok());
    if nth.is_some() {
        words.next();
    }
    let settings = settings(words)?;
    Ok(Action::Release { order, nth: nth.unwrap_or(1).max(1), settings })
}

/// `clock 2026-03-03 10:00`
fn clock(words: &mut Words<'_>) -> Result<Action, String> {
    let (date, clock) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let to_ms = time::moment(date, clock).ok_or("clock 后应为 YYYY-MM-DD HH:MM[:SS]")?;
    Ok(Action::Clock { to_ms })
}

/// `call POST|DELETE /path [JSON]`
fn call(words: &mut Words<'_>) -> Result<Action, String> {
    let method: Method =
        words.next().and_then(named).ok_or("call 后应为 POST 或 DELETE".to_owned())?;
    let path = words.next().unwrap_or_default();
    let plain = path.starts_with('/') && !path.contains("..") && path.len() <= 500;
    if !plain || path.starts_with("/script") {
        return Err("call 需要 /control 之后的路径，脚本自己的接口除外".to_owned());
    }
    Ok(Action::Call { method, path: path.to_owned(), body: settings(words)? })
}

/// The JSON that ends a rule.
fn settings(words: &mut Words<'_>) -> Result<Value, String> {
    if words.rest.is_empty() {
        return Ok(json!({}));
    }
    let text = std::mem::take(&mut words.rest);
    serde_json::from_str(text).map_err(|error| format!("JSON 不正确：{error}"))
}

/// A word for a refusal, of a channel or of any.
fn code(words: &mut Words<'_>, channel: Option<Channel>) -> Result<String, String> {
    const CODED: [Channel; 3] = [Channel::WechatPay, Channel::Unionpay, Channel::Gateway];
    let code = words.next().unwrap_or_default();
    let known = channel.map_or_else(
        || CODED.into_iter().any(|one| knows_code(one, code)),
        |channel| knows_code(channel, code),
    );
    if known { Ok(code.to_owned()) } else { Err(format!("不认识的错误码“{code}”")) }
}

/// The fault of an answer.
fn answer(verb: &str, of_event: bool) -> Result<Action, String> {
    let kind = named::<FaultKind>(verb).ok_or(format!("不认识的动作“{verb}”"))?;
    if !of_event {
        return Err(format!("“{verb}”前要写渠道，例如 wechat-pay {verb}"));
    }
    match kind {
        FaultKind::LostAnswer
        | FaultKind::Slow
        | FaultKind::Truncated
        | FaultKind::Unsigned
        | FaultKind::WrongSignature
        | FaultKind::SignatureProbe
        | FaultKind::SystemErrorAfter => Ok(Action::Answer(AnswerFault { kind, code: None })),
        FaultKind::Silent
        | FaultKind::Error500
        | FaultKind::SystemError
        | FaultKind::DoubleAnswer
        | FaultKind::FrequencyLimited
        | FaultKind::Refused
        | FaultKind::RefusedAfter => {
            Err(format!("事件已经发生，“{verb}”来不及了；请写成 error 代码，或写明渠道"))
        }
    }
}

/// `CHANNEL [OPERATION] FAULT [CODE] [for DURATION | N times]`
fn fault(channel: Channel, words: &mut Words<'_>) -> Result<Action, String> {
    let known = operations(channel);
    let operation = words.peek().filter(|word| known.contains(word)).map(str::to_owned);
    if operation.is_some() {
        words.next();
    }
    let verb = words.next().unwrap_or_default();
    let (kind, code) = if verb == "error" {
        (FaultKind::Refused, Some(code(words, Some(channel))?))
    } else {
        let kind = named::<FaultKind>(verb);
        let kind =
            kind.filter(|kind| !matches!(kind, FaultKind::Refused | FaultKind::RefusedAfter));
        (kind.ok_or(format!("“{verb}”不是故障，也不是该渠道的操作"))?, None)
    };
    crate::control::check_fault(channel, kind)?;
    let (mut times, mut lasts_ms) = (1, None);
    if words.take("for") {
        let lasts = words.next().and_then(time::duration).filter(|lasts_ms| *lasts_ms > 0);
        lasts_ms = Some(lasts.ok_or("for 后应为时长，例如 2m")?);
    } else if let Some(word) = words.next() {
        times = word.parse().ok().filter(|times| *times >= 1).ok_or("次数应为正整数")?;
        if !words.take("times") && !words.take("time") {
            return Err("次数后应写 times".to_owned());
        }
    }
    Ok(Action::Fault(FaultWish { channel, operation, kind, code, times, lasts_ms }))
}
