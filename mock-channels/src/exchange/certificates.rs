//! What the departments certify, of the same people as they say everything else of.

use serde_json::{Value, json};

use super::{Call, Found, Refusal};
use super::{answer, people, registers, table};
use crate::clock::{DAY_MS, Day, rfc3339};
use crate::outside::Outside;
use crate::world::World;
use crate::world::people::{CITIES, Citizen};

/// The operations of this file.
pub(super) const OPERATIONS: [&str; 9] = [
    "social_insurance.certificate",
    "social_insurance.unit_certificate",
    "social_insurance.eligibility",
    "land.ownership_certificate",
    "land.no_property_certificate",
    "local_tax.certificate",
    "police.household_certificate",
    "police.no_criminal_record",
    "service_hall.licences",
];

/// Shares of the base, as the record of the insured has them.
const PENSION_PERCENT: i64 = 8;
/// The whole number is nobody's business on a screen.
const SHOWN: usize = 4;

/// Certifies once for one `request_no`: a repeat has the same answer, and somebody else's is
/// malformed.
pub(super) fn certify(outside: &Outside, operation: &str, call: &Call) -> Result<Found, Refusal> {
    let request_no = call.required("request_no")?;
    if request_no.chars().count() > 64 {
        return Err(Refusal::Invalid("request_no 过长".to_owned()));
    }
    let id_card = call.subject()?.id_card.clone();
    outside.read(|world| people::subject(world, call).map(drop))?;
    let key = format!("{operation}/{request_no}");
    let source = source_of(operation);
    if let Some((whose, rows)) = outside.read(|world| world.certified.get(&key).cloned()) {
        if whose != id_card {
            return Err(Refusal::Invalid("request_no 已用于他人".to_owned()));
        }
        return Ok(Found { source, rows });
    }
    let rows = rows_of(outside, operation, call)?;
    outside.change(|world| {
        let known = world.certified.entry(key).or_insert((id_card, rows));
        Ok(Found { source, rows: known.1.clone() })
    })
}

fn source_of(operation: &str) -> &'static str {
    match operation.split('.').next() {
        Some("social_insurance") => "省人社厅",
        Some("land") => "省国土资源厅",
        Some("local_tax") => "省地税局",
        Some("police") => "省公安厅",
        _ => "省政府办公厅",
    }
}

fn rows_of(outside: &Outside, operation: &str, call: &Call) -> Result<Vec<Value>, Refusal> {
    let now_ms = outside.now_ms();
    if operation == "local_tax.certificate" {
        return tax_paid(outside, call);
    }
    outside.read(|world| {
        let Some(citizen) = people::subject(world, call)? else { return Ok(Vec::new()) };
        let row = match operation {
            "social_insurance.certificate" => insured(citizen, call, now_ms)?,
            "social_insurance.unit_certificate" => unit(world, call)?,
            "social_insurance.eligibility" => Some(eligible(now_ms)),
            "land.ownership_certificate" => house(citizen, call, now_ms)?,
            "land.no_property_certificate" => no_house(citizen, call, now_ms)?,
            "police.household_certificate" => household(citizen, call)?,
            "police.no_criminal_record" => Some(no_record(call)?),
            "service_hall.licences" => return licences(citizen, call),
            _ => None,
        };
        Ok(row.into_iter().collect())
    })
}

/// Whether the region that is asked for is that of the city, or all of the province.
fn covers(call: &Call, city: usize) -> Result<bool, Refusal> {
    let region = call.required("region")?;
    if region.len() != 6 || !region.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Invalid("region 应为六位行政区划代码".to_owned()));
    }
    Ok(region == "330000" || region[..4] == CITIES[city].0[..4])
}

fn gender(citizen: &Citizen) -> &'static str {
    let digit = citizen.id_card.as_bytes().get(16).map_or(0, |byte| byte - b'0');
    if digit % 2 == 1 { "男" } else { "女" }
}

fn insured(citizen: &Citizen, call: &Call, now_ms: i64) -> Result<Option<Value>, Refusal> {
    let months: i64 = match call.required("months")? {
        "12" => 12,
        "24" => 24,
        "48" => 48,
        _ => return Err(Refusal::Invalid("months 应为 12、24 或 48".to_owned())),
    };
    if !covers(call, citizen.work.city)? {
        return Ok(None);
    }
    let work = &citizen.work;
    let fen = work.base_fen * PENSION_PERCENT / 100;
    let month = |back: i64| {
        let text = Day::of(now_ms - back * 30 * DAY_MS).text();
        format!("{} {}.{:02}元", &text[..7], fen / 100, fen % 100)
    };
    let payments: Vec<String> = (0..months.min(work.months)).map(month).collect();
    Ok(Some(json!({
        "gender": gender(citizen),
        "unit": work.unit,
        "schemes": "养老（参保缴费）、医疗（参保缴费）、失业（参保缴费）、\
                    工伤（参保缴费）、生育（参保缴费）",
        "months": work.months,
        "payments": payments.join("；"),
    })))
}

/// As many people as the register of the insured units has.
fn unit(world: &World, call: &Call) -> Result<Option<Value>, Refusal> {
    let row = registers::unit_row(world, call)?;
    let company = world.gateway.company(call.required("uscc")?);
    Ok(row.zip(company).map(|(row, company)| {
        json!({
            "unit": company.name,
            "uscc": company.uscc,
            "insured_count": row["headcount"],
            "arrears": if row["arrears_fen"] == 0 { "无欠费" } else { "有欠费" },
        })
    }))
}

fn eligible(now_ms: i64) -> Value {
    json!({
        "certified_at": rfc3339(now_ms),
        "valid_to": Day::of(now_ms + 365 * DAY_MS).text(),
        "result": "认证通过",
    })
}

fn house(citizen: &Citizen, call: &Call, now_ms: i64) -> Result<Option<Value>, Refusal> {
    call.required("purpose")?;
    let house = citizen.house();
    Ok(covers(call, citizen.work.city)?.then(|| {
        json!({
            "properties": format!("{}，建筑面积{}平方米", house.address, house.area),
            "property_no": own(citizen, "property_no"),
            "ownership": "单独所有",
            "as_of": rfc3339(now_ms),
        })
    }))
}

/// Nothing is certified to somebody who has a house there.
fn no_house(citizen: &Citizen, call: &Call, now_ms: i64) -> Result<Option<Value>, Refusal> {
    call.required("purpose")?;
    Ok((!covers(call, citizen.work.city)?).then(|| {
        json!({
            "result": "在查询范围内未查询到房屋登记信息",
            "region": call.optional("region"),
            "as_of": rfc3339(now_ms),
        })
    }))
}

/// The sum of what the look-up of the same time shows; other taxes than that on income are paid
/// once, with the house, or not by people.
fn tax_paid(outside: &Outside, call: &Call) -> Result<Vec<Value>, Refusal> {
    const LOOK_UP: &str = "local_tax.income_tax";
    let kind = call.required("tax_kind")?;
    let (from, to) = (call.required("period_from")?, call.required("period_to")?);
    let fen = match kind {
        "个人所得税" => {
            let table = table::embedded().map_err(|_| Refusal::Denied("暂不能出具"))?;
            let found = table.operations.get_key_value(LOOK_UP);
            let (name, operation) = found.ok_or(Refusal::Denied("暂不能出具"))?;
            let asked = call.with(&[("period_from", from), ("period_to", to)]);
            let rows = answer::answer(outside, table, name, operation, &asked)?.rows;
            rows.iter().filter_map(|row| row["tax_fen"].as_i64()).sum()
        }
        "契税" => outside.read(|world| {
            let area = people::subject(world, call)?.map(|citizen| citizen.house().area);
            let area = area.and_then(|area| area.replace('.', "").parse::<i64>().ok());
            // 15,000 yuan a square metre, of which one and a half hundredths.
            Ok(area.map_or(0, |hundredths| hundredths * 15_000 * 15 / 1_000))
        })?,
        "增值税" | "企业所得税" => 0,
        _ => return Err(Refusal::Invalid("tax_kind 不在可选范围内".to_owned())),
    };
    if fen == 0 {
        return Ok(Vec::new());
    }
    Ok(vec![json!({
        "tax_kind": kind,
        "period": format!("{from}至{to}"),
        "amount_fen": fen,
        "office": "国家金库浙江省分库",
    })])
}

fn household(citizen: &Citizen, call: &Call) -> Result<Option<Value>, Refusal> {
    call.required("purpose")?;
    let name = &citizen.name;
    let child = citizen.child().name;
    let content = match call.required("item")? {
        "亲属关系" => match call.optional("relative_name") {
            Some(relative) if relative == child => {
                format!("{child}系{name}之子女，登记于同一户内")
            }
            Some(_) => return Ok(None),
            None => return Err(Refusal::Invalid("缺少参数 relative_name".to_owned())),
        },
        "曾用名" => format!("{name}的户籍登记中无曾用名记载"),
        "迁移" => format!("{name}自出生登记起未发生跨市迁移"),
        "注销户口" => return Ok(None),
        _ => return Err(Refusal::Invalid("item 不在可选范围内".to_owned())),
    };
    Ok(Some(json!({
        "content": content,
        "station": format!("{}市样例派出所", citizen.city()),
    })))
}

fn no_record(call: &Call) -> Result<Value, Refusal> {
    let (from, to) = (call.required("from")?, call.required("to")?);
    for (name, value) in [("from", from), ("to", to)] {
        if Day::from_text(value).is_none() {
            return Err(Refusal::Invalid(format!("{name} 应为 YYYY-MM-DD")));
        }
    }
    let (purpose, unit) = (call.required("purpose")?, call.required("use_unit")?);
    Ok(json!({
        "result": "经查询，未发现有犯罪记录",
        "period": format!("{from}至{to}"),
        "purpose": purpose,
        "use_unit": unit,
    }))
}

/// Number, issuer and end of one licence.
fn licences(citizen: &Citizen, call: &Call) -> Result<Vec<Value>, Refusal> {
    let plate = citizen.vehicles.first().map(|car| car.plate_no.clone());
    let all = [
        ("身份证", Some(citizen.id_card.clone()), "公安机关", "长期"),
        ("驾驶证", Some(own(citizen, "driver_archive_no")), "公安交警", "2032-03-01"),
        ("行驶证", plate, "公安交警", "长期"),
        ("不动产权证", Some(own(citizen, "property_no")), "不动产登记机构", "长期"),
    ];
    let kinds = ["身份证", "驾驶证", "行驶证", "结婚证", "不动产权证", "营业执照", "居住证"];
    let wanted = call.optional("licence_kind");
    if wanted.is_some_and(|kind| !kinds.contains(&kind)) {
        return Err(Refusal::Invalid("licence_kind 不在可选范围内".to_owned()));
    }
    let shown = all.into_iter().filter_map(|(kind, number, issuer, valid_to)| {
        let number = number.filter(|_| wanted.is_none_or(|wanted| wanted == kind))?;
        Some(json!({
            "licence_kind": kind,
            "licence_no": masked(&number),
            "issuer": format!("{}市{issuer}", citizen.city()),
            "valid_to": valid_to,
        }))
    });
    Ok(shown.collect())
}

fn own(citizen: &Citizen, paper: &str) -> String {
    answer::papers_of(citizen).remove(paper).unwrap_or_default()
}

/// All but the last characters.
fn masked(number: &str) -> String {
    let count = number.chars().count();
    let hidden = count.saturating_sub(SHOWN);
    number.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect()
}
