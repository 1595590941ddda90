//! Whether an app is open: here, by this way, now.

use super::schedule::Standing;
use super::{AppDefinition, RegionTable};
use crate::clock::{beijing_day, beijing_time};
use crate::identity::Channel;
use crate::standards::RegionCode;
use jiff::Timestamp;
use jiff::civil::Date;

/// Whether an app is open for somebody; if not, why, in words for the citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It is.
    Open {
        /// When it closes; `None`: as far as anybody knows it does not.
        until: Option<Timestamp>,
    },
    /// Nothing runs behind it at present.
    Maintenance {
        /// Why, in Chinese.
        reason: String,
        /// When that ends; `None`: nobody knows.
        until: Option<Timestamp>,
    },
    /// Outside its hours.
    ClosedToday {
        /// Its hours, and when it opens, in Chinese.
        reason: String,
        /// When that changes.
        until: Option<Timestamp>,
    },
    /// It serves other regions.
    NotInRegion {
        /// Which, in Chinese.
        reason: String,
    },
    /// It is reached by other ways.
    NotInChannel {
        /// Which, in Chinese.
        reason: String,
    },
}

impl Availability {
    /// Of an app that is listed before its department is connected.
    pub fn not_running() -> Self {
        Self::Maintenance { reason: "服务接入中，暂未开放办理".to_owned(), until: None }
    }

    /// Whether it can be used.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Open { .. } => true,
            Self::Maintenance { .. }
            | Self::ClosedToday { .. }
            | Self::NotInRegion { .. }
            | Self::NotInChannel { .. } => false,
        }
    }

    /// Why it is not open.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Open { .. } => None,
            Self::Maintenance { reason, .. }
            | Self::ClosedToday { reason, .. }
            | Self::NotInRegion { reason }
            | Self::NotInChannel { reason } => Some(reason),
        }
    }

    /// When this changes, where that is known.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Open { until }
            | Self::Maintenance { until, .. }
            | Self::ClosedToday { until, .. } => *until,
            Self::NotInRegion { .. } | Self::NotInChannel { .. } => None,
        }
    }
}

/// The code means no region on the day asked for.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{0} is no region of that day")]
pub struct UnknownRegion(pub RegionCode);

/// An app that covers a city is open in all its counties; one that covers only cities is not open
/// "in the province", because no city's department would answer.
pub(super) fn availability(
    app: &AppDefinition,
    regions: &RegionTable,
    region: &RegionCode,
    channel: Channel,
    now: Timestamp,
) -> Result<Availability, UnknownRegion> {
    let on = beijing_day(now);
    if regions.find(region, on).is_none() {
        return Err(UnknownRegion(region.clone()));
    }
    if !serves(app, regions, region, on) {
        return Ok(Availability::NotInRegion { reason: elsewhere(app, regions, on) });
    }
    if !app.channels.contains(&channel) {
        return Ok(Availability::NotInChannel { reason: other_channels(app) });
    }
    if !app.runs() {
        return Ok(Availability::not_running());
    }
    Ok(scheduled(app, now))
}

fn scheduled(app: &AppDefinition, now: Timestamp) -> Availability {
    match app.schedule.standing(now) {
        Standing::Open(until) => Availability::Open { until },
        Standing::Maintenance(reason, until) => {
            let end = beijing_time(until).strftime("%-m月%-d日%H:%M");
            let reason = format!("系统维护：{reason}，预计{end}恢复");
            Availability::Maintenance { reason, until: Some(until) }
        }
        Standing::Closed(until, opens) => {
            let hours = app.schedule.hours_in_chinese();
            let opens = opens.map_or_else(String::new, |at| {
                format!("，{}开放", beijing_time(at).strftime("%-m月%-d日%H:%M"))
            });
            let reason = format!("现在不在服务时间（{hours}）{opens}");
            Availability::ClosedToday { reason, until }
        }
    }
}

pub(super) fn serves(
    app: &AppDefinition,
    regions: &RegionTable,
    region: &RegionCode,
    on: Date,
) -> bool {
    app.coverage.iter().any(|covered| regions.contains(covered, region, on))
}

fn elsewhere(app: &AppDefinition, regions: &RegionTable, on: Date) -> String {
    let names: Vec<&str> = app
        .coverage
        .iter()
        .filter_map(|covered| regions.find(covered, on))
        .map(|region| region.name.as_str())
        .collect();
    format!("该服务目前仅在{}开通，请切换到已开通的地区", names.join("、"))
}

fn other_channels(app: &AppDefinition) -> String {
    let names: Vec<&str> = app
        .channels
        .iter()
        .map(|channel| match channel {
            Channel::App => "手机客户端",
            Channel::WeChat => "微信小程序",
            Channel::Alipay => "支付宝小程序",
        })
        .collect();
    format!("该服务未在当前渠道开通，请使用{}", names.join("或"))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{checked, sample, table};
    use super::super::{RawHours, RawMaintenance};
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    fn asked(app: &AppDefinition, region: &str, channel: Channel) -> String {
        let code = RegionCode::new(region).unwrap();
        match availability(app, &table(), &code, channel, at("2026-03-02T10:00:00")) {
            Ok(Availability::Open { .. }) => "open".to_owned(),
            Ok(closed) => closed.reason().unwrap().to_owned(),
            Err(UnknownRegion(code)) => format!("unknown {code}"),
        }
    }

    #[test]
    fn coverage_is_inherited_downwards_only() {
        let mut app = checked(sample());
        let table = "covers  330000  330100  330106  330200  330104
                     330000  open    open    open    open    unknown
                     330100  杭州市   open    open    杭州市   unknown
                     330106  西湖区   西湖区   open    西湖区   unknown";
        let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let regions = rows.next().unwrap();
        for row in rows {
            app.coverage = vec![RegionCode::new(row[0]).unwrap()];
            for (region, expected) in regions.iter().zip(&row).skip(1) {
                let got = asked(&app, region, Channel::App);
                assert!(got.contains(expected), "{} in {region}: {got}", row[0]);
            }
        }
    }

    #[test]
    fn the_reason_names_every_place_or_way_that_serves() {
        let mut app = checked(sample());
        let codes = ["330100", "330200"].map(|code| RegionCode::new(code).unwrap());
        app.coverage = codes.to_vec();
        assert!(asked(&app, "330000", Channel::App).contains("杭州市、宁波市"));
        app.channels = vec![Channel::App, Channel::Alipay];
        let got = asked(&app, "330106", Channel::WeChat);
        assert!(got.contains("手机客户端或支付宝小程序"), "{got}");
    }

    #[test]
    fn an_app_with_nothing_behind_it_says_so() {
        let mut app = checked(sample());
        app.action = None;
        let got = asked(&app, "330106", Channel::App);
        assert_eq!(got, "服务接入中，暂未开放办理");
    }

    #[test]
    fn outside_its_hours_and_in_maintenance_it_says_when_that_changes() {
        let mut raw = sample();
        let (days, from, to) = ("mon-fri".to_owned(), "08:30".to_owned(), "17:30".to_owned());
        raw.hours = vec![RawHours { days, from, to }];
        let (from, to) = ("2026-03-02 12:00".to_owned(), "2026-03-02 14:30".to_owned());
        raw.maintenance = vec![RawMaintenance { from, to, reason: "数据迁移".to_owned() }];
        let app = checked(raw);
        let code = RegionCode::new("330106").unwrap();
        let ask = |text| availability(&app, &table(), &code, Channel::App, at(text)).unwrap();
        let open = ask("2026-03-02T10:00:00");
        assert_eq!(open, Availability::Open { until: Some(at("2026-03-02T12:00:00")) });
        assert!(open.is_open() && open.reason().is_none());
        let maintenance = ask("2026-03-02T13:00:00");
        assert_eq!(maintenance.until(), Some(at("2026-03-02T14:30:00")));
        assert_eq!(maintenance.reason(), Some("系统维护：数据迁移，预计3月2日14:30恢复"));
        let closed = ask("2026-03-06T18:00:00");
        let told = "现在不在服务时间（周一至周五08:30—17:30），3月9日08:30开放";
        assert!(matches!(closed, Availability::ClosedToday { .. }));
        assert_eq!((closed.reason(), closed.is_open()), (Some(told), false));
        assert_eq!(closed.until(), Some(at("2026-03-09T08:30:00")));
    }

    #[test]
    fn every_channel_that_has_an_app_shows_one_name_and_one_status() {
        let mut app = checked(sample());
        app.channels = Channel::ALL.to_vec();
        let code = RegionCode::new("330106").unwrap();
        let now = at("2026-03-02T10:00:00");
        let by = |channel| availability(&app, &table(), &code, channel, now).unwrap();
        assert!(Channel::ALL.iter().all(|channel| by(*channel) == by(Channel::App)));
    }
}
