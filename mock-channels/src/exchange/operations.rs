//! What the departments know about cars, names and air, and who answers each operation.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{Call, Found, Refusal};
use super::{
    answer, bookings, cases, certificates, estimates, kinship, messages, orders, owed, people,
    registers, table,
};
use crate::clock::{HOUR_MS, rfc3339};
use crate::outside::Outside;
use crate::world::World;
use crate::world::people::{CITIES, Violation, number_of};

/// What is answered by code, because it is about things of this world or computed; all others are
/// data.
const BY_CODE: [&str; 20] = [
    "traffic.violations",
    "social_insurance.personal",
    "social_insurance.pension_estimate",
    "social_insurance.unit",
    "housing_fund.personal",
    "housing_fund.loan_estimate",
    "police.newborn_names",
    "environment.air_quality",
    "finance.receipt_check",
    "finance.payment_records",
    "companies.find",
    "police.real_name_check",
    "police.face_check_start",
    "police.face_check_result",
    "police.family_relation",
    "registry.legal_person",
    "messages.send_code",
    "messages.send_text",
    "messages.push",
    "messages.report",
];

static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let data = table::embedded().into_iter().flat_map(|table| table.operations.keys());
    let booked = bookings::names().iter();
    let data = data.chain(booked).map(String::as_str);
    let applications = cases::names().into_iter().map(|name| &*name.leak());
    let by_code = BY_CODE.into_iter().chain(certificates::OPERATIONS);
    let by_code = by_code.chain(owed::NAMES).chain(orders::NAMES);
    by_code.chain(data).chain(applications).collect()
});

static TARGETS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let departments = NAMES.iter().filter_map(|name| name.split('.').next());
    let departments: std::collections::BTreeSet<&str> = departments.collect();
    let of_department = departments.into_iter().map(|word| &*format!("{word}.*").leak());
    NAMES.iter().copied().chain(of_department).collect()
});

/// What a fault can be aimed at: every operation, and `WORD.*` for all of a department.
pub(crate) fn targets() -> &'static [&'static str] {
    &TARGETS
}

/// Nothing when there is no such operation.
pub(super) fn run(
    outside: &Outside,
    operation: &str,
    call: &Call,
) -> Option<Result<Found, Refusal>> {
    Some(match operation {
        "traffic.violations" => violations(outside, call),
        "social_insurance.personal" => people::social_insurance(outside, call),
        "housing_fund.personal" => people::housing_fund(outside, call),
        "police.newborn_names" => newborn_names(call),
        "environment.air_quality" => air_quality(outside, call),
        "police.real_name_check" => people::real_name_check(outside, call),
        "police.face_check_start" => people::face_check_start(outside, call),
        "police.face_check_result" => people::face_check_result(outside, call),
        "police.family_relation" => kinship::family_relation(outside, call),
        "registry.legal_person" => kinship::legal_person(outside, call),
        "messages.send_code" => messages::send_code(outside, call),
        "messages.send_text" => messages::send_text(outside, call),
        "messages.push" => messages::push(outside, call),
        "messages.report" => messages::report(outside, call),
        "social_insurance.pension_estimate" => estimates::pension(call),
        "social_insurance.unit" => registers::insured_unit(outside, call),
        "housing_fund.loan_estimate" => estimates::loan(call),
        "finance.receipt_check" => registers::fiscal_receipt(outside, call),
        "finance.payment_records" => registers::payment_records(outside, call),
        "companies.find" => registers::companies(outside, call),
        paid if owed::NAMES.contains(&paid) => owed::run(outside, paid, call),
        paid if orders::NAMES.contains(&paid) => orders::run(outside, paid, call),
        name if certificates::OPERATIONS.contains(&name) => {
            certificates::certify(outside, name, call)
        }
        _ => {
            if let Some(found) = cases::run(outside, operation, call) {
                return Some(found);
            }
            let table = table::embedded().ok()?;
            let Some((name, found)) = table.operations.get_key_value(operation) else {
                return bookings::run(outside, operation, call);
            };
            answer::answer(outside, table, name, found, call)
        }
    })
}

/// The vehicle tail must fit, and an answer without rows does not tell why it is empty.
fn violations(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let plate_no = call.required("plate_no")?;
    let kind = call.required("plate_kind")?;
    if kind.len() != 2 || !kind.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Invalid("plate_kind 应为两位数字".to_owned()));
    }
    let vin_tail = call.required("vin_tail")?;
    if vin_tail.chars().count() != 6 {
        return Err(Refusal::Invalid("vin_tail 应为6位".to_owned()));
    }
    let rows = outside.read(|world| {
        let mut cars = world.citizens.iter().flat_map(|citizen| &citizen.vehicles);
        let known = cars.any(|car| {
            car.plate_no == plate_no
                && car.plate_kind == kind
                && car.vin_tail.eq_ignore_ascii_case(vin_tail)
        });
        let of_car = |violation: &&Violation| known && violation.plate_no == plate_no;
        let mut found: Vec<&Violation> = world.violations.iter().filter(of_car).collect();
        found.sort_by_key(|violation| std::cmp::Reverse(violation.at_ms));
        found.into_iter().map(|violation| violation_row(world, violation)).collect()
    });
    Ok(Found { source: "省公安厅", rows })
}

/// Decided means handled; paid is what the gateway says about the notice.
fn violation_row(world: &World, violation: &Violation) -> Value {
    let notice = violation.notice_no.as_ref().and_then(|number| world.notices.get(number));
    json!({
        "time": rfc3339(violation.at_ms),
        "place": violation.place,
        "code": violation.code,
        "behaviour": violation.behaviour,
        "points": violation.points,
        "fine_fen": violation.fine_fen,
        "agency": violation.agency,
        "handled": notice.is_some(),
        "paid": notice.is_some_and(|notice| notice.paid.is_some()),
        "notice_no": violation.notice_no.as_deref().unwrap_or_default(),
    })
}

/// Made from the name alone, so the same name always gets the same answer.
fn newborn_names(call: &Call) -> Result<Found, Refusal> {
    let name = call.required("name")?;
    if name.chars().count() > 20 {
        return Err(Refusal::Invalid("name 过长".to_owned()));
    }
    let (wants_male, wants_female) = match call.optional("gender") {
        None => (true, true),
        Some("男" | "male" | "MALE" | "M" | "1") => (true, false),
        Some("女" | "female" | "FEMALE" | "F" | "2") => (false, true),
        Some(_) => return Err(Refusal::Invalid("gender 应为男或女".to_owned())),
    };
    let (mut male, mut female) = (0, 0);
    let mut by_city = Vec::new();
    for (code, city, _) in CITIES {
        let seed = number_of(&format!("{name}/{code}"));
        let men = if wants_male { (seed % 40) as i64 } else { 0 };
        let women = if wants_female { (seed / 40 % 40) as i64 } else { 0 };
        male += men;
        female += women;
        by_city.push(format!("{city}{}", men + women));
    }
    let row = json!({
        "name": name,
        "total": male + female,
        "male": male,
        "female": female,
        "by_city": by_city.join("、"),
    });
    Ok(Found { source: "省公安厅", rows: vec![row] })
}

/// One row per city; a county gets the row of its city, the province gets all.
fn air_quality(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let region = call.required("region")?;
    if region.len() != 6 || !region.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Invalid("region 应为六位行政区划代码".to_owned()));
    }
    let hour_ms = outside.now_ms().div_euclid(HOUR_MS) * HOUR_MS;
    let rows = CITIES
        .iter()
        .filter(|(code, _, _)| region == "330000" || code[..4] == region[..4])
        .map(|(code, city, _)| air_row(code, city, hour_ms))
        .collect();
    Ok(Found { source: "省环保厅", rows })
}

fn air_row(code: &str, city: &str, hour_ms: i64) -> Value {
    let seed = number_of(&format!("{code}/{hour_ms}"));
    let aqi = (18 + seed % 140) as i64;
    let level = match aqi {
        ..=50 => "优",
        51..=100 => "良",
        101..=150 => "轻度污染",
        _ => "中度污染",
    };
    json!({
        "aqi": aqi,
        "level": level,
        "primary": if aqi <= 50 { "无" } else { "细颗粒物(PM2.5)" },
        "pm25": aqi * 7 / 10,
        "pm10": aqi * 9 / 10,
        "so2": (4 + seed / 7 % 12) as i64,
        "no2": (12 + seed / 11 % 40) as i64,
        "o3": (30 + seed / 13 % 120) as i64,
        "co": format!("0.{}", 3 + seed / 17 % 7),
        "station": format!("{city}市示例监测站"),
        "time": rfc3339(hour_ms),
    })
}
