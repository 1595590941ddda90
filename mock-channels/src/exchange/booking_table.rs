//! The table of what can be booked: data, so that one more service is some lines in
//! `data/bookings.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::parameter::Parameter;
use crate::clock::{Day, parse_hour_minute};

const FILE: &str = include_str!("../../data/bookings.toml");

static TABLE: LazyLock<Result<Vec<Service>, Vec<String>>> = LazyLock::new(|| parse(FILE));

/// What a department lets people book.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) source: String,
    /// From tomorrow on, so many days are open.
    pub(super) days: i64,
    pub(super) times: Vec<Time>,
    /// Of every time, where no tester says otherwise.
    pub(super) places: u32,
    /// Whether a confirmation must tell a verified person.
    pub(super) subject: bool,
    pub(super) levels: Vec<Level>,
    /// What a confirmation tells besides request and slot.
    pub(super) confirm: Vec<Parameter>,
    pub(super) row: BTreeMap<String, String>,
    pub(super) given: BTreeMap<String, String>,
}

/// A time of day, `08:00-09:00`.
#[derive(Debug)]
pub(super) struct Time {
    pub(super) text: String,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
}

/// One choice on the way to a time.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) name: String,
    pub(super) quiet: bool,
    pub(super) options: Vec<Choice>,
}

/// One option of a level.
#[derive(Debug)]
pub(super) struct Choice {
    /// The option of the level above under which it stands; empty: under all.
    pub(super) above: String,
    pub(super) value: String,
    pub(super) label: String,
    pub(super) fen: Option<i64>,
}

/// A slot, read from its name.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    pub(super) day: Day,
    pub(super) time: &'a Time,
}

/// The table of this program, or what is wrong with it.
pub(super) fn embedded() -> Result<&'static [Service], &'static [String]> {
    TABLE.as_ref().map(Vec::as_slice).map_err(Vec::as_slice)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWire {
    service: Vec<ServiceWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceWire {
    name: String,
    source: String,
    days: i64,
    times: Vec<String>,
    places: u32,
    subject: bool,
    levels: Vec<LevelWire>,
    confirm: BTreeMap<String, String>,
    row: BTreeMap<String, String>,
    given: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelWire {
    name: String,
    #[serde(default)]
    quiet: bool,
    options: Vec<String>,
}

pub(super) fn parse(text: &str) -> Result<Vec<Service>, Vec<String>> {
    let file: FileWire = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let mut faults = Vec::new();
    let mut services = Vec::new();
    for wire in file.service {
        let name = wire.name.clone();
        match wire.read() {
            Ok(service) => services.push(service),
            Err(fault) => faults.push(format!("{name}: {fault}")),
        }
    }
    if faults.is_empty() { Ok(services) } else { Err(faults) }
}

impl ServiceWire {
    fn read(self) -> Result<Service, String> {
        let times = self.times.iter().map(|text| Time::read(text)).collect::<Result<_, _>>()?;
        let levels = self.levels.into_iter().map(LevelWire::read).collect::<Result<_, _>>()?;
        let confirm = self.confirm.iter().map(|(name, shape)| Parameter::parse(name, shape));
        let confirm = confirm.collect::<Result<_, _>>()?;
        if self.days < 1 || self.name.split('.').count() != 2 {
            return Err("wants at least one day, and a name of two words".to_owned());
        }
        Ok(Service {
            name: self.name,
            source: self.source,
            days: self.days,
            times,
            places: self.places,
            subject: self.subject,
            levels,
            confirm,
            row: self.row,
            given: self.given,
        })
    }
}

impl LevelWire {
    fn read(self) -> Result<Level, String> {
        let options = self.options.iter().map(|text| Choice::read(text));
        let options = options.collect::<Result<_, _>>()?;
        Ok(Level { name: self.name, quiet: self.quiet, options })
    }
}

impl Time {
    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no time of day");
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let from_ms = parse_hour_minute(from).ok_or_else(wrong)?;
        let to_ms = parse_hour_minute(to).filter(|to| *to > from_ms).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), from_ms, to_ms })
    }

    /// `0800`
    fn compact(&self) -> String {
        self.text.chars().take(5).filter(char::is_ascii_digit).collect()
    }
}

impl Choice {
    /// `ABOVE>VALUE=LABEL@FEN`
    fn read(text: &str) -> Result<Self, String> {
        let (named, label) = text.split_once('=').ok_or_else(|| format!("`{text}` has no ="))?;
        let (above, value) = named.split_once('>').unwrap_or(("", named));
        let (label, fen) = match label.split_once('@') {
            Some((label, fen)) => {
                let fen = fen.parse().map_err(|error| format!("`{text}`: {error}"))?;
                (label, Some(fen))
            }
            None => (label, None),
        };
        let [above, value, label] = [above, value, label].map(str::to_owned);
        Ok(Self { above, value, label, fen })
    }
}

impl Service {
    /// The options of a level under what was chosen above it.
    pub(super) fn options(&self, level: usize, chosen: &[&Choice]) -> Vec<&Choice> {
        let fits = |option: &&Choice| {
            option.above.is_empty() || chosen.iter().any(|above| above.value == option.above)
        };
        self.levels[level].options.iter().filter(fits).collect()
    }

    /// The choices by their values, level after level; `None` at the first that is not there.
    pub(super) fn chosen<'a>(&self, values: impl Iterator<Item = &'a str>) -> Option<Vec<&Choice>> {
        let mut chosen: Vec<&Choice> = Vec::new();
        for (level, value) in values.enumerate() {
            let found = self.levels.get(level)?.options.iter().find(|option| {
                let above = &option.above;
                let under = above.is_empty() || chosen.iter().any(|one| one.value == *above);
                option.value == value && under
            })?;
            chosen.push(found);
        }
        Some(chosen)
    }

    /// `20260303-0800-HZ01.NK`
    pub(super) fn slot_name(&self, day: Day, time: &Time, chosen: &[&Choice]) -> String {
        let values: Vec<&str> = chosen.iter().map(|choice| choice.value.as_str()).collect();
        format!("{}-{}-{}", day.compact(), time.compact(), values.join("."))
    }

    /// What the name of a slot says, if it is one of this service.
    pub(super) fn slot(&self, name: &str) -> Option<Slot<'_>> {
        let (day, rest) = name.split_once('-')?;
        let (time, values) = rest.split_once('-')?;
        let time = self.times.iter().find(|known| known.compact() == time)?;
        let choices = self.chosen(values.split('.'))?;
        let day = Day::from_compact(day)?;
        (choices.len() == self.levels.len()).then_some(Slot { day, time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_this_program_is_sound() {
        let services = embedded().unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(services.len(), 15);
        for service in services {
            let mut chosen = Vec::new();
            for level in 0..service.levels.len() {
                let first = service.options(level, &chosen).first().copied();
                chosen.push(first.unwrap_or_else(|| panic!("{}: {level}", service.name)));
            }
            let name = service.slot_name(Day(20_000), &service.times[0], &chosen);
            let slot = service.slot(&name).unwrap_or_else(|| panic!("{}: {name}", service.name));
            assert_eq!((slot.day, &slot.time.text), (Day(20_000), &service.times[0].text));
        }
    }

    #[test]
    fn every_fault_of_the_table_is_told() {
        for (from, to, expected) in [
            ("08:00-09:00", "09:00-08:00", "no time of day"),
            ("EK=儿科", "EK儿科", "has no ="),
            ("@1000", "@x", "PT="),
            ("days = 7", "days = 0", "at least one day"),
            ("source =", "sauce =", "sauce"),
            ("phone = \"phone\"", "phone = \"fone\"", "no shape"),
        ] {
            let text = FILE.replacen(from, to, 1);
            assert_ne!(text, FILE, "{from}");
            let faults = parse(&text).unwrap_err().join("\n");
            assert!(faults.contains(expected), "{expected}: {faults}");
        }
    }
}
