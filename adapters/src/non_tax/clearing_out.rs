//! The two clearing files that we send, as text: 1 支付平台对账文件 and 2 支付平台分成文件.

use super::files::compact;
use super::write_off::trade_code;
use domain::clock::beijing_time;
use domain::money::FenOverflow;
use domain::reconciliation::{ClearingDay, ClearingOrder};
use encoding_rs::GB18030;
use jiff::Timestamp;

const COLUMNS_OF_1: usize = 31;

/// File 1: payments, then refunds.
///
/// # Errors
/// [`FenOverflow`] of a total; a checked day has none.
pub(super) fn orders(day: &ClearingDay) -> Result<Vec<u8>, FenOverflow> {
    let mut text = format!("{}|{}\n", day.payments().len(), day.refunds().len());
    for payment in day.payments() {
        let mut fields = common(&payment.order, day)?;
        fields[1] = "0".to_owned();
        fields[2] = payment.payment_no.to_string();
        fields[7] = "0".to_owned();
        fields[16] = payment.items.len().to_string();
        fields[17] = payment.written_off_at.map(time).unwrap_or_default();
        line(&mut text, &fields);
    }
    for refund in day.refunds() {
        let mut fields = common(&refund.order, day)?;
        fields[1] = "1".to_owned();
        fields[2] = refund.refund_no.to_string();
        fields[7] = if refund.done { "0" } else { "1" }.to_owned();
        fields[16] = refund.items.to_string();
        fields[28] = refund.payment_no.to_string();
        fields[29].clone_from(&refund.payment_txn);
        fields[30] = time(refund.paid_at);
        line(&mut text, &fields);
    }
    Ok(encoded(&text))
}

/// Columns from 0; the document counts from 1.
fn common(order: &ClearingOrder, day: &ClearingDay) -> Result<[String; COLUMNS_OF_1], FenOverflow> {
    let mut fields: [String; COLUMNS_OF_1] = std::array::from_fn(|_| String::new());
    fields[0] = trade_code(order.rail).to_owned();
    fields[3].clone_from(&order.txn);
    fields[4] = compact(day.day());
    fields[5] = time(order.at);
    fields[6] = order.total()?.to_string();
    fields[8] = order.region.to_string();
    fields[9].clone_from(&order.agency_code);
    fields[10] = order.notice_no.to_string();
    fields[11] = order.payer.as_str().to_owned();
    fields[12] = order.principal.to_string();
    fields[13] = order.late_fee.to_string();
    if let Some(receipt) = &order.receipt {
        fields[14] = receipt.code.as_str().to_owned();
        fields[15] = receipt.number.as_str().to_owned();
    }
    fields[22] = "CNY".to_owned();
    fields[23] = compact(beijing_time(order.ordered_at).date());
    fields[24].clone_from(&order.business_code);
    Ok(fields)
}

/// File 2: every line of every payment.
pub(super) fn split(day: &ClearingDay) -> Vec<u8> {
    let lines: usize = day.payments().iter().map(|payment| payment.items.len()).sum();
    let mut text = format!("{lines}\n");
    for payment in day.payments() {
        for (at, item) in payment.items.iter().enumerate() {
            let fields = [
                payment.order.agency_code.clone(),
                payment.order.notice_no.to_string(),
                payment.payment_no.to_string(),
                item.code.clone(),
                (at + 1).to_string(),
                item.name.clone(),
                item.unit.clone(),
                item.price.to_string(),
                item.quantity.clone(),
                item.amount.to_string(),
                item.late_fee.to_string(),
            ];
            line(&mut text, &fields);
        }
    }
    encoded(&text)
}

/// `yyyyMMddHHmmss`, Beijing.
fn time(at: Timestamp) -> String {
    beijing_time(at).strftime("%Y%m%d%H%M%S").to_string()
}

/// The one character that GB18030 has no place for is of private use.
const WITHOUT_PLACE: char = '\u{E5E5}';

/// What would end a field or a line becomes a blank.
fn line(text: &mut String, fields: &[String]) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            text.push('|');
        }
        let blank = |c: char| c == '|' || c.is_control() || c == WITHOUT_PLACE;
        text.extend(field.chars().map(|c| if blank(c) { ' ' } else { c }));
    }
    text.push('\n');
}

fn encoded(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

#[cfg(test)]
#[path = "clearing_out_tests.rs"]
pub(super) mod tests;
