//! Regions with the days on which they are valid: codes are retired, and some were issued again.

use crate::standards::RegionCode;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};

/// What kind of unit a region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionLevel {
    /// The province.
    Province,
    /// A city.
    City,
    /// The heading 市辖区 of the standard's list: no region anybody lives in.
    DistrictGroup,
    /// A district of a city.
    District,
    /// A county.
    County,
    /// A city at the level of a county.
    CountyCity,
}

impl RegionLevel {
    /// The level that the region file calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "province" => Some(Self::Province),
            "city" => Some(Self::City),
            "municipal_district_group" => Some(Self::DistrictGroup),
            "district" => Some(Self::District),
            "county" => Some(Self::County),
            "county_city" => Some(Self::CountyCity),
            _ => None,
        }
    }
}

/// A region during the days on which its code meant it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Unique on any one day.
    pub code: RegionCode,
    /// Chinese name.
    pub name: String,
    /// The region above.
    pub parent: RegionCode,
    /// What it is.
    pub level: RegionLevel,
    /// First day; `None`: before our records begin.
    pub valid_from: Option<Date>,
    /// First day on which it is gone; `None`: still valid.
    pub valid_to: Option<Date>,
}

impl Region {
    /// Does it exist on that day?
    pub fn valid(&self, on: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= on) && self.valid_to.is_none_or(|to| on < to)
    }
}

/// Why rows make no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionFault {
    /// A region without a name.
    #[error("region {0} has no name")]
    Unnamed(RegionCode),
    /// A region that ends before it begins.
    #[error("region {0} ends before it begins")]
    Backwards(RegionCode),
    /// Two regions of one code on one day.
    #[error("region {0} is there twice on the same day")]
    Overlap(RegionCode),
    /// A region below nothing.
    #[error("region {0} is below {1}, which is not there")]
    Orphan(RegionCode, RegionCode),
    /// No province, or more than one.
    #[error("the table has {0} provinces; it must have one")]
    Provinces(usize),
}

/// All regions of the province, at all times. The key is code and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionTable {
    root: RegionCode,
    by_code: BTreeMap<RegionCode, Vec<Region>>,
    /// The same rows: every app of every home page is looked up here several times.
    found: HashMap<RegionCode, Vec<Region>>,
}

impl RegionTable {
    /// # Errors
    /// Every [`RegionFault`] of the rows.
    pub fn check(rows: Vec<Region>) -> Result<Self, Vec<RegionFault>> {
        let provinces: Vec<RegionCode> = rows
            .iter()
            .filter(|row| row.level == RegionLevel::Province)
            .map(|row| row.code.clone())
            .collect();
        let mut by_code: BTreeMap<RegionCode, Vec<Region>> = BTreeMap::new();
        for row in rows {
            by_code.entry(row.code.clone()).or_default().push(row);
        }
        let mut faults: Vec<RegionFault> =
            by_code.values().flat_map(|same_code| faults_of(same_code, &by_code)).collect();
        match provinces.as_slice() {
            [root] if faults.is_empty() => {
                let found = by_code.clone().into_iter().collect();
                Ok(Self { root: root.clone(), by_code, found })
            }
            [_] => Err(faults),
            others => {
                faults.push(RegionFault::Provinces(others.len()));
                Err(faults)
            }
        }
    }

    /// The province.
    pub fn root(&self) -> &RegionCode {
        &self.root
    }

    /// The region that `code` means on that day.
    pub fn find(&self, code: &RegionCode, on: Date) -> Option<&Region> {
        self.found.get(code)?.iter().find(|region| region.valid(on))
    }

    /// Whether `code` has meant a region on any day.
    pub fn ever(&self, code: &RegionCode) -> bool {
        self.by_code.contains_key(code)
    }

    /// The regions directly below, by code. The headings 市辖区 are left out.
    pub fn children(&self, parent: &RegionCode, on: Date) -> Vec<&Region> {
        self.by_code
            .values()
            .flatten()
            .filter(|region| region.parent == *parent && region.valid(on))
            .filter(|region| region.level != RegionLevel::DistrictGroup)
            .collect()
    }

    /// Is `code` on that day `ancestor` itself, or below it?
    pub fn contains(&self, ancestor: &RegionCode, code: &RegionCode, on: Date) -> bool {
        let mut next = self.find(code, on);
        // The province, a city, a county: no table is deeper, and a loop in one must end.
        for _ in 0..4 {
            match next {
                Some(region) if region.code == *ancestor => return true,
                Some(region) => next = self.find(&region.parent, on),
                None => return false,
            }
        }
        false
    }
}

fn faults_of(
    same_code: &[Region],
    by_code: &BTreeMap<RegionCode, Vec<Region>>,
) -> Vec<RegionFault> {
    let mut faults = Vec::new();
    for (at, region) in same_code.iter().enumerate() {
        let code = region.code.clone();
        if region.name.trim().is_empty() {
            faults.push(RegionFault::Unnamed(code.clone()));
        }
        if region.valid_from.zip(region.valid_to).is_some_and(|(from, to)| from >= to) {
            faults.push(RegionFault::Backwards(code.clone()));
        }
        if same_code[at + 1..].iter().any(|other| overlap(region, other)) {
            faults.push(RegionFault::Overlap(code.clone()));
        }
        if region.level != RegionLevel::Province && !by_code.contains_key(&region.parent) {
            faults.push(RegionFault::Orphan(code, region.parent.clone()));
        }
    }
    faults
}

fn overlap(one: &Region, other: &Region) -> bool {
    let begins = |region: &Region| region.valid_from.unwrap_or(Date::MIN);
    let ends = |region: &Region| region.valid_to.unwrap_or(Date::MAX);
    begins(one) < ends(other) && begins(other) < ends(one)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{region, table};
    use super::*;
    use jiff::civil::date;

    fn code(text: &str) -> RegionCode {
        RegionCode::new(text).unwrap()
    }

    fn children(parent: &str, on: Date) -> Vec<String> {
        let table = table();
        let found = table.children(&code(parent), on);
        found.into_iter().map(|region| region.code.to_string()).collect()
    }

    #[test]
    fn a_code_means_what_it_meant_on_that_day() {
        let (table, before, after) = (table(), date(2021, 4, 8), date(2021, 4, 9));
        assert_eq!(table.find(&code("330102"), before).unwrap().valid_from, None);
        assert_eq!(table.find(&code("330102"), after).unwrap().valid_to, None);
        assert!(table.find(&code("330104"), before).is_some());
        assert!(table.find(&code("330104"), after).is_none());
        assert!(table.ever(&code("330104")));
        assert!(!table.ever(&code("330199")));
    }

    #[test]
    fn headings_and_retired_regions_are_not_offered() {
        assert_eq!(children("330100", date(2020, 1, 1)), ["330102", "330104", "330106"]);
        assert_eq!(children("330100", date(2026, 1, 1)), ["330102", "330106"]);
        assert_eq!(children("330000", date(2026, 1, 1)), ["330100", "330200"]);
        assert!(children("330106", date(2026, 1, 1)).is_empty());
    }

    #[test]
    fn a_region_contains_itself_and_what_is_below_it() {
        let (table, on) = (table(), date(2026, 1, 1));
        for (ancestor, below, expected) in [
            ("330000", "330106", true),
            ("330100", "330106", true),
            ("330106", "330106", true),
            ("330106", "330100", false),
            ("330200", "330106", false),
            ("330000", "330104", false),
            ("330000", "310000", false),
        ] {
            let got = table.contains(&code(ancestor), &code(below), on);
            assert_eq!(got, expected, "{below} in {ancestor}");
        }
    }

    #[test]
    fn all_faults_of_a_table_are_told_at_once() {
        let rows = [
            "330100,杭州市,330000,city,,",
            "330102,,330100,district,,2021-04-09",
            "330102,上城区,330100,district,2021-04-08,",
            "330103,下城区,330300,district,2021-04-09,2020-01-01",
        ];
        let faults = RegionTable::check(rows.iter().map(|line| region(line)).collect());
        let expected = [
            RegionFault::Orphan(code("330100"), code("330000")),
            RegionFault::Unnamed(code("330102")),
            RegionFault::Overlap(code("330102")),
            RegionFault::Backwards(code("330103")),
            RegionFault::Orphan(code("330103"), code("330300")),
            RegionFault::Provinces(0),
        ];
        assert_eq!(faults, Err(expected.to_vec()));
    }
}
