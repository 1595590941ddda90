//! Invariants over the whole folder, and what is said about faulty files.

use super::*;
use domain::catalogue::{AppKind, Availability, FieldType, OwnData, ShownAs};
use domain::identity::IdentityLevel;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

const APPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/apps");

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("yiwang-apps-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        for (path, text) in files {
            folder.write(path, text.as_bytes());
        }
        folder
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn faults(&self) -> Vec<String> {
        let faults = load(&self.0).err().map(|faults| faults.0).unwrap_or_default();
        faults.iter().map(DefinitionFault::to_string).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays behind is the temporary folder's to clear.
        drop(fs::remove_dir_all(&self.0));
    }
}

const CATEGORY: &str = "format = 1\n\n[[category]]\nslug = \"travel\"\n\
    name = { zh = \"出行\", en = \"Travel\" }\norder = 1\n";

const APP: &str = r#"format = 1
slug = "fines"
name = { zh = "违章", en = "Fines" }
summary = "查询违章；由省公安厅提供"
kind = "query"
identity_level = "phone"
channels = ["app"]
audience = ["person"]
department = "省公安厅"
coverage = ["330000"]
provenance = "composed"

[[field]]
name = "plate_no"
type = "plate_no"
label = { zh = "车牌号" }
required = true

[look_up]
operation = "traffic.violations"
sends = ["plate_no"]

[[row]]
from = "fine_fen"
label = { zh = "罚款" }
shown_as = "money"
"#;

fn folder(app: &str) -> Folder {
    Folder::with(&[(CATEGORIES, CATEGORY), ("travel/fines.toml", app)])
}

#[test]
fn the_whole_folder_is_sound() {
    let catalogue = load(Path::new(APPS)).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(catalogue.version(), 1);
    assert_eq!(catalogue.categories().len(), 16);
    assert!(catalogue.apps().count() >= 153, "apps may come, but slugs stay for ever");
    for category in catalogue.categories() {
        assert!(catalogue.apps_of(&category.slug).count() > 0, "{} is empty", category.slug);
    }
}

#[test]
fn the_program_carries_the_same_catalogue() {
    let (read, carried) = (load(Path::new(APPS)).unwrap(), load_embedded().unwrap());
    assert!(read.apps().eq(carried.apps()));
    assert_eq!(read.categories(), carried.categories());
    assert_eq!(read.regions(), carried.regions());
}

#[test]
fn verified_data_goes_out_only_for_the_caller_and_money_is_always_marked() {
    for app in load_embedded().unwrap().apps() {
        let reads = matches!(app.kind, AppKind::Query | AppKind::Certificate);
        for field in &app.fields {
            let verified = app.identity_level >= IdentityLevel::RealName;
            if reads && verified && field.name == "id_card" {
                assert_eq!(field.own, Some(OwnData::IdCard), "{}", app.slug);
            }
            if field.field_type == FieldType::Uscc {
                assert_eq!(field.own, Some(OwnData::Uscc), "{}: anybody's company", app.slug);
            }
        }
        for row in &app.rows {
            let money = row.shown_as == ShownAs::Money;
            assert_eq!(money, row.from.ends_with("_fen"), "{}: {}", app.slug, row.from);
        }
    }
}

#[test]
fn an_app_is_open_exactly_if_something_runs_behind_it() {
    let catalogue = load_embedded().unwrap();
    let now: jiff::Timestamp = "2026-03-02T10:00:00+08:00".parse().unwrap();
    let mut open = 0;
    for app in catalogue.apps() {
        let region = &app.coverage[0];
        let channel = app.channels[0];
        let availability = catalogue.availability(app, region, channel, now).unwrap();
        let maintenance = matches!(availability, Availability::Maintenance { .. });
        assert_eq!((availability.is_open(), maintenance), (app.runs(), !app.runs()));
        assert!(app.runs() || app.kind != AppKind::Query, "{}: every look-up runs", app.slug);
        open += usize::from(app.runs());
    }
    assert!(open >= 79, "{open}");
}

#[test]
fn an_app_of_some_cities_names_them_in_the_province() {
    let catalogue = load_embedded().unwrap();
    let root = catalogue.regions().root();
    let now: jiff::Timestamp = "2026-03-02T10:00:00+08:00".parse().unwrap();
    let today = domain::clock::beijing_day(now);
    let mut some_cities = 0;
    for app in catalogue.apps().filter(|app| !app.coverage.contains(root)) {
        let closed = catalogue.availability(app, root, app.channels[0], now).unwrap();
        let reason = closed.reason().unwrap();
        for code in &app.coverage {
            let name = &catalogue.regions().find(code, today).unwrap().name;
            assert!(reason.contains(name), "{}: {reason}", app.slug);
        }
        some_cities += 1;
    }
    assert!(some_cities > 0);
}

#[test]
fn a_small_folder_is_enough() {
    assert!(folder(APP).faults().is_empty());
}

#[test]
fn all_faults_of_all_files_are_told_with_their_lines() {
    let faulty = APP
        .replace("kind = \"query\"", "kind = \"buy\"")
        .replace("type = \"plate_no\"", "type = \"plate\"")
        .replace("[\"plate_no\"]", "[\"colour\"]")
        .replace("shown_as = \"money\"", "shown_as = \"bold\"");
    let folder = folder(&faulty);
    folder.write("travel/other.toml", APP.as_bytes());
    folder.write("sport/fines.toml", APP.as_bytes());
    folder.write("stray.toml", APP.as_bytes());
    folder.write("travel/new.toml", b"format = 2");
    folder.write("travel/latin.toml", b"format = 1\nslug = \"\xE9\"");
    folder.write("travel/large.toml", "#".repeat(70_000).as_bytes());
    folder.write("travel/notes.txt", b"not ours");
    let expected = [
        "sport/fines.toml:1: app.fines.category: there is no category `sport`",
        "stray.toml:1: an app file belongs into its category's folder",
        "travel/fines.toml:5: kind: `buy` is unknown; known are query, book, apply, pay, certif",
        "travel/fines.toml:15: field.plate_no.type: `plate` is unknown; known are id_card, plat",
        "travel/fines.toml:21: look_up.sends: there is no field `colour`",
        "travel/fines.toml:26: row.fine_fen.shown_as: `bold` is unknown; known are text, money",
        "travel/large.toml:1: the file has more than 65536 bytes",
        "travel/latin.toml:2: the file is not UTF-8",
        "travel/new.toml:1: format: 2 is unknown; this program reads 1",
        "travel/other.toml:2: slug: `fines` is not the file's name, `other`",
    ];
    let got = folder.faults();
    for fault in expected {
        assert!(got.iter().any(|line| line.starts_with(fault)), "{fault}\n{}", got.join("\n"));
    }
    assert!(!got.iter().any(|line| line.contains("notes.txt")));
}

#[test]
fn keys_and_values_that_do_not_belong_are_found_in_their_line() {
    for (from, to, expected) in [
        ("required = true", "requird = true", "travel/fines.toml:17: unknown field `requird`"),
        ("required = true", "required = 1", "travel/fines.toml:17: invalid type"),
        ("[look_up]", "[look_out]", "travel/fines.toml:19: unknown field `look_out`"),
        ("kind = \"query\"", "kind = ", "travel/fines.toml:5: "),
        ("format = 1\n", "", "travel/fines.toml:1: missing field `format`"),
        ("slug = \"fines\"", "slug = \"fines\"\nslug = \"b\"", "travel/fines.toml:3: duplicate"),
    ] {
        let got = folder(&APP.replacen(from, to, 1)).faults();
        assert!(got[0].starts_with(expected), "{expected}: {got:?}");
    }
}

#[test]
fn a_parameter_can_have_the_departments_own_name() {
    let renamed = APP.replace("[\"plate_no\"]", "[{ field = \"plate_no\", as = \"hphm\" }]");
    let catalogue = load(&folder(&renamed).0).unwrap();
    let app = catalogue.apps().next().unwrap();
    assert_eq!(app.call().unwrap().sends[0].parameter, "hphm");
}

#[test]
fn keywords_are_read_and_their_faults_have_a_line() {
    let with = |keywords: &str| {
        APP.replacen("provenance =", &format!("keywords = {keywords}\nprovenance ="), 1)
    };
    let catalogue = load(&folder(&with("[\"罚单\", \"违停\"]")).0).unwrap();
    assert_eq!(catalogue.apps().next().unwrap().keywords, ["罚单", "违停"]);
    let got = folder(&with("[\"罚单\", \"罚单\"]")).faults();
    assert_eq!(got, ["travel/fines.toml:11: keywords: `罚单` is there twice"]);
}

#[test]
fn folders_without_categories_or_without_anything_are_faults() {
    assert_eq!(Folder::with(&[]).faults().len(), 2, "no folder, no categories");
    let got = Folder::with(&[("travel/fines.toml", APP)]).faults();
    assert_eq!(got, ["categories.toml:1: the file is not there"]);
    let twice = format!("{CATEGORY}{}", CATEGORY.trim_start_matches("format = 1\n"));
    let got = Folder::with(&[(CATEGORIES, &twice), ("travel/fines.toml", APP)]).faults();
    assert_eq!(
        got,
        [
            "categories.toml:9: category.travel.slug: `travel` is there twice",
            "categories.toml:11: category.travel.order: `1` is there twice",
        ]
    );
}

#[test]
fn too_many_files_are_refused_and_not_all_read() {
    let folder = folder(APP);
    for number in 0..210 {
        folder.write(&format!("travel/a{number}.toml"), b"format = 1");
    }
    assert_eq!(folder.faults()[0], ":1: the folder has more than 200 files");
}

#[test]
fn broken_files_never_panic() {
    let mut texts = BTreeMap::new();
    for (number, (at, _)) in APP.char_indices().step_by(7).enumerate() {
        let (before, after) = APP.split_at(at);
        texts.insert(format!("cut{number}"), before.to_owned());
        for (name, garbage) in [("quote", "\""), ("bracket", "[["), ("zero", "\0"), ("wide", "字")]
        {
            texts.insert(format!("{name}{number}"), format!("{before}{garbage}{after}"));
        }
    }
    texts.insert("deep".to_owned(), format!("a = {}1{}", "[".repeat(9000), "]".repeat(9000)));
    texts.insert("long".to_owned(), format!("slug = \"{}\"", "s".repeat(60_000)));
    texts.insert("huge".to_owned(), "format = 99999999999999999999".to_owned());
    for (name, text) in texts {
        let mut collected = Collected::default();
        let path = format!("travel/{name}.toml");
        let file = SourceFile { path, text: text.into() };
        let app = app_of(&file, &mut collected);
        // Garbage inside a Chinese text is a text still.
        assert!(app.is_some() || !collected.is_empty(), "{name}");
    }
}
