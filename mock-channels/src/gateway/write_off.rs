//! `GetPay_Info`: the write-off of a notice by a payment.

use super::{Details, Exception, Params, fen};
use crate::clock::{Day, is_compact_time};
use crate::outside::Outside;
use crate::world::notice::{Notice, WriteOff, WriteOffCall};

pub(super) fn take(outside: &Outside, params: &Params) -> Details {
    let (write_off, pay_day) = read(params)?;
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let notice =
            world.notices.get_mut(params.get("NOTICENO")).ok_or_else(Exception::not_found)?;
        let verdict = judge(notice, &write_off, pay_day);
        notice.calls.push(WriteOffCall {
            at_ms: now_ms,
            write_off: write_off.clone(),
            answer: verdict.as_ref().map_or_else(|Exception(why)| why.clone(), |()| "00".into()),
        });
        verdict?;
        notice.paid.get_or_insert(write_off);
        Ok(Vec::new())
    })
}

fn judge(notice: &Notice, write_off: &WriteOff, pay_day: Day) -> Result<(), Exception> {
    match &notice.paid {
        Some(first) if first.pay_no == write_off.pay_no => {
            if first.amount_fen == write_off.amount_fen {
                Ok(())
            } else {
                Err(Exception::new("AMOUNT", "与已销账金额不一致"))
            }
        }
        Some(_) => Err(Exception::new("ALREADY_PAID", "缴款单已由其他缴款销账")),
        None if notice.withdrawn => Err(Exception::new("WITHDRAWN", "缴款单已撤回")),
        None if !notice.accepts(write_off.amount_fen, pay_day) => {
            Err(Exception::new("AMOUNT", "缴款金额与应缴金额不符"))
        }
        None => Ok(()),
    }
}

fn read(params: &Params) -> Result<(WriteOff, Day), Exception> {
    for name in ["NOTICENO", "PAYNO", "TRADENO"] {
        if params.get(name).is_empty() {
            return Err(invalid(name));
        }
    }
    let pay_day = Day::from_compact(params.get("PAYDATE")).ok_or_else(|| invalid("PAYDATE"))?;
    if !is_compact_time(params.get("PAYTIME")) {
        return Err(invalid("PAYTIME"));
    }
    let write_off = WriteOff {
        pay_no: params.get("PAYNO").to_owned(),
        trade_no: params.get("TRADENO").to_owned(),
        amount_fen: fen(params.get("PAYMONEY")).ok_or_else(|| invalid("PAYMONEY"))?,
        pay_date: params.get("PAYDATE").to_owned(),
        pay_time: params.get("PAYTIME").to_owned(),
    };
    Ok((write_off, pay_day))
}

fn invalid(name: &str) -> Exception {
    Exception::new("INVALID", &format!("{name}缺失或格式不正确"))
}
