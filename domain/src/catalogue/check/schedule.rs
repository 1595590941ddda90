//! Checks when an app can be used.

use super::super::schedule::DAY_MINUTES;
use super::super::{
    Days, MaintenanceWindow, Opening, Place, Problem, RawApp, RawHours, RawMaintenance, Schedule,
};
use super::texts::Findings;
use crate::clock::from_beijing;
use jiff::Timestamp;
use jiff::civil::DateTime;

const HOURS_MAX: usize = 14;
const MAINTENANCE_MAX: usize = 20;
const REASON_MAX: usize = 80;

/// The schedule, with every fault in `findings`.
pub(super) fn check(findings: &mut Findings, raw: &RawApp) -> Schedule {
    let hours = hours(findings, &raw.hours);
    let maintenance = maintenance(findings, &raw.maintenance);
    Schedule { hours, maintenance }
}

fn hours(findings: &mut Findings, raws: &[RawHours]) -> Vec<Opening> {
    let place = Place::App { key: "hours" };
    if raws.len() > HOURS_MAX {
        findings.add(place.clone(), Problem::TooMany { max: HOURS_MAX });
    }
    let mut checked: Vec<Opening> = Vec::new();
    for raw in raws {
        let Some(opening) = opening(findings, &place, raw) else { continue };
        let overlaps = |other: &Opening| {
            other.days.meet(opening.days) && other.from < opening.to && opening.from < other.to
        };
        if checked.iter().any(overlaps) {
            findings.add(place.clone(), Problem::Contradiction("two opening hours overlap"));
        }
        checked.push(opening);
    }
    checked
}

fn opening(findings: &mut Findings, place: &Place, raw: &RawHours) -> Option<Opening> {
    let days = Days::read(&raw.days).ok();
    if days.is_none() {
        findings.add(place.clone(), Problem::NotDays(raw.days.clone()));
    }
    let mut minute = |text: &str| {
        let minute = minute_of(text);
        if minute.is_none() {
            findings.add(place.clone(), Problem::NotATime(text.to_owned()));
        }
        minute
    };
    let (from, to) = (minute(&raw.from), minute(&raw.to));
    let (days, from, to) = (days?, from?, to?);
    if from >= to {
        // Over midnight they are two: the days of the second half are others.
        let problem = Problem::Contradiction("opening hours end after they begin, by 24:00");
        findings.add(place.clone(), problem);
    }
    Some(Opening { days, from, to })
}

/// `08:30`, up to `24:00`.
fn minute_of(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= DAY_MINUTES).then_some(all)
}

fn maintenance(findings: &mut Findings, raws: &[RawMaintenance]) -> Vec<MaintenanceWindow> {
    let place = Place::App { key: "maintenance" };
    if raws.len() > MAINTENANCE_MAX {
        findings.add(place.clone(), Problem::TooMany { max: MAINTENANCE_MAX });
    }
    let mut checked = Vec::new();
    for raw in raws {
        let reason = findings.text(place.clone(), &raw.reason, REASON_MAX);
        let mut moment = |text: &str| {
            let moment = moment_of(text);
            if moment.is_none() {
                findings.add(place.clone(), Problem::NotATime(text.to_owned()));
            }
            moment
        };
        let (Some(from), Some(to)) = (moment(&raw.from), moment(&raw.to)) else { continue };
        if from >= to {
            let problem = Problem::Contradiction("maintenance ends after it begins");
            findings.add(place.clone(), problem);
        }
        checked.push(MaintenanceWindow { from, to, reason });
    }
    checked
}

/// `2026-03-02 22:00` by Beijing's clock.
fn moment_of(text: &str) -> Option<Timestamp> {
    if text.len() != "2026-03-02 22:00".len() {
        return None;
    }
    from_beijing(DateTime::strptime("%Y-%m-%d %H:%M", text).ok()?)
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{checked, sample};
    use super::super::super::{AppDefinition, Fault};
    use super::*;

    fn with(hours: &[(&str, &str, &str)], windows: &[(&str, &str, &str)]) -> RawApp {
        let hours = hours.iter().map(|(days, from, to)| RawHours {
            days: (*days).to_owned(),
            from: (*from).to_owned(),
            to: (*to).to_owned(),
        });
        let windows = windows.iter().map(|(from, to, reason)| RawMaintenance {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            reason: (*reason).to_owned(),
        });
        RawApp { hours: hours.collect(), maintenance: windows.collect(), ..sample() }
    }

    fn faults(raw: &RawApp) -> Vec<String> {
        let faults = AppDefinition::check(raw).err().unwrap_or_default();
        faults.iter().map(Fault::to_string).collect()
    }

    #[test]
    fn hours_and_windows_are_read() {
        let app = checked(with(
            &[("mon-fri", "08:30", "17:30"), ("sat", "00:00", "24:00")],
            &[("2026-03-02 22:00", "2026-03-03 02:00", "升级")],
        ));
        assert_eq!((app.schedule.hours[0].from, app.schedule.hours[1].to), (510, 1440));
        let from: Timestamp = "2026-03-02T14:00:00Z".parse().unwrap();
        assert_eq!(app.schedule.maintenance[0].from, from);
    }

    #[test]
    fn every_fault_of_a_schedule_is_told_at_once() {
        let raw = with(
            &[
                ("weekdays", "8:30", "25:00"),
                ("mon", "17:30", "08:30"),
                ("tue", "08:00", "12:00"),
                ("mon-fri", "11:59", "13:00"),
            ],
            &[
                ("2026-02-30 22:00", "tomorrow", ""),
                ("2026-03-03 02:00", "2026-03-03 02:00", "升级"),
            ],
        );
        let days = "hours: `weekdays` is no list of days";
        let got = faults(&raw);
        for expected in [
            days,
            "hours: `8:30` is not a time",
            "hours: `25:00` is not a time",
            "hours: opening hours end after they begin",
            "hours: two opening hours overlap",
            "maintenance: is empty",
            "maintenance: `2026-02-30 22:00` is not a time",
            "maintenance: `tomorrow` is not a time",
            "maintenance: maintenance ends after it begins",
        ] {
            assert!(got.iter().any(|fault| fault.starts_with(expected)), "{expected}: {got:?}");
        }
        assert_eq!(got.len(), 9, "{got:?}");
    }
}
