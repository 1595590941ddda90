//! The catalogue of items (执收项目) and the regions: data files read into the binary.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::late_fee::{LateFee, Period};
use crate::clock::Day;

const ITEMS: &str = include_str!("../../data/payment_items.toml");
const REGIONS: &str = include_str!("../../data/regions.csv");
/// Days after the decision within which nothing late is due.
const FREE_DAYS: i64 = 15;
/// 加处罚款, on which the late fee of every fine is booked.
const ADDED_FINE: &str = "106019900";
/// The item of every notice that names none.
pub(crate) const TRAFFIC_FINE: &str = "106010100";

static CATALOGUE: LazyLock<Vec<CatalogueItem>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        item: Vec<CatalogueItem>,
    }
    let file: File = toml::from_str(ITEMS).expect("the catalogue in the binary is well-formed");
    file.item
});

/// One item and its rules.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub(crate) struct CatalogueItem {
    /// 9 digits.
    pub(crate) code: String,
    chit_code: Option<String>,
    #[serde(rename(serialize = "name"))]
    pub(crate) name_zh: String,
    pub(crate) agency_type: String,
    pub(crate) revenue_class: String,
    pub(crate) unit: String,
    pub(crate) amount_mode: String,
    pub(crate) amount_min_fen: i64,
    pub(crate) amount_max_fen: i64,
    late_fee: String,
    /// The most that being late costs, in times of the principal; no limit when empty.
    late_cap: Option<i64>,
    pub(crate) share_central: i64,
    pub(crate) share_province: i64,
    pub(crate) share_local: i64,
    pub(crate) destination: String,
    pub(crate) receipt_class: String,
    pub(crate) valid_to: Option<String>,
}

/// All items, in the order of their codes.
pub(crate) fn all() -> &'static [CatalogueItem] {
    &CATALOGUE
}

/// An item by its 9 digits or by its CHITCODE of 8.
pub(crate) fn find(code: &str) -> Option<&'static CatalogueItem> {
    all().iter().find(|item| item.code == code || item.chit_code() == code)
}

impl CatalogueItem {
    /// The 9 digits without the second, which is 0 in every class; one item has its own.
    pub(crate) fn chit_code(&self) -> String {
        self.chit_code.clone().unwrap_or_else(|| format!("{}{}", &self.code[..1], &self.code[2..]))
    }

    /// What being late costs, for a principal decided on a day.
    pub(crate) fn late_fee(&self, principal_fen: i64, decided: Day) -> LateFee {
        let Some((per_million, period)) = rate(&self.late_fee) else {
            return LateFee::None;
        };
        LateFee::Rate {
            per_million,
            period,
            first_late_day: decided.plus(FREE_DAYS + 1),
            cap_fen: self.late_cap.map_or(0, |times| principal_fen.saturating_mul(times)),
        }
    }

    /// The item that the late fee is booked on.
    pub(crate) fn late_item(&self) -> &'static str {
        let code = if self.code.starts_with("106") { ADDED_FINE } else { &self.code };
        find(code).map_or("", |item| item.code.as_str())
    }

    /// Whether the collecting agency computes late fees itself: tax offices do.
    pub(crate) fn is_counted_by_agency(&self) -> bool {
        matches!(self.agency_type.as_str(), "地税部门" | "国税部门")
    }

    /// The last four digits of a unit's code, the same for one kind of agency everywhere.
    pub(crate) fn agency_digits(&self) -> String {
        if self.agency_type == "公安交管部门" {
            return "1102".to_owned();
        }
        let mut types: Vec<&str> = all().iter().map(|item| item.agency_type.as_str()).collect();
        types.sort_unstable();
        types.dedup();
        let index = types.iter().position(|name| *name == self.agency_type).unwrap_or(0);
        format!("{:04}", 2001 + index)
    }
}

/// `3%/day` as 30000 millionths a day.
fn rate(text: &str) -> Option<(i64, Period)> {
    let (percent, period) = text.split_once("%/")?;
    let period = match period {
        "day" => Period::Day,
        "month" => Period::Month,
        _ => return None,
    };
    let (whole, decimals) = percent.split_once('.').unwrap_or((percent, ""));
    let padded = format!("{decimals:0<4}");
    let per_million = whole.parse::<i64>().ok()? * 10_000 + padded.parse::<i64>().ok()?;
    Some((per_million, period))
}

/// The name of a region that exists on a day.
pub(crate) fn region_name(code: &str, day: Day) -> Option<&'static str> {
    REGIONS.lines().skip(1).find_map(|line| {
        let mut fields = line.split(',');
        let mut next = || fields.next().unwrap_or_default();
        let (own, name, _, level, from, to) = (next(), next(), next(), next(), next(), next());
        let begun = Day::from_text(from).is_none_or(|from| from <= day);
        let ended = Day::from_text(to).is_some_and(|to| to < day);
        let real = level != "municipal_district_group";
        (own == code && real && begun && !ended).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_item_of_the_catalogue_is_whole_and_has_codes_of_its_own() {
        assert_eq!(all().len(), 195);
        let mut codes = BTreeSet::new();
        for item in all() {
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let chit = item.chit_code();
            assert!(item.code.len() == 9 && digits(&item.code) && &item.code[1..2] == "0");
            assert!(chit.len() == 8 && digits(&chit), "{chit}");
            assert!(codes.insert(item.code.clone()) && codes.insert(chit.clone()), "{chit}");
            assert_eq!(find(&chit).unwrap().code, item.code);
            assert_eq!(item.share_central + item.share_province + item.share_local, 100);
            assert!((0..=item.amount_max_fen).contains(&item.amount_min_fen), "{}", item.code);
            assert_eq!(item.late_fee == "none", rate(&item.late_fee).is_none(), "{}", item.code);
            let class = item.receipt_class.as_str();
            assert!(["01", "02", "03", "04", "05", "06", "none"].contains(&class), "{class}");
            let places = ["treasury", "fiscal_account", "social_insurance_fund", "agency_account"];
            assert!(places.contains(&item.destination.as_str()), "{}", item.destination);
            assert!(find(item.late_item()).is_some());
            let days = item.valid_to.as_deref().map(Day::from_text);
            assert_ne!(days, Some(None), "{}", item.code);
        }
        assert_eq!(find("102010200").unwrap().chit_code(), "00034002");
        assert_eq!(find(TRAFFIC_FINE).unwrap().chit_code(), "16010100");
    }

    #[test]
    fn rates_are_read_to_the_millionth() {
        assert_eq!(rate("3%/day"), Some((30_000, Period::Day)));
        assert_eq!(rate("0.05%/day"), Some((500, Period::Day)));
        assert_eq!(rate("0.2%/month"), Some((2_000, Period::Month)));
        for none in ["none", "3%", "x%/day", "3%/year"] {
            assert_eq!(rate(none), None, "{none}");
        }
    }

    #[test]
    fn fines_book_their_late_fee_apart_and_surcharges_on_themselves() {
        assert_eq!(find(TRAFFIC_FINE).unwrap().late_item(), "106019900");
        assert_eq!(find("101130100").unwrap().late_item(), "101130100");
        let decided = Day(0);
        let water = find("101130100").unwrap().late_fee(10_000, decided);
        // 0.2 per cent a day, five times the principal at most.
        assert_eq!((water.fen(10_000, Day(16)), water.fen(10_000, Day(90_000))), (20, 50_000));
        let land = find("102010900").unwrap().late_fee(5_000_000_000_000, decided);
        assert_eq!(land.fen(5_000_000_000_000, Day(17)), 10_000_000_000);
    }

    #[test]
    fn regions_are_those_of_the_day() {
        let day = |text| Day::from_text(text).unwrap();
        assert_eq!(region_name("330102", day("2016-07-01")), Some("上城区"));
        assert_eq!(region_name("330103", day("2026-03-02")), None);
        assert_eq!(region_name("330101", day("2016-07-01")), None);
        assert_eq!(region_name("330100", day("2026-03-02")), Some("杭州市"));
    }
}
