//! A few apps, read with a few sounds.

use super::*;
use crate::catalogue::samples::{category, checked, parts, sample, words};
use crate::catalogue::{Catalogue, CatalogueSource, FixedCatalogue, RawApp};
use crate::fakes::InMemoryStore;
use crate::standards::RegionCode;
use jiff::Timestamp;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Knows the sounds of these tests, and that 怎么 and 我 say nothing.
struct SmallReading;

const SOUNDS: [(&str, &str); 14] = [
    ("公工", "gong"),
    ("积鸡", "ji"),
    ("金斤", "jin"),
    ("提题", "ti"),
    ("取曲", "qu"),
    ("查", "cha zha"),
    ("询寻", "xun"),
    ("地", "di de"),
    ("铁", "tie"),
    ("购", "gou"),
    ("票", "piao"),
    ("贷", "dai"),
    ("款", "kuan"),
    ("重", "zhong chong"),
];

impl Reading for SmallReading {
    fn sounds(&self, character: char) -> Vec<String> {
        let row = SOUNDS.iter().find(|(characters, _)| characters.contains(character));
        row.map_or_else(Vec::new, |(_, sounds)| words(sounds))
    }

    fn words<'a>(&self, text: &'a str) -> Vec<ReadWord<'a>> {
        let (mut read, mut rest) = (Vec::new(), text);
        while let Some(c) = rest.chars().next() {
            let length = if rest.starts_with("怎么") { "怎么".len() } else { c.len_utf8() };
            let (text, after) = rest.split_at(length);
            read.push(ReadWord { text, filler: matches!(text, "怎么" | "我") });
            rest = after;
        }
        read
    }
}

fn app(slug: &str, name: &str, keywords: &str, coverage: &str) -> RawApp {
    let mut app = sample();
    slug.clone_into(&mut app.slug);
    name.clone_into(&mut app.name.zh);
    app.keywords = words(keywords);
    app.coverage = words(coverage);
    app
}

fn catalogue() -> Catalogue {
    let mut parts = parts(app("fund_withdrawal", "公积金提取", "取公积金", "330000"));
    parts.categories.push(category("venues", 2));
    for raw in [
        app("fund_query", "公积金查询", "", "330000"),
        app("fund_loan", "公积金贷款", "房贷", "330100"),
        app("metro_ticket", "地铁购票", "坐地铁 地铁卡", "330100"),
        app("b_twin", "孪生应用", "", "330000"),
        app("a_twin", "孪生应用", "", "330000"),
        RawApp { category: "venues".to_owned(), ..app("a_a_twin", "孪生应用", "", "330000") },
    ] {
        parts.apps.push(checked(raw));
    }
    Catalogue::check(parts).unwrap()
}

fn found(text: &str) -> Vec<(String, String)> {
    let hits = SearchIndex::new(&catalogue(), &SmallReading).search(text, &SmallReading).unwrap();
    hits.into_iter().map(|hit| (hit.slug.to_string(), hit.matched)).collect()
}

#[test]
fn names_sounds_initials_and_slips_lead_to_the_same_app() {
    for (text, slug, matched) in [
        ("公积金提取", "fund_withdrawal", "公积金提取"),
        ("我怎么取公积金", "fund_withdrawal", "取公积金"),
        ("gongjijintiqu", "fund_withdrawal", "公积金提取 gong ji jin ti qu"),
        ("gjjtq", "fund_withdrawal", "公积金提取 gong ji jin ti qu"),
        ("工鸡斤题曲", "fund_withdrawal", "公积金提取"),
        ("gogn ji jin cha xun", "fund_query", "公积金查询 gong ji jin cha xun"),
        ("公积金daikuan", "fund_loan", "公积金贷款 gong ji jin dai kuan"),
        ("gjj查询", "fund_query", "公积金查询 gong ji jin cha xun"),
        ("ditiegoupiao", "metro_ticket", "地铁购票 di tie gou piao"),
        ("地铁卡", "metro_ticket", "地铁卡"),
    ] {
        let got = found(text);
        assert_eq!(got[0], (slug.to_owned(), matched.to_owned()), "{text}: {got:?}");
    }
}

#[test]
fn ties_stand_in_the_order_of_the_screen() {
    let got: Vec<String> = found("孪生应用").into_iter().map(|(slug, _)| slug).collect();
    assert_eq!(got, ["a_twin", "b_twin", "a_a_twin"]);
}

#[test]
fn numbers_lead_to_the_field_that_takes_them() {
    let got = found("浙A·12345");
    assert_eq!(got[0], ("a_twin".to_owned(), "标签".to_owned()));
    assert_eq!(got.len(), 7, "every sample has a plate");
    assert!(found("33010119900307123X").is_empty(), "none has a citizen's number");
}

#[test]
fn nothing_in_common_is_no_answer() {
    for text in ["", " ", "🚗", "牛", "xyz", "怎么", "牛羊马鸭", "droptableperson"] {
        assert!(found(text).is_empty(), "{text}: {:?}", found(text));
    }
    let index = SearchIndex::new(&catalogue(), &SmallReading);
    assert_eq!(index.search(&"公".repeat(65), &SmallReading), Err(TextTooLong));
}

/// A catalogue that can be replaced.
struct Published(Mutex<Arc<Catalogue>>);

impl CatalogueSource for Published {
    fn current(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0.lock().unwrap())
    }
}

fn slugs(find: &FindApps, text: &str, region: Option<&str>) -> Vec<String> {
    let region = region.map(|code| RegionCode::new(code).unwrap());
    let found = find.run(text, region.as_ref(), 10, Timestamp::UNIX_EPOCH).unwrap();
    found.hits.into_iter().map(|hit| hit.slug.to_string()).collect()
}

fn finder(catalogue: Arc<dyn CatalogueSource>) -> FindApps {
    FindApps::new(catalogue, Arc::new(SmallReading), Arc::new(InMemoryStore::new()))
}

/// The fakes answer at once.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(done) = polled else { panic!("it waits") };
    done
}

#[test]
fn a_published_change_is_found_at_once() {
    let published = Arc::new(Published(Mutex::new(Arc::new(catalogue()))));
    let find = finder(published.clone());
    assert!(slugs(&find, "重票", None).is_empty());
    let changed = parts(app("new_app", "重票", "", "330000"));
    *published.0.lock().unwrap() = Arc::new(Catalogue::check(changed).unwrap());
    assert_eq!(slugs(&find, "chongpiao", None), ["new_app"]);
    assert!(slugs(&find, "公积金提取", None).is_empty(), "the old one is gone");
}

#[test]
fn what_does_not_serve_the_region_comes_behind_all_that_does() {
    let fixed = Arc::new(FixedCatalogue(Arc::new(catalogue())));
    let find = finder(fixed);
    assert_eq!(slugs(&find, "公积金贷款", None)[0], "fund_loan");
    assert_eq!(slugs(&find, "公积金贷款", Some("330106"))[0], "fund_loan");
    let elsewhere = slugs(&find, "公积金贷款", Some("330200"));
    assert_eq!(elsewhere.last().unwrap(), "fund_loan", "{elsewhere:?}");
    assert_eq!(slugs(&find, "地铁", Some("330200")), ["metro_ticket"], "found all the same");
    let nowhere = RegionCode::new("999999").unwrap();
    let refused = find.run("公积金", Some(&nowhere), 10, Timestamp::UNIX_EPOCH);
    assert!(matches!(refused, Err(FindAppsError::UnknownRegion(_))));
}

#[test]
fn texts_without_an_answer_are_counted_and_numbers_are_not() {
    let fixed = Arc::new(FixedCatalogue(Arc::new(catalogue())));
    let find = finder(fixed);
    for text in ["牛羊", "牛 羊", "公积金", "33010119900307123X", ""] {
        slugs(&find, text, None);
    }
    let misses = wait(find.misses(10)).unwrap();
    assert_eq!(misses.len(), 1, "{misses:?}");
    assert_eq!((misses[0].text.as_str(), misses[0].times), ("牛羊", 2));
}
