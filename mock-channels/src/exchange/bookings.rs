//! The departments' appointments: choices down to a time, confirming, giving back, who came.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::booking_table::{self, Choice, Service, Time};
use super::template::filled;
use super::{Call, Found, Refusal, people};
use crate::clock::{Day, rfc3339};
use crate::outside::Outside;
use crate::world::World;
use crate::world::booking::Booked;
use crate::world::people::number_of;

/// Every operation, in the order of the table.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let services = booking_table::embedded().unwrap_or_default();
    services.iter().flat_map(names_of).collect()
});

fn names_of(service: &Service) -> Vec<String> {
    let levels = service.levels.iter().filter(|level| !level.quiet).map(|level| &*level.name);
    let steps = levels.chain(["days", "slots", "confirm", "cancel", "visit"]);
    steps.map(|step| format!("{}.{step}", service.name)).collect()
}

/// The names of all operations.
pub(super) fn names() -> &'static [String] {
    &NAMES
}

/// The usual places of every service, for testers.
pub(crate) fn services() -> BTreeMap<&'static str, u32> {
    let services = booking_table::embedded().unwrap_or_default();
    services.iter().map(|service| (service.name.as_str(), service.places)).collect()
}

/// Nothing when there is no such operation.
pub(super) fn run(
    outside: &Outside,
    operation: &str,
    call: &Call,
) -> Option<Result<Found, Refusal>> {
    let (name, step) = operation.rsplit_once('.')?;
    let services = booking_table::embedded().ok()?;
    let service = services.iter().find(|service| service.name == name)?;
    let rows = match step {
        "days" => days(outside, service, call),
        "slots" => slots(outside, service, call),
        "confirm" => confirm(outside, service, call),
        "cancel" => cancel(outside, service, call),
        "visit" => visit(outside, service, call),
        level => {
            let level = service.levels.iter().position(|known| known.name == level)?;
            if service.levels[level].quiet {
                return None;
            }
            options(service, level, call)
        }
    };
    Some(rows.map(|rows| Found { source: &service.source, rows }))
}

/// Everything that is needed is there, and there is nothing else.
fn only(call: &Call, names: &[&str]) -> Result<(), Refusal> {
    if let Some(name) = call.parameters.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(Refusal::Invalid(format!("没有参数 {name}")));
    }
    names.iter().try_for_each(|name| call.required(name).map(drop))
}

/// What was chosen in the levels before this one.
fn chosen<'a>(
    service: &'a Service,
    call: &Call,
    before: usize,
    more: &[&str],
) -> Result<Vec<&'a Choice>, Refusal> {
    let levels: Vec<&str> =
        service.levels.iter().take(before).map(|level| level.name.as_str()).collect();
    only(call, &[levels.as_slice(), more].concat())?;
    let values: Vec<&str> =
        levels.iter().map(|level| call.required(level)).collect::<Result<_, _>>()?;
    let chosen = service.chosen(values.into_iter());
    chosen.ok_or_else(|| Refusal::Invalid("所选内容不存在".to_owned()))
}

fn options(service: &Service, level: usize, call: &Call) -> Result<Vec<Value>, Refusal> {
    let chosen = chosen(service, call, level, &[])?;
    let row = |option: &&Choice| json!({"value": option.value, "label": option.label, "fee_fen": option.fen});
    Ok(service.options(level, &chosen).iter().map(row).collect())
}

fn days(outside: &Outside, service: &Service, call: &Call) -> Result<Vec<Value>, Refusal> {
    chosen(service, call, service.levels.len(), &[])?;
    let today = Day::of(outside.now_ms());
    let row = |ahead| {
        let day = today.plus(ahead);
        json!({"date": day.text(), "label": in_words(day)})
    };
    Ok((1..=service.days).map(row).collect())
}

/// `3月3日 周二`
fn in_words(day: Day) -> String {
    // The first of January 1970 was a Thursday.
    const WEEK: [&str; 7] = ["四", "五", "六", "日", "一", "二", "三"];
    let text = day.text();
    let number = |part: &str| part.trim_start_matches('0').to_owned();
    let weekday = WEEK[usize::try_from(day.0.rem_euclid(7)).unwrap_or(0)];
    format!("{}月{}日 周{weekday}", number(&text[5..7]), number(&text[8..]))
}

fn slots(outside: &Outside, service: &Service, call: &Call) -> Result<Vec<Value>, Refusal> {
    let chosen = chosen(service, call, service.levels.len(), &["date"])?;
    let day = Day::from_text(call.required("date")?)
        .ok_or_else(|| Refusal::Invalid("date 应为 YYYY-MM-DD".to_owned()))?;
    let today = Day::of(outside.now_ms());
    if day <= today || day > today.plus(service.days) {
        return Ok(Vec::new());
    }
    Ok(outside.read(|world| {
        service.times.iter().map(|time| slot_row(world, service, day, time, &chosen)).collect()
    }))
}

fn slot_row(world: &World, service: &Service, day: Day, time: &Time, chosen: &[&Choice]) -> Value {
    let name = service.slot_name(day, time, chosen);
    let places = world.bookings.places_of(&service.name, &name, service.places);
    let mut row = Map::new();
    for (level, choice) in service.levels.iter().zip(chosen) {
        row.insert(level.name.clone(), json!(choice.label));
    }
    for (key, value) in &service.row {
        row.insert(key.clone(), json!(value));
    }
    row.insert("label".to_owned(), json!(format!("{} {}", in_words(day), time.text)));
    row.insert("date".to_owned(), json!(day.text()));
    row.insert("time".to_owned(), json!(time.text));
    row.insert("starts_at".to_owned(), json!(rfc3339(day.start_ms() + time.from_ms)));
    row.insert("ends_at".to_owned(), json!(rfc3339(day.start_ms() + time.to_ms)));
    row.insert("places".to_owned(), json!(places));
    row.insert("fee_fen".to_owned(), json!(chosen.iter().rev().find_map(|choice| choice.fen)));
    row.insert("slot".to_owned(), json!(name));
    Value::Object(row)
}

/// The same request has the same answer, however often it comes.
fn confirm(outside: &Outside, service: &Service, call: &Call) -> Result<Vec<Value>, Refusal> {
    let named = service.confirm.iter().map(|parameter| parameter.name.as_str());
    let names: Vec<&str> = ["request_no", "slot"].into_iter().chain(named).collect();
    only(call, &names)?;
    for parameter in &service.confirm {
        if let Some(fault) = parameter.kind.fault(call.required(&parameter.name)?) {
            return Err(Refusal::Invalid(format!("{} {fault}", parameter.name)));
        }
    }
    let (request_no, slot) = (call.required("request_no")?, call.required("slot")?);
    service.slot(slot).ok_or_else(|| Refusal::Invalid("slot 不存在".to_owned()))?;
    outside.change(|world| {
        if service.subject {
            people::subject(world, call)?;
        }
        if let Some(known) = world.bookings.booked.get(request_no) {
            return match known {
                known if known.cancelled => Err(Refusal::Denied("该请求已撤销")),
                known if known.slot == slot => Ok(vec![confirmed(service, request_no, known)]),
                _ => Err(Refusal::Invalid("request_no 已用于其他预约".to_owned())),
            };
        }
        let taken = world.bookings.taken(&service.name, slot);
        let places = world.bookings.places_of(&service.name, slot, service.places);
        if taken >= usize::try_from(places).unwrap_or(usize::MAX) {
            return Err(Refusal::Denied("号源已满或已停诊"));
        }
        world.sequence += 1;
        let booked = Booked {
            booking_no: format!("YY{:08}", world.sequence),
            service: service.name.clone(),
            slot: slot.to_owned(),
            parameters: call.parameters.clone(),
            serial: u64::try_from(taken).unwrap_or(0) + 1,
            cancelled: false,
            came: None,
        };
        let row = confirmed(service, request_no, &booked);
        world.bookings.booked.insert(request_no.to_owned(), booked);
        Ok(vec![row])
    })
}

fn confirmed(service: &Service, request_no: &str, booked: &Booked) -> Value {
    let mut row = Map::new();
    for (key, pattern) in &service.given {
        let seed = number_of(&format!("{request_no}/{key}"));
        row.insert(key.clone(), json!(filled(pattern, seed)));
    }
    row.insert("booking_no".to_owned(), json!(booked.booking_no));
    row.insert("serial".to_owned(), json!(booked.serial));
    row.insert("status".to_owned(), json!("预约成功"));
    Value::Object(row)
}

/// A request that is not known yet is taken back all the same: it may still be on its way.
fn cancel(outside: &Outside, service: &Service, call: &Call) -> Result<Vec<Value>, Refusal> {
    only(call, &["request_no"])?;
    let request_no = call.required("request_no")?;
    outside.change(|world| {
        let booked = world.bookings.booked.entry(request_no.to_owned());
        let booked = booked.or_insert_with(|| Booked {
            booking_no: String::new(),
            service: service.name.clone(),
            slot: String::new(),
            parameters: BTreeMap::new(),
            serial: 0,
            cancelled: true,
            came: None,
        });
        booked.cancelled = true;
    });
    Ok(vec![json!({"status": "已取消"})])
}

/// Who is not said to have stayed away has come.
fn visit(outside: &Outside, service: &Service, call: &Call) -> Result<Vec<Value>, Refusal> {
    only(call, &["request_no"])?;
    let request_no = call.required("request_no")?;
    let now_ms = outside.now_ms();
    let booked = outside.read(|world| world.bookings.booked.get(request_no).cloned());
    let Some(booked) = booked.filter(|booked| !booked.cancelled) else { return Ok(Vec::new()) };
    let over = service
        .slot(&booked.slot)
        .is_some_and(|slot| slot.day.start_ms() + slot.time.to_ms <= now_ms);
    let state = match (over, booked.came) {
        (false, _) => "PENDING",
        (true, Some(false)) => "NO_SHOW",
        (true, Some(true) | None) => "VISITED",
    };
    Ok(vec![json!({"state": state})])
}
