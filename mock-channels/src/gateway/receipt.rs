//! `Issue_Receipt`: the fiscal e-receipt of a payment that was written off.

use super::{Details, Exception, Params, fen, field, yuan};
use crate::clock::{Day, compact_time, two_digit_year};
use crate::crypto;
use crate::outside::Outside;
use crate::world::World;
use crate::world::notice::Receipt;

/// Province, class "general payment form", kind "electronic"; the year follows.
const CODE_PREFIX: &str = "330301";
const CHECK_CODE_ALPHABET: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

pub(super) fn issue(outside: &Outside, params: &Params) -> Details {
    let (notice_no, pay_no) = (params.get("NOTICENO"), params.get("PAYNO"));
    let amount_fen = fen(params.get("PAYMONEY"));
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let notice = world.notices.get(notice_no).ok_or_else(Exception::not_found)?;
        if let Some(receipt) = notice.receipts.iter().find(|receipt| receipt.pay_no == pay_no) {
            return Ok(vec![detail(receipt)]);
        }
        let paid = notice.paid.as_ref().filter(|paid| paid.pay_no == pay_no);
        let paid_fen = paid
            .map(|paid| paid.amount_fen)
            .ok_or_else(|| Exception::new("NOT_WRITTEN_OFF", "该缴款尚未销账"))?;
        if amount_fen != Some(paid_fen) {
            return Err(Exception::new("AMOUNT", "与销账金额不一致"));
        }
        let receipt = next_receipt(world, pay_no, paid_fen, now_ms);
        let answer = detail(&receipt);
        if let Some(notice) = world.notices.get_mut(notice_no) {
            notice.receipts.push(receipt);
        }
        Ok(vec![answer])
    })
}

fn next_receipt(world: &mut World, pay_no: &str, amount_fen: i64, now_ms: i64) -> Receipt {
    let code = format!("{CODE_PREFIX}{}", two_digit_year(now_ms));
    let issued = world.receipts.entry(code.clone()).or_insert(0);
    *issued += 1;
    Receipt {
        pay_no: pay_no.to_owned(),
        no: format!("{issued:010}"),
        random: crypto::random_text(CHECK_CODE_ALPHABET, 6),
        code,
        amount_fen,
        issued_ms: now_ms,
    }
}

fn detail(receipt: &Receipt) -> String {
    [
        field("BILLCODE", &receipt.code),
        field("BILLNO", &receipt.no),
        field("RANDOM", &receipt.random),
        field("TOTALMONEY", &yuan(receipt.amount_fen)),
        field("ISSUEDATE", &Day::of(receipt.issued_ms).compact()),
        field("ISSUETIME", &compact_time(receipt.issued_ms)),
    ]
    .concat()
}
