//! Whether an app is open: here, by this way, today.

use super::{AppDefinition, RegionTable};
use crate::identity::Channel;
use crate::standards::RegionCode;
use jiff::civil::Date;

/// Whether an app is open for somebody; if not, why, in words for the citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It is.
    Open,
    /// Nothing runs behind it at present.
    Maintenance {
        /// Why, in Chinese.
        reason: String,
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
        Self::Maintenance { reason: "服务接入中，暂未开放办理".to_owned() }
    }

    /// Why it is not open.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Open => None,
            Self::Maintenance { reason }
            | Self::NotInRegion { reason }
            | Self::NotInChannel { reason } => Some(reason),
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
    on: Date,
) -> Result<Availability, UnknownRegion> {
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
    Ok(Availability::Open)
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
    use super::*;
    use jiff::civil::date;

    fn asked(app: &AppDefinition, region: &str, channel: Channel) -> String {
        let code = RegionCode::new(region).unwrap();
        match availability(app, &table(), &code, channel, date(2026, 3, 2)) {
            Ok(Availability::Open) => "open".to_owned(),
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
}
