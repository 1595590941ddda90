//! Fiscal e-receipts: issue, reversal (冲红), query.

use super::document::{Details, Exception, Params, fen, fields, yuan};
use super::magic::Magic;
use crate::clock::{Day, compact_time, two_digit_year};
use crate::crypto;
use crate::outside::Outside;
use crate::world::World;
use crate::world::notice::{Confirmation, Notice};
use crate::world::receipt::{Receipt, ReceiptKind};

/// The province's code, and the kind "electronic".
const PROVINCE: &str = "33";
const ELECTRONIC: &str = "01";
/// The class of an item that is in no catalogue: the general receipt.
const GENERAL: &str = "01";
const CHECK_CODE_ALPHABET: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

pub(super) fn issue(outside: &Outside, params: &Params) -> Details {
    let (number, pay_no) = (params.get("NOTICENO"), params.get("PAYNO"));
    let amount_fen = fen(params.get("PAYMONEY"));
    let replaces = Some(params.get("REPLACES")).filter(|full_no| !full_no.is_empty());
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let notice = world.notices.get(number).ok_or_else(Exception::not_found)?;
        let issued = notice.receipts.iter().find(|receipt| {
            receipt.kind == ReceiptKind::Blue
                && receipt.pay_no == pay_no
                && receipt.replaces.as_deref() == replaces
        });
        if let Some(receipt) = issued {
            return Ok(vec![detail(number, receipt)]);
        }
        let expected_fen = match replaces {
            None => paid_fen(notice, pay_no)?,
            Some(full_no) => rest_fen(world, notice, pay_no, full_no)?,
        };
        if amount_fen != Some(expected_fen) {
            return Err(Exception::new("AMOUNT", "与销账金额不一致"));
        }
        let class = class_of(notice)?;
        let busy = world.magic_of_notice(notice) == Some(Magic::ReceiptBusy);
        if busy && world.is_busy_once(format!("{number} {pay_no} receipt")) {
            return Err(Exception::busy());
        }
        let mut receipt = next_receipt(world, class, pay_no, expected_fen, now_ms);
        receipt.replaces = replaces.map(str::to_owned);
        let answer = detail(number, &receipt);
        if let Some(notice) = world.notices.get_mut(number) {
            notice.receipts.push(receipt);
        }
        Ok(vec![answer])
    })
}

fn paid_fen(notice: &Notice, pay_no: &str) -> Result<i64, Exception> {
    notice
        .paid
        .as_ref()
        .filter(|paid| paid.pay_no == pay_no && paid.confirmation == Confirmation::Confirmed)
        .map(|paid| paid.amount_fen)
        .ok_or_else(|| Exception::new("NOT_WRITTEN_OFF", "该缴款尚未销账"))
}

/// What is left of a payment whose receipt was reversed because a part went back.
fn rest_fen(world: &World, notice: &Notice, pay_no: &str, full_no: &str) -> Result<i64, Exception> {
    let paid_fen = paid_fen(notice, pay_no)?;
    let old = notice
        .receipts
        .iter()
        .find(|receipt| receipt.full_no() == full_no && receipt.pay_no == pay_no)
        .ok_or_else(|| Exception::new("NOT_FOUND", "被替换的票据不存在"))?;
    if old.reversed_by.is_none() {
        return Err(Exception::new("NOT_REVERSED", "被替换的票据尚未冲红"));
    }
    match world.gateway.returned_fen(&notice.notice_no, pay_no) {
        0 => Err(Exception::new("NOT_REFUNDED", "该缴款尚无退付")),
        returned_fen => Ok(paid_fen - returned_fen),
    }
}

/// The class in the receipt's code: that of the first item.
fn class_of(notice: &Notice) -> Result<&'static str, Exception> {
    match notice.item.rules().map_or(GENERAL, |rules| rules.receipt_class.as_str()) {
        "none" => Err(Exception::new("NO_RECEIPT", "该项目不开具财政票据")),
        class => Ok(class),
    }
}

fn next_receipt(
    world: &mut World,
    class: &str,
    pay_no: &str,
    amount_fen: i64,
    now_ms: i64,
) -> Receipt {
    let code = format!("{PROVINCE}{class}{ELECTRONIC}{}", two_digit_year(now_ms));
    let issued = world.receipts.entry(code.clone()).or_insert(0);
    *issued += 1;
    Receipt {
        pay_no: pay_no.to_owned(),
        no: format!("{issued:010}"),
        random: crypto::random_text(CHECK_CODE_ALPHABET, 6),
        code,
        amount_fen,
        issued_ms: now_ms,
        kind: ReceiptKind::Blue,
        reverses: None,
        reversed_by: None,
        replaces: None,
        reason: None,
        reverse_no: None,
    }
}

/// `Reverse_Receipt`: a red receipt over the whole sum, once.
pub(super) fn reverse(outside: &Outside, params: &Params) -> Details {
    let full_no = format!("{}{}", params.get("BILLCODE"), params.get("BILLNO"));
    let reason = params.required("REASON", 200)?;
    let reverse_no = params.required("REVERSENO", 64)?;
    let now_ms = outside.now_ms();
    outside.change(|world| {
        let (number, old) = find(world, &full_no)?;
        if old.kind == ReceiptKind::Red {
            return Err(Exception::new("IS_RED", "红字票据不能冲红"));
        }
        if let Some(red_no) = &old.reversed_by {
            let (_, red) = find(world, red_no)?;
            return Ok(vec![detail(&number, &red)]);
        }
        let class = &old.code[2..4];
        let mut red = next_receipt(world, class, &old.pay_no, -old.amount_fen, now_ms);
        red.kind = ReceiptKind::Red;
        red.reverses = Some(full_no.clone());
        red.reason = Some(reason.to_owned());
        red.reverse_no = Some(reverse_no.to_owned());
        let answer = detail(&number, &red);
        if let Some(notice) = world.notices.get_mut(&number) {
            let reversed = notice.receipts.iter_mut().find(|receipt| receipt.full_no() == full_no);
            if let Some(reversed) = reversed {
                reversed.reversed_by = Some(red.full_no());
            }
            notice.receipts.push(red);
        }
        Ok(vec![answer])
    })
}

fn find(world: &World, full_no: &str) -> Result<(String, Receipt), Exception> {
    let found = world.notices.values().find_map(|notice| {
        let receipt = notice.receipts.iter().find(|receipt| receipt.full_no() == full_no)?;
        Some((notice.notice_no.clone(), receipt.clone()))
    });
    found.ok_or_else(|| Exception::new("NOT_FOUND", "票据不存在"))
}

/// `Query_Receipt`: by code and number, or all of a payment.
pub(super) fn query(outside: &Outside, params: &Params) -> Details {
    let code = params.get("BILLCODE");
    if !code.is_empty() {
        let full_no = format!("{code}{}", params.get("BILLNO"));
        let found = outside.read(|world| find(world, &full_no)).ok();
        let details = found.map(|(number, receipt)| detail(&number, &receipt));
        return Ok(details.into_iter().collect());
    }
    let number = params.required("NOTICENO", 64)?;
    let pay_no = params.required("PAYNO", 64)?;
    outside.read(|world| {
        let receipts = world.notices.get(number).map_or(&[][..], |notice| &notice.receipts);
        let of_payment = receipts.iter().filter(|receipt| receipt.pay_no == pay_no);
        Ok(of_payment.map(|receipt| detail(number, receipt)).collect())
    })
}

fn detail(notice_no: &str, receipt: &Receipt) -> String {
    let related = receipt.reverses.as_ref().or(receipt.reversed_by.as_ref());
    let (related_code, related_no) = related.map_or(("", ""), |full_no| full_no.split_at(8));
    fields(&[
        ("BILLCODE", &receipt.code),
        ("BILLNO", &receipt.no),
        ("RANDOM", &receipt.random),
        ("TOTALMONEY", &yuan(receipt.amount_fen)),
        ("ISSUEDATE", &Day::of(receipt.issued_ms).compact()),
        ("ISSUETIME", &compact_time(receipt.issued_ms)),
        ("NOTICENO", notice_no),
        ("PAYNO", &receipt.pay_no),
        ("BILLSTATE", receipt.state_code()),
        ("RELATEDBILLCODE", related_code),
        ("RELATEDBILLNO", related_no),
    ])
}
