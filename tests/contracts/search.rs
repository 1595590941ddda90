//! How well the search finds what people mean: labelled queries over the real catalogue. The queries
//! of the part `judge` are never looked at while the search is being tuned; those of `tune` are.

use adapters::reading::ChineseReading;
use domain::catalogue::{Catalogue, SearchIndex};
use std::collections::BTreeSet;

const LABELLED: &str = include_str!("../data/search_labelled.csv");

struct Labelled {
    part: &'static str,
    query: &'static str,
    expected: Vec<&'static str>,
}

fn labelled() -> Vec<Labelled> {
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [part, _, query, expected] = cells.as_slice() else { panic!("{line}") };
        Labelled { part, query, expected: expected.split('|').collect() }
    };
    LABELLED.lines().skip(1).map(row).collect()
}

#[test]
fn the_first_hit_is_right_for_nine_of_ten_queries() {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let reading = ChineseReading::new().unwrap();
    let index = SearchIndex::new(&catalogue, &reading);
    let mut right = [("tune", 0_usize, 200_usize), ("judge", 0, 100)];
    for case in labelled() {
        let hits = index.search(case.query, &reading).unwrap();
        let first = hits.first().map(|hit| hit.slug.as_str());
        if first.is_some_and(|slug| case.expected.contains(&slug)) {
            right.iter_mut().filter(|(part, ..)| *part == case.part).for_each(|part| part.1 += 1);
        } else if case.part == "tune" {
            let got: Vec<_> = hits.iter().take(3).map(|hit| hit.slug.as_str()).collect();
            println!("{}: {:?}, not {:?}", case.query, got, case.expected);
        }
    }
    for (part, right, of) in right {
        println!("first hit right, {part}: {right} of {of}");
    }
    for (part, right, of) in right {
        assert!(right * 10 >= of * 9, "{part}: {right} of {of}");
    }
}

#[test]
fn the_labelled_set_is_sound() {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let cases = labelled();
    let of = |part: &str| cases.iter().filter(|case| case.part == part).count();
    assert_eq!((of("tune"), of("judge"), cases.len()), (200, 100, 300));
    let queries: BTreeSet<&str> = cases.iter().map(|case| case.query).collect();
    assert_eq!(queries.len(), 300, "none twice");
    for part in ["tune", "judge"] {
        let of_part = cases.iter().filter(|case| case.part == part);
        let categories: BTreeSet<_> = of_part
            .flat_map(|case| &case.expected)
            .map(|slug| category(&catalogue, slug))
            .collect();
        assert_eq!(categories.len(), 16, "{part}");
    }
}

fn category<'a>(catalogue: &'a Catalogue, slug: &str) -> &'a str {
    let app = catalogue.apps().find(|app| app.slug.as_str() == slug);
    app.unwrap_or_else(|| panic!("{slug}")).category.as_str()
}

#[test]
fn every_app_is_found_by_its_name_its_pinyin_and_each_of_its_keywords() {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let reading = ChineseReading::new().unwrap();
    let index = SearchIndex::new(&catalogue, &reading);
    for app in catalogue.apps() {
        let name = &app.name.zh;
        let hits = index.search(name, &reading).unwrap();
        assert_eq!(hits[0].slug, app.slug, "{name}");
        assert_eq!(hits[0].matched, *name);
        for keyword in &app.keywords {
            let hits = index.search(keyword, &reading).unwrap();
            let found = hits.iter().take(3).any(|hit| hit.slug == app.slug);
            let got: Vec<_> = hits.iter().take(3).map(|hit| hit.slug.as_str()).collect();
            assert!(found, "{keyword} of {name}: {got:?}");
        }
    }
}

#[test]
fn one_text_is_always_answered_alike() {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let reading = ChineseReading::new().unwrap();
    let (one, other) =
        (SearchIndex::new(&catalogue, &reading), SearchIndex::new(&catalogue, &reading));
    for case in labelled() {
        assert_eq!(one.search(case.query, &reading), other.search(case.query, &reading));
    }
}
