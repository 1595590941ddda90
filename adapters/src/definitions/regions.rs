//! Reads the region table.
//!
//! The rows are GB/T 2260 for Zhejiang. As of July 2016 they equal gb2260 (revision 201607), today
//! china-division 2.7; in between, the days are those on which the State Council's approvals
//! were given (2021: published). An empty first day means before December 2002.

use super::fault::Collected;
use domain::catalogue::{Region, RegionFault, RegionLevel, RegionTable};
use domain::standards::RegionCode;
use jiff::civil::Date;

const FILE: &str = "regions.csv";
const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/regions.csv"));
const HEADER: &str = "code,name,parent,level,valid_from,valid_to";

/// The table that this program was built with; faults are collected.
pub(super) fn embedded(collected: &mut Collected) -> Option<RegionTable> {
    read(TEXT, collected)
}

/// Plain comma-separated rows: no name of a region has a comma or a quote.
pub(super) fn read(text: &str, collected: &mut Collected) -> Option<RegionTable> {
    let mut lines = text.lines().enumerate();
    if lines.next().is_none_or(|(_, header)| header != HEADER) {
        collected.add(FILE, 1, format!("the first line is not `{HEADER}`"));
        return None;
    }
    let mut rows = Vec::new();
    let mut sound = true;
    for (at, line) in lines {
        match row(line) {
            Ok(region) => rows.push(region),
            Err(what) => {
                collected.add(FILE, at + 1, what.to_owned());
                sound = false;
            }
        }
    }
    if !sound {
        return None;
    }
    let faulty = |faults: Vec<RegionFault>| {
        for fault in faults {
            collected.add(FILE, 1, fault.to_string());
        }
    };
    RegionTable::check(rows).map_err(faulty).ok()
}

fn row(line: &str) -> Result<Region, &'static str> {
    let cells: Vec<&str> = line.split(',').collect();
    let [code, name, parent, level, valid_from, valid_to] = cells[..] else {
        return Err("a row has six cells");
    };
    Ok(Region {
        code: RegionCode::new(code).map_err(|_| "code: not six digits")?,
        name: name.to_owned(),
        parent: RegionCode::new(parent).map_err(|_| "parent: not six digits")?,
        level: RegionLevel::from_word(level).ok_or("level: unknown")?,
        valid_from: day(valid_from).map_err(|_| "valid_from: not a day")?,
        valid_to: day(valid_to).map_err(|_| "valid_to: not a day")?,
    })
}

fn day(cell: &str) -> Result<Option<Date>, jiff::Error> {
    if cell.is_empty() { Ok(None) } else { cell.parse().map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faulty_rows_are_told_with_their_lines() {
        let text = format!(
            "{HEADER}\n330000,浙江省,100000,province,,\n33,杭州市,330000,city,,\n\
             330100,杭州市,330000,town,,\n330100,杭州市,330000,city,2021-02-30,\n330100\n"
        );
        let mut collected = Collected::default();
        assert!(read(&text, &mut collected).is_none());
        assert_eq!(
            collected.into_faults().to_string(),
            "regions.csv:3: code: not six digits\n\
             regions.csv:4: level: unknown\n\
             regions.csv:5: valid_from: not a day\n\
             regions.csv:6: a row has six cells"
        );
        let mut collected = Collected::default();
        assert!(read("", &mut collected).is_none());
        assert!(!collected.is_empty());
    }

    #[test]
    fn the_province_has_eleven_cities_and_ninety_counties_today() {
        let mut collected = Collected::default();
        let table = embedded(&mut collected).unwrap();
        let today = jiff::civil::date(2022, 1, 1);
        let cities = table.children(table.root(), today);
        let counties = cities.iter().map(|city| table.children(&city.code, today).len());
        assert_eq!((cities.len(), counties.sum::<usize>()), (11, 90));
        let then = jiff::civil::date(2016, 12, 31);
        let counties = cities.iter().map(|city| table.children(&city.code, then).len());
        assert_eq!(counties.sum::<usize>(), 89);
    }
}
