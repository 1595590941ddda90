//! Answers an operation of the table: checks the question, finds whom it is about, makes the rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::parameter::Kind;
use super::people;
use super::table::{self, About, Operation, Table};
use super::template::{Fact, Part, Template, Word, filled};
use super::{Call, Found, Refusal};
use crate::clock::{Day, HOUR_MS, rfc3339};
use crate::outside::Outside;
use crate::world::World;
use crate::world::people::{CITIES, Citizen, number_of};

/// What the table says about a question.
pub(super) fn answer(
    outside: &Outside,
    table: &Table,
    name: &str,
    operation: &'static Operation,
    call: &Call,
) -> Result<Found, Refusal> {
    check(operation, call)?;
    let now_ms = outside.now_ms();
    let rows = outside.read(|world| {
        let citizen = whom(world, operation, call)?;
        if citizen.is_none() && operation.about != About::Nobody {
            return Ok(Vec::new());
        }
        let question = Question::new(table, name, call, citizen, now_ms);
        if !question.is_right(operation) {
            return Ok(Vec::new());
        }
        let (least, most) = operation.rows;
        let count = least + question.chance("rows") % (most - least + 1);
        Ok((1..=count).map(|row| question.row(operation, row)).collect())
    })?;
    Ok(Found { source: &operation.source, rows })
}

/// Everything that is needed is there and has its shape, and there is nothing else.
fn check(operation: &Operation, call: &Call) -> Result<(), Refusal> {
    for parameter in &operation.parameters {
        let name = &parameter.name;
        let value =
            if parameter.required { Some(call.required(name)?) } else { call.optional(name) };
        if let Some(fault) = value.and_then(|value| parameter.kind.fault(value)) {
            return Err(Refusal::Invalid(format!("{name} {fault}")));
        }
    }
    let known = |name: &String| operation.parameters.iter().any(|known| known.name == *name);
    match call.parameters.keys().find(|name| !known(name)) {
        Some(name) => Err(Refusal::Invalid(format!("没有参数 {name}"))),
        None => Ok(()),
    }
}

/// What these templates make of a question, about whom it is.
pub(super) fn values(
    name: &str,
    call: &Call,
    citizen: Option<&Citizen>,
    now_ms: i64,
    templates: &BTreeMap<String, Template>,
) -> Map<String, Value> {
    let Ok(table) = table::embedded() else { return Map::new() };
    Question::new(table, name, call, citizen, now_ms).values(templates, 1)
}

fn whom<'a>(
    world: &'a World,
    operation: &Operation,
    call: &Call,
) -> Result<Option<&'a Citizen>, Refusal> {
    match operation.about {
        About::Nobody => Ok(None),
        About::Subject => people::subject(world, call),
        About::IdCard => Ok(world.citizen_by_id_card(call.required("id_card")?)),
        About::PlateNo => {
            let plate_no = call.required("plate_no")?;
            let owns = |citizen: &&Citizen| {
                citizen.vehicles.iter().any(|vehicle| vehicle.plate_no == plate_no)
            };
            Ok(world.citizens.iter().find(owns))
        }
    }
}

/// A question that is in order, with whom it is about.
struct Question<'a> {
    table: &'a Table,
    call: &'a Call,
    citizen: Option<&'a Citizen>,
    now_ms: i64,
    /// The same for the same question.
    seed: String,
}

impl<'a> Question<'a> {
    fn new(
        table: &'a Table,
        name: &str,
        call: &'a Call,
        citizen: Option<&'a Citizen>,
        now_ms: i64,
    ) -> Self {
        let mut seed = name.to_owned();
        // Writing to a text does not fail.
        let _ = write!(seed, "/{}", citizen.map_or("", |citizen| &citizen.id_card));
        for (name, value) in &call.parameters {
            let _ = write!(seed, "/{name}={}", value.trim());
        }
        Self { table, call, citizen, now_ms, seed }
    }

    fn chance(&self, of: &str) -> i64 {
        i64::try_from(number_of(&format!("{}/{of}", self.seed))).unwrap_or(0)
    }

    /// What must be the same as the department has it is the same.
    fn is_right(&self, operation: &Operation) -> bool {
        operation.parameters.iter().all(|parameter| {
            let Kind::Same(template) = &parameter.kind else { return true };
            let given = self.call.optional(&parameter.name);
            given.is_none_or(|given| self.text(template, "", 0).eq_ignore_ascii_case(given))
        })
    }

    fn row(&self, operation: &Operation, row: i64) -> Value {
        Value::Object(self.values(&operation.row, row))
    }

    fn values(&self, templates: &BTreeMap<String, Template>, row: i64) -> Map<String, Value> {
        let value = |(key, template): (&String, &Template)| {
            let value = match template.only_word() {
                Some(word) => self.value(word, &format!("{row}/{key}/0"), row),
                None => Value::from(self.text(template, key, row)),
            };
            // What was asked for is a text; an amount of it is a number again.
            let fen = value.as_str().filter(|_| key.ends_with("_fen"));
            let fen = fen.and_then(|fen| fen.parse::<i64>().ok()).map(Value::from);
            (key.clone(), fen.unwrap_or(value))
        };
        templates.iter().map(value).collect()
    }

    fn text(&self, template: &Template, key: &str, row: i64) -> String {
        let part = |(index, part): (usize, &Part)| match part {
            Part::Text(text) => text.clone(),
            Part::Word(word) => {
                let value = self.value(word, &format!("{row}/{key}/{index}"), row);
                value.as_str().map_or_else(|| value.to_string(), str::to_owned)
            }
        };
        template.parts().iter().enumerate().map(part).collect()
    }

    /// `place` is where in the answer the value stands, so that no two are alike by chance.
    fn value(&self, word: &Word, place: &str, row: i64) -> Value {
        let chance = self.chance(place);
        let within = |from: i64, to: i64| from + chance % (to - from + 1);
        match word {
            Word::OneOf(all) => {
                let index = usize::try_from(chance).unwrap_or(0) % all.len();
                Value::from(all[index].as_str())
            }
            Word::Number(from, to) => Value::from(within(*from, *to)),
            Word::Fen(from, to) if from % 100 == 0 && to % 100 == 0 => {
                Value::from((from / 100 + chance % ((to - from) / 100 + 1)) * 100)
            }
            Word::Fen(from, to) => Value::from(within(*from, *to)),
            Word::Serial(pattern) => Value::from(filled(pattern, number_of(place) ^ self.bits())),
            Word::Flag(percent) => Value::from(chance.unsigned_abs() % 100 < *percent),
            Word::Days(from, to) => {
                Value::from(Day::of(self.now_ms).plus(within(*from, *to)).text())
            }
            Word::Hours(from, to) => {
                let hour = self.now_ms.div_euclid(HOUR_MS) + within(*from, *to);
                Value::from(rfc3339(hour * HOUR_MS))
            }
            Word::Month => Value::from(self.month_before(row)),
            Word::Asked(name, otherwise) => match (self.call.optional(name), otherwise) {
                (Some(given), _) => Value::from(given),
                (None, Some(otherwise)) => self.value(otherwise, place, row),
                (None, None) => Value::from(""),
            },
            Word::Own(paper) => Value::from(self.paper(paper)),
            Word::Citizen(fact) => Value::from(self.fact(*fact)),
            Word::City => Value::from(self.city()),
            Word::Row => Value::from(row),
        }
    }

    fn bits(&self) -> u64 {
        number_of(&self.seed)
    }

    fn month_before(&self, months: i64) -> String {
        let text = Day::of(self.now_ms).text();
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<i64>().ok());
        let mut parts = text.split('-');
        let (year, month) = (number(parts.next()), number(parts.next()));
        let all = year.unwrap_or(0) * 12 + month.unwrap_or(1) - 1 - months;
        format!("{:04}-{:02}", all.div_euclid(12), all.rem_euclid(12) + 1)
    }

    fn paper(&self, name: &str) -> String {
        let (Some(citizen), Some(pattern)) = (self.citizen, self.table.papers.get(name)) else {
            return String::new();
        };
        number_of_paper(citizen, name, pattern)
    }

    fn fact(&self, fact: Fact) -> String {
        let Some(citizen) = self.citizen else { return String::new() };
        match fact {
            Fact::Name => citizen.name.clone(),
            Fact::MaskedName => citizen.masked_name(),
            Fact::IdCard => citizen.id_card.clone(),
            Fact::Phone => citizen.phone.clone(),
            Fact::Unit => citizen.work.unit.clone(),
            Fact::Child => citizen.child().name,
            Fact::ChildBirth => citizen.child().birth.text(),
            Fact::House => citizen.house().address,
            Fact::HouseArea => citizen.house().area,
            Fact::Vin => citizen.vin(),
            Fact::BaseFen => citizen.work.base_fen.to_string(),
        }
    }

    fn city(&self) -> &str {
        let asked = self.call.optional("region").and_then(|region| {
            let of = |(code, _, _): &&(&str, &str, char)| code.get(..4) == region.get(..4);
            CITIES.iter().find(of).map(|(_, name, _)| *name)
        });
        asked.or_else(|| self.citizen.map(Citizen::city)).unwrap_or("浙江")
    }
}

fn number_of_paper(citizen: &Citizen, paper: &str, pattern: &str) -> String {
    filled(pattern, number_of(&format!("{}/{paper}", citizen.id_card)))
}

/// The number of one paper of a citizen; empty where the table has no such paper.
pub(super) fn paper_of(citizen: &Citizen, paper: &str) -> String {
    let papers = table::embedded().ok().map(|table| &table.papers);
    let pattern = papers.and_then(|papers| papers.get(paper));
    pattern.map(|pattern| number_of_paper(citizen, paper, pattern)).unwrap_or_default()
}

/// The numbers of all papers of a citizen, for testers.
pub(crate) fn papers_of(citizen: &Citizen) -> BTreeMap<&'static str, String> {
    let papers = table::embedded().into_iter().flat_map(|table| &table.papers);
    let numbered =
        papers.map(|(paper, pattern)| (paper.as_str(), number_of_paper(citizen, paper, pattern)));
    numbered.collect()
}
