//! What the departments know about a person.

use serde_json::json;

use super::{Call, Found, Refusal};
use crate::clock::{DAY_MS, Day};
use crate::crypto;
use crate::outside::Outside;
use crate::world::World;
use crate::world::people::{CITIES, Citizen, FaceCheck, number_of};

/// Shares of the base: pension account, housing fund of either side.
const HOUSING_PERCENT: i64 = 12;
const PENSION_PERCENT: i64 = 8;
const SHOWN_MONTHS: i64 = 3;

/// The person asked about: unknown is nobody, known under another name is refused.
pub(super) fn subject<'a>(world: &'a World, call: &Call) -> Result<Option<&'a Citizen>, Refusal> {
    let subject = call.subject()?;
    match world.citizen_by_id_card(&subject.id_card) {
        Some(citizen) if citizen.name == subject.name => Ok(Some(citizen)),
        Some(_) => Err(Refusal::Denied("姓名与身份证号不一致")),
        None => Ok(None),
    }
}

pub(super) fn social_insurance(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let region = call.required("region")?;
    if region.len() != 6 || !region.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Invalid("region 应为六位行政区划代码".to_owned()));
    }
    let now_ms = outside.now_ms();
    let rows = outside.read(|world| {
        let insured = subject(world, call)?.filter(|citizen| {
            let home = CITIES[citizen.work.city].0;
            region == "330000" || home[..4] == region[..4]
        });
        Ok(insured.map(|citizen| {
            let work = &citizen.work;
            let monthly_fen = work.base_fen * PENSION_PERCENT / 100;
            json!({
                "insured_no": format!("33{:010}", number_of(&citizen.id_card) % 10_000_000_000),
                "unit": work.unit,
                "schemes": "养老（参保缴费）、医疗（参保缴费）、失业（参保缴费）、\
                            工伤（参保缴费）、生育（参保缴费）",
                "base_fen": work.base_fen,
                "months": work.months,
                "account_balance_fen": monthly_fen * work.months,
                "payments": recent(now_ms, monthly_fen),
            })
        }))
    })?;
    Ok(Found { source: "省人社厅", rows: rows.into_iter().collect() })
}

pub(super) fn housing_fund(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let centre = call.required("centre")?;
    let now_ms = outside.now_ms();
    let rows = outside.read(|world| {
        let saver = subject(world, call)?.filter(|citizen| {
            let (code, name, _) = CITIES[citizen.work.city];
            centre == code || centre.starts_with(name)
        });
        Ok(saver.map(|citizen| {
            let work = &citizen.work;
            let monthly_fen = work.base_fen * HOUSING_PERCENT / 100 * 2;
            json!({
                "account_no": format!("{:012}", number_of(&citizen.open_id) % 1_000_000_000_000),
                "unit": work.unit,
                "base_fen": work.base_fen,
                "rate": format!("{HOUSING_PERCENT}%"),
                "monthly_fen": monthly_fen,
                "balance_fen": monthly_fen * work.months / 2,
                "status": "正常",
                "records": recent(now_ms, monthly_fen),
                "loan_fen": work.loan_fen,
            })
        }))
    })?;
    Ok(Found { source: "省建设厅", rows: rows.into_iter().collect() })
}

/// The last months as one text: a cell of a row is never a list.
fn recent(now_ms: i64, fen: i64) -> String {
    let months: Vec<String> = (0..SHOWN_MONTHS)
        .map(|back| {
            let month = Day::of(now_ms - back * 30 * DAY_MS).text();
            format!("{} {}.{:02}元", &month[..7], fen / 100, fen % 100)
        })
        .collect();
    months.join("；")
}

pub(super) fn real_name_check(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let (name, id_card) = (call.required("name")?, call.required("id_card")?);
    let matches = outside.read(|world| {
        world.citizen_by_id_card(id_card).is_some_and(|citizen| citizen.name == name)
    });
    Ok(Found { source: "省公安厅", rows: vec![json!({"match": matches})] })
}

pub(super) fn face_check_start(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let known = outside.read(|world| subject(world, call).map(|citizen| citizen.is_some()))?;
    if !known {
        return Ok(Found { source: "省公安厅", rows: Vec::new() });
    }
    let wanted = call.subject()?;
    let ticket = crypto::hex(&crypto::random_bytes::<16>());
    let check = FaceCheck {
        id_card: wanted.id_card.clone(),
        name: wanted.name.clone(),
        passed: None,
        started_ms: outside.now_ms(),
    };
    outside.change(|world| world.face_checks.insert(ticket.clone(), check));
    let url = format!("{}/face/{ticket}", outside.onboarding.base_url);
    Ok(Found { source: "省公安厅", rows: vec![json!({"ticket": ticket, "url": url})] })
}

/// Only the person who started a check learns how it ended.
pub(super) fn face_check_result(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let ticket = call.required("ticket")?;
    let wanted = call.subject()?;
    let found = outside.read(|world| world.face_checks.get(ticket).cloned());
    let check = found.ok_or_else(|| Refusal::Invalid("ticket 不存在".to_owned()))?;
    if check.id_card != wanted.id_card || check.name != wanted.name {
        return Err(Refusal::Denied("不是本人的人脸核验"));
    }
    let state = match check.passed {
        None => "PENDING",
        Some(true) => "PASSED",
        Some(false) => "FAILED",
    };
    Ok(Found { source: "省公安厅", rows: vec![json!({"state": state})] })
}
