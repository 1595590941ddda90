//! How long one search takes over many more apps than there are, on one core.

use adapters::reading::ChineseReading;
use domain::catalogue::{AppDefinition, AppSlug, Catalogue, CatalogueParts, SearchIndex};
use std::fmt::Write as _;
use std::time::Instant;

const APPS: usize = 5_000;
const ROUNDS: usize = 20;
const CORE: &str = "0";
const LABELLED: &str = include_str!("../data/search_labelled.csv");

#[test]
fn a_search_over_5_000_apps() {
    pin();
    let real = adapters::definitions::load_embedded().unwrap();
    let many = many(&real);
    let reading = ChineseReading::new().unwrap();
    let started = Instant::now();
    let index = SearchIndex::new(&many, &reading);
    let built_ms = started.elapsed().as_secs_f64() * 1_000.0;
    let queries: Vec<&str> = LABELLED.lines().skip(1).filter_map(|l| l.split(',').nth(2)).collect();
    let mut all = Vec::new();
    let mut slowest = (0.0, "");
    for _ in 0..ROUNDS {
        for query in &queries {
            let started = Instant::now();
            let hits = index.search(query, &reading).unwrap();
            let ms = started.elapsed().as_secs_f64() * 1_000.0;
            assert!(!hits.is_empty(), "{query}");
            all.push(ms);
            if ms > slowest.0 {
                slowest = (ms, query);
            }
        }
    }
    all.sort_by(f64::total_cmp);
    let at = |share: f64| all[(((all.len() - 1) as f64) * share) as usize];
    let mut body = String::new();
    writeln!(
        body,
        "{} queries ({} labelled ones, {ROUNDS} times) over {APPS} apps, whose names and keywords \
         are put together from those of the {} of the catalogue; one thread on core {CORE}. The index \
         was built in {built_ms:.0} ms.\n\n\
         | median ms | p90 | p99 | p99.9 | most |\n|---|---|---|---|---|\n\
         | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} (`{}`) |",
        all.len(),
        queries.len(),
        real.apps().count(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        slowest.0,
        slowest.1
    )
    .unwrap();
    tests::results::write("search", &body);
}

fn pin() {
    let own = std::process::id().to_string();
    let mut taskset = std::process::Command::new("taskset");
    let pinned = taskset.args(["-a", "-p", "-c", CORE, &own]);
    assert!(pinned.stdout(std::process::Stdio::null()).status().unwrap().success());
}

/// The real apps, then such as have half of one's name and half of another's, and keywords of both.
fn many(real: &Catalogue) -> Catalogue {
    let apps: Vec<AppDefinition> = real.apps().cloned().collect();
    let mut all = apps.clone();
    for number in apps.len()..APPS {
        let (one, other) =
            (&apps[number % apps.len()], &apps[(number * 7 + number / 153) % apps.len()]);
        let mut app = one.clone();
        app.slug = AppSlug::new(&format!("synthetic_{number}")).unwrap();
        app.name.zh = format!("{}{}", half(&one.name.zh, true), half(&other.name.zh, false));
        let keyword = |k: usize| {
            let (a, b) = (&one.keywords, &other.keywords);
            let (a, b) = (&a[(number + k) % a.len()], &b[(number / 3 + k) % b.len()]);
            format!("{}{}", half(a, true), half(b, false))
        };
        app.keywords = (0..7).map(keyword).collect();
        all.push(app);
    }
    let parts = CatalogueParts {
        version: 1,
        categories: real.categories().to_vec(),
        apps: all,
        regions: real.regions().clone(),
    };
    Catalogue::check(parts).unwrap()
}

fn half(text: &str, first: bool) -> String {
    let characters: Vec<char> = text.chars().collect();
    let (a, b) = characters.split_at(characters.len().div_ceil(2));
    if first { a } else { b }.iter().collect()
}
