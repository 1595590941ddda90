//! `GetPay_Info`: the write-off of a notice by a payment.

use super::calls;
use super::document::{Details, Exception, Params, fen, field};
use super::magic::Magic;
use crate::clock::{Day, MINUTE_MS, SECOND_MS, is_compact_time};
use crate::outside::Outside;
use crate::world::World;
use crate::world::gateway::ConfirmMode;
use crate::world::notice::{Confirmation, Notice, WriteOff, WriteOffCall};
use crate::world::script::{EventKind, Notified};

/// How long the agencies of magic payers think.
const THINKING_MS: i64 = 10 * MINUTE_MS;

pub(super) fn take(outside: &Outside, params: &Params) -> Details {
    let wanted = read(params)?;
    let number = params.get("NOTICENO");
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let notice = world.notices.get(number).ok_or_else(Exception::not_found)?;
        let magic = world.magic_of_notice(notice);
        let write_off = WriteOff { taken_ms: now_ms, ..confirmed(world, magic, &wanted, now_ms) };
        let busy = magic == Some(Magic::WriteOffBusy)
            && world.is_busy_once(format!("{number} {}", write_off.pay_no));
        let notice = world.notices.get_mut(number).ok_or_else(Exception::not_found)?;
        let verdict = check_order(notice.last_sequence, wanted.sequence)
            .and_then(|()| if busy { Err(Exception::busy()) } else { Ok(()) })
            .and_then(|()| judge(notice, &write_off, &wanted, magic));
        let answer = verdict.as_ref().map_or_else(|why| why.words.clone(), |_| "00".into());
        notice.calls.push(WriteOffCall { at_ms: now_ms, write_off: write_off.clone(), answer });
        if !verdict.as_ref().is_err_and(Exception::is_provisional) {
            passed(notice, wanted.sequence);
        }
        verdict?;
        let is_new = notice.paid.is_none();
        let taken = notice.paid.get_or_insert(write_off);
        let pending = taken.confirmation == Confirmation::Pending;
        let answer = vec![
            [
                field("NOTICENO", number),
                field("PAYNO", &taken.pay_no),
                field("CONFIRMSTATE", taken.confirmation.code()),
            ]
            .concat(),
        ];
        if is_new {
            let notified = if pending { Notified::Later } else { Notified::Never };
            calls::happened(world, EventKind::Payment, number, notified);
        }
        Ok(answer)
    })
}

/// What a caller asks for.
struct Wanted {
    write_off: WriteOff,
    pay_day: Day,
    check_code: String,
    sequence: Option<u64>,
}

/// With the confirmation that it would get.
fn confirmed(world: &World, magic: Option<Magic>, wanted: &Wanted, now_ms: i64) -> WriteOff {
    let settings = &world.gateway.settings;
    let (confirmation, confirms_ms) = match (magic, settings.confirm) {
        (Some(Magic::ConfirmedLater | Magic::ConfirmationRejected), _) => {
            (Confirmation::Pending, Some(now_ms + THINKING_MS))
        }
        (_, ConfirmMode::Later) => {
            let after = settings.confirm_after_seconds;
            (Confirmation::Pending, after.map(|seconds| now_ms + seconds * SECOND_MS))
        }
        (_, ConfirmMode::AtOnce) => (Confirmation::Confirmed, None),
    };
    let will_reject = magic == Some(Magic::ConfirmationRejected);
    WriteOff { confirmation, confirms_ms, will_reject, ..wanted.write_off.clone() }
}

/// Messages of one notice come first in, first out.
pub(super) fn check_order(last: u64, sequence: Option<u64>) -> Result<(), Exception> {
    if sequence.is_some_and(|number| number > last + 1) {
        return Err(Exception::new("OUT_OF_ORDER", "该缴款单较早的报文尚未收到"));
    }
    Ok(())
}

pub(super) fn passed(notice: &mut Notice, sequence: Option<u64>) {
    notice.last_sequence = notice.last_sequence.max(sequence.unwrap_or(0));
}

/// `SEQNO`: may be missing, must be a positive number else.
pub(super) fn sequence(params: &Params) -> Result<Option<u64>, Exception> {
    match params.get("SEQNO") {
        "" => Ok(None),
        text => text
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .map(Some)
            .ok_or_else(|| Exception::invalid("SEQNO")),
    }
}

fn judge(
    notice: &Notice,
    write_off: &WriteOff,
    wanted: &Wanted,
    magic: Option<Magic>,
) -> Result<(), Exception> {
    let paid = || Exception::new("ALREADY_PAID", "缴款单已由其他缴款销账");
    if notice.undone.iter().any(|undone| undone.pay_no == write_off.pay_no) {
        return Err(Exception::new("REVERSED", "该缴款的销账已撤销"));
    }
    match &notice.paid {
        Some(first) if first.pay_no == write_off.pay_no => {
            return if first.amount_fen == write_off.amount_fen {
                Ok(())
            } else {
                Err(Exception::new("AMOUNT", "与已销账金额不一致"))
            };
        }
        Some(_) => return Err(paid()),
        None => {}
    }
    if notice.paid_elsewhere || magic == Some(Magic::AlreadyPaid) {
        return Err(paid());
    }
    if notice.withdrawn || magic == Some(Magic::Withdrawn) {
        return Err(Exception::new("WITHDRAWN", "缴款单已撤回"));
    }
    if !wanted.check_code.is_empty() && wanted.check_code != notice.full_check() {
        return Err(Exception::new("CHECKCODE", "校验码与缴款单不符"));
    }
    let pay_day = wanted.pay_day;
    let quote = write_off.quote_day;
    if quote.is_some_and(|quote| quote != pay_day && quote != pay_day.plus(-1)) {
        return Err(Exception::new("QUOTE", "报价日应为缴款日或其前一日"));
    }
    if notice.priced_on(write_off.amount_fen, pay_day, quote).is_none() {
        return Err(Exception::new("AMOUNT", "缴款金额与应缴金额不符"));
    }
    Ok(())
}

fn read(params: &Params) -> Result<Wanted, Exception> {
    params.required("NOTICENO", 64)?;
    let pay_no = params.required("PAYNO", 64)?.to_owned();
    let trade_no = params.required("TRADENO", 64)?.to_owned();
    let day = |name| Day::from_compact(params.get(name)).ok_or_else(|| Exception::invalid(name));
    let pay_day = day("PAYDATE")?;
    let quote_day = if params.get("QUOTEDATE").is_empty() { None } else { Some(day("QUOTEDATE")?) };
    if !is_compact_time(params.get("PAYTIME")) {
        return Err(Exception::invalid("PAYTIME"));
    }
    let write_off = WriteOff {
        pay_no,
        trade_no,
        trade_code: params.get("TRADECODE").to_owned(),
        amount_fen: fen(params.get("PAYMONEY")).ok_or_else(|| Exception::invalid("PAYMONEY"))?,
        pay_date: params.get("PAYDATE").to_owned(),
        pay_time: params.get("PAYTIME").to_owned(),
        quote_day,
        confirmation: Confirmation::Confirmed,
        confirms_ms: None,
        will_reject: false,
        taken_ms: 0,
    };
    let (check_code, sequence) = (params.get("CHECKCODE").to_owned(), sequence(params)?);
    Ok(Wanted { write_off, pay_day, check_code, sequence })
}
