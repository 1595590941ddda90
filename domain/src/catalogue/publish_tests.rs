//! Publishing over a store in memory, with files of a language that these tests read.

use super::*;
use crate::catalogue::samples::{category, checked, field, sample, table};
use crate::catalogue::{CatalogueParts, CatalogueSource as _, Followed, FollowedCatalogue};
use crate::fakes::samples::at;
use crate::fakes::{FakeClock, InMemoryStore};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The fakes answer at once.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(done) = polled else { panic!("it waits") };
    done
}

/// A file says `name of the app|form version|name of its first field`; `!` is a fault.
struct LineReader;

impl DefinitionReader for LineReader {
    fn read(&self, files: &[AppFile], version: u32) -> Result<Catalogue, Vec<FileFault>> {
        let faulty = files.iter().filter(|file| file.text.contains('!'));
        let faults: Vec<FileFault> = faulty
            .map(|file| FileFault {
                file: file.path.clone(),
                line: 1,
                what: "is a fault".to_owned(),
            })
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let apps = files.iter().filter_map(|file| self.read_app(file)).collect();
        let categories = vec![category("transport_travel", 1)];
        let parts = CatalogueParts { version, categories, apps, regions: table() };
        Catalogue::check(parts).map_err(|faults| panic!("{faults:?}"))
    }

    fn read_app(&self, file: &AppFile) -> Option<AppDefinition> {
        let parts: Vec<&str> = file.text.split('|').collect();
        let [name, form_version, first] = parts.as_slice() else { return None };
        let mut raw = sample();
        raw.slug = file.path.trim_end_matches(".toml").to_owned();
        raw.name.zh = (*name).to_owned();
        raw.form_version = form_version.parse().ok()?;
        raw.fields.push(field(first, "text"));
        Some(checked(raw))
    }

    fn place(&self, _: &[AppFile], app: &AppSlug, _: &'static str) -> (String, usize) {
        (format!("{app}.toml"), 2)
    }

    fn digest(&self, files: &[AppFile]) -> String {
        files.iter().map(|file| format!("{}={};", file.path, file.text)).collect()
    }
}

fn files(texts: &[&str]) -> Vec<AppFile> {
    let names = ["a", "b", "c"].iter().zip(texts);
    names.map(|(n, t)| AppFile { path: format!("{n}.toml"), text: (*t).to_owned() }).collect()
}

fn publisher() -> PublishApps {
    let versions = Arc::new(InMemoryStore::new());
    PublishApps { versions, reader: Arc::new(LineReader), clock: Arc::new(FakeClock::at(at(0))) }
}

fn publish(apps: &PublishApps, texts: &[&str]) -> Result<u32, PublishError> {
    wait(apps.publish_files("编", files(texts), None, "改")).map(|head| head.number)
}

fn faults(refused: Result<u32, PublishError>) -> Vec<String> {
    let Err(PublishError::Faults(faults)) = refused else { panic!("{refused:?}") };
    faults
        .into_iter()
        .map(|fault| format!("{}:{}: {}", fault.file, fault.line, fault.what))
        .collect()
}

#[test]
fn versions_grow_by_one_and_are_kept() {
    let apps = publisher();
    assert_eq!(publish(&apps, &["甲|1|x"]).unwrap(), 1);
    assert_eq!(publish(&apps, &["乙|1|x"]).unwrap(), 2);
    assert!(matches!(publish(&apps, &["乙|1|x"]), Err(PublishError::NothingChanged)));
    let first = wait(apps.versions.find_version(1)).unwrap().unwrap();
    assert_eq!((first.files[0].text.as_str(), first.head.by.as_str()), ("甲|1|x", "编"));
    let diff = wait(apps.diff(1, 2)).unwrap();
    assert_eq!(diff[0].text, "-甲|1|x\n+乙|1|x\n");
}

#[test]
fn of_two_who_publish_beside_the_same_version_one_is_told() {
    let apps = publisher();
    publish(&apps, &["甲|1|x"]).unwrap();
    let one = wait(apps.publish_files("编", files(&["乙|1|x"]), Some(1), "改"));
    assert_eq!(one.unwrap().number, 2);
    let other = wait(apps.publish_files("辑", files(&["丙|1|x"]), Some(1), "改"));
    assert!(matches!(other, Err(PublishError::Conflict { newest: 2 })), "{other:?}");
}

#[test]
fn a_version_with_any_fault_is_refused_with_all_of_them() {
    let apps = publisher();
    publish(&apps, &["甲|1|x"]).unwrap();
    let got = faults(publish(&apps, &["!", "乙|1|x", "!"]));
    assert_eq!(got, ["a.toml:1: is a fault", "c.toml:1: is a fault"]);
    assert_eq!(wait(apps.versions.newest_version()).unwrap(), Some(1));
}

#[test]
fn a_form_whose_fields_changed_has_a_higher_number() {
    let apps = publisher();
    publish(&apps, &["甲|2|x"]).unwrap();
    let same = ["a.toml:2: form_version: the fields changed; it must be more than 2"];
    assert_eq!(faults(publish(&apps, &["甲|2|y"])), same);
    let back = ["a.toml:2: form_version: it must not go back from 2"];
    assert_eq!(faults(publish(&apps, &["甲|1|y"])), back);
    assert_eq!(publish(&apps, &["甲|3|y"]).unwrap(), 2);
    assert_eq!(publish(&apps, &["甲的新名字|3|y"]).unwrap(), 3, "words may change");
}

#[test]
fn rolling_back_is_a_new_version_with_the_old_files_and_forms() {
    let apps = publisher();
    publish(&apps, &["甲|1|x"]).unwrap();
    publish(&apps, &["甲|2|y"]).unwrap();
    let back = wait(apps.roll_back("编", 1, 2, "有误")).unwrap();
    assert_eq!((back.number, back.note.as_str()), (3, "回到第1版：有误"));
    let now = wait(apps.versions.find_version(3)).unwrap().unwrap();
    assert_eq!(now.files, files(&["甲|1|x"]));
    let got = faults(publish(&apps, &["甲|2|z"]));
    assert_eq!(got, ["a.toml:2: form_version: the fields changed; it must be more than 2"]);
    let unknown = wait(apps.roll_back("编", 9, 3, "有误"));
    assert!(matches!(unknown, Err(PublishError::UnknownVersion(9))));
    let form = wait(apps.versions.find_form(&AppSlug::new("a").unwrap(), 2)).unwrap().unwrap();
    assert_eq!(form.file.text, "甲|2|y", "the form of the version that was left");
}

#[test]
fn drafts_are_published_together_and_gone_then() {
    let apps = publisher();
    publish(&apps, &["甲|1|x", "乙|1|x"]).unwrap();
    let draft = |path: &str, text: Option<&str>| {
        let (path, text, by) = (path.to_owned(), text.map(str::to_owned), "编".to_owned());
        let audit = AuditRecord::new(at(1), "编", "APPS_DRAFT", &path, "");
        wait(apps.versions.save_app_draft(&AppDraft { path, text, by, at: at(1) }, &audit))
            .unwrap();
    };
    draft("a.toml", Some("!"));
    draft("b.toml", None);
    let view = wait(apps.draft()).unwrap();
    assert_eq!((view.base, view.drafts.len(), view.changes.len(), view.faults.len()), (1, 2, 2, 1));
    assert!(matches!(wait(apps.publish_drafts("编", 1, "改")), Err(PublishError::Faults(_))));
    draft("a.toml", Some("丙|1|x"));
    assert_eq!(wait(apps.publish_drafts("编", 1, "改")).unwrap().number, 2);
    let now = wait(apps.versions.find_version(2)).unwrap().unwrap();
    assert_eq!(now.files, files(&["丙|1|x"]));
    assert!(wait(apps.draft()).unwrap().drafts.is_empty());
}

#[test]
fn files_of_the_program_become_a_version_unless_an_editor_was_there_or_they_were_one() {
    let apps = publisher();
    let begin = |texts: &[&str]| wait(apps.begin(files(texts)));
    assert_eq!(begin(&["甲|1|x"]).unwrap().catalogue.version(), 1);
    assert_eq!(begin(&["甲|1|x"]).unwrap().catalogue.version(), 1, "a second start");
    assert_eq!(begin(&["乙|1|x"]).unwrap().catalogue.version(), 2, "a newer program");
    let older = begin(&["甲|1|x"]).unwrap();
    assert_eq!(
        (older.catalogue.version(), older.passed_over),
        (2, false),
        "an older node restarts"
    );
    publish(&apps, &["丙|1|x"]).unwrap();
    let after = begin(&["丁|1|x"]).unwrap();
    assert_eq!((after.catalogue.version(), after.passed_over), (3, true), "the editor's stays");
    assert!(matches!(begin(&["乙|1|x"]).map(|b| b.catalogue.version()), Ok(3)));
}

#[test]
fn a_node_follows_what_another_one_publishes_and_keeps_what_it_can_read() {
    let apps = publisher();
    let begun = wait(apps.begin(files(&["甲|1|x"]))).unwrap().catalogue;
    let reader: Arc<dyn DefinitionReader> = Arc::new(LineReader);
    let node = FollowedCatalogue::new(begun, apps.versions.clone(), reader);
    assert_eq!(wait(node.follow()).unwrap(), Followed::Same);
    let held = node.current();
    publish(&apps, &["乙|1|x"]).unwrap();
    assert_eq!(wait(node.follow()).unwrap(), Followed::Moved(2));
    assert_eq!(node.current().apps().next().unwrap().name.zh, "乙");
    assert_eq!(held.apps().next().unwrap().name.zh, "甲", "who holds one keeps it");
    let mut newer = wait(apps.versions.find_version(2)).unwrap().unwrap();
    newer.head.number = 3;
    newer.files[0].text = "!".to_owned();
    let audit = AuditRecord::new(at(1), "编", "APPS_PUBLISH", "apps/3", "");
    let (forms, drafts) = (Vec::new(), Vec::new());
    let new = NewVersion { version: newer, forms, audit, drafts };
    wait(apps.versions.publish_version(&new)).unwrap();
    assert!(wait(node.follow()).is_err(), "told once");
    assert_eq!(wait(node.follow()).unwrap(), Followed::Same);
    assert_eq!(node.current().version(), 2);
}
