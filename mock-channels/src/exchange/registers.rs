//! What departments look up in the registers of this world: receipts, payments, companies.

use serde_json::{Value, json};

use super::{Call, Found, Refusal};
use crate::clock::{Day, rfc3339};
use crate::outside::Outside;
use crate::world::World;
use crate::world::company::{Company, is_uscc};
use crate::world::notice::Notice;
use crate::world::people::{CITIES, number_of};
use crate::world::receipt::{Receipt, ReceiptKind};

/// One row always: a receipt that nobody issued is "not known", and not nothing.
pub(super) fn fiscal_receipt(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let number = format!("{}{}", call.required("bill_code")?, call.required("bill_no")?);
    let check_code = call.optional("check_code");
    let amount_fen = call.optional("amount_fen");
    let row = outside.read(|world| {
        let all = world
            .notices
            .values()
            .flat_map(|notice| notice.receipts.iter().map(move |receipt| (notice, receipt)));
        let fits = |receipt: &Receipt| {
            receipt.full_no() == number
                && check_code.is_none_or(|code| code.eq_ignore_ascii_case(&receipt.random))
                && amount_fen.is_none_or(|fen| fen == receipt.amount_fen.abs().to_string())
        };
        let mut all = all.filter(|(_, receipt)| fits(receipt));
        match all.next() {
            Some((notice, receipt)) => receipt_row(notice, receipt, &world.payer_of(notice).name),
            None => json!({
                "valid": "查无此票", "bill_kind": null, "issuer": null, "payer": null,
                "amount_fen": null, "issue_date": null, "reversed": null,
            }),
        }
    });
    Ok(Found { source: "省财政厅", rows: vec![row] })
}

fn receipt_row(notice: &Notice, receipt: &Receipt, payer: &str) -> Value {
    let kind = match receipt.kind {
        ReceiptKind::Blue => "非税收入通用票据（电子）",
        ReceiptKind::Red => "非税收入通用票据（电子）红票",
    };
    json!({
        "valid": "查验一致",
        "bill_kind": kind,
        "issuer": notice.agency_name,
        "payer": payer,
        "amount_fen": receipt.amount_fen,
        "issue_date": Day::of(receipt.issued_ms).text(),
        "reversed": !receipt.is_valid(),
    })
}

/// By the number of the payment or of the notice; the payer's name must fit where it is given.
pub(super) fn payment_records(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let number = call.required("certificate_no")?;
    let payer = call.optional("payer_name");
    let rows = outside.read(|world| {
        let paid = world.notices.values().filter_map(|notice| {
            let paid = notice.paid.as_ref()?;
            let fits = (notice.notice_no == number || paid.pay_no == number)
                && payer.is_none_or(|name| name == world.payer_of(notice).name);
            fits.then(|| {
                json!({
                    "certificate_no": paid.pay_no,
                    "agency": notice.agency_name,
                    "item": notice.item.name,
                    "amount_fen": paid.amount_fen,
                    "pay_time": rfc3339(paid.taken_ms),
                    "channel": "统一公共支付平台",
                })
            })
        });
        paid.collect()
    });
    Ok(Found { source: "省财政厅", rows })
}

/// Companies whose name holds the word, or whose code it is.
pub(super) fn companies(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let keyword = call.required("keyword")?;
    let rows = outside.read(|world| {
        let fits = |company: &&Company| company.uscc == keyword || company.name.contains(keyword);
        world.gateway.companies.iter().filter(fits).map(company_row).collect()
    });
    Ok(Found { source: "省工商局", rows })
}

fn company_row(company: &Company) -> Value {
    let seed = number_of(&company.uscc);
    let persons = ["林**", "陈**", "周**", "沈**"];
    json!({
        "name": company.name,
        "uscc": company.uscc,
        "legal_rep": persons[usize::try_from(seed % 4).unwrap_or(0)],
        "capital": format!("{}万元人民币", (1 + seed / 4 % 50) * 100),
        "established": format!("{}-{:02}-18", 1995 + seed / 200 % 20, 1 + seed / 4_000 % 12),
        "scope": "依法须经批准的项目，经相关部门批准后方可开展经营活动",
        "status": "存续",
        "abnormal": false,
    })
}

/// What a company pays for its people; one that is not insured there has no row.
pub(super) fn insured_unit(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    call.subject()?;
    let row = outside.read(|world| unit_row(world, call))?;
    Ok(Found { source: "省人社厅", rows: row.into_iter().collect() })
}

/// The company of the question, in the month of the question.
pub(super) fn unit_row(world: &World, call: &Call) -> Result<Option<Value>, Refusal> {
    let (uscc, region) = (call.required("uscc")?, call.required("region")?);
    if !is_uscc(uscc) || region.len() != 6 || !region.is_ascii() {
        return Err(Refusal::Invalid("uscc 或 region 不正确".to_owned()));
    }
    let month = call.optional("month").unwrap_or_default();
    let company = world
        .gateway
        .company(uscc)
        .filter(|company| region == "330000" || CITIES[company.city].0[..4] == region[..4]);
    Ok(company.map(|company| {
        // Some people come and some go from month to month.
        let heads = number_of(&company.uscc) % 200 + 5 + number_of(month) % 3;
        let payable_fen = heads * 182_000;
        json!({
            "unit_no": format!("33{:08}", number_of(&company.uscc) % 100_000_000),
            "headcount": heads,
            "payable_fen": payable_fen,
            "paid_fen": payable_fen,
            "arrears_fen": 0,
        })
    }))
}
