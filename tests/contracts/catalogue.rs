//! The contracts of `CatalogueVersions` and `SearchMisses`.

use crate::bench::{AccountPorts, Bench};
use domain::catalogue::{
    AppDraft, AppFile, AppSlug, CatalogueVersion, KnownForm, Miss, NewVersion, VersionHead,
};
use domain::fakes::samples::at;
use domain::identity::{AuditRecord, AuditTrail};
use domain::outside::StoreError;

/// What every store of versions must do.
pub async fn catalogue_contract<S: AccountPorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    versions_are_kept_as_they_were_published(&new_bench().await.store).await;
    of_many_who_publish_at_once_one_wins(&new_bench().await).await;
    forms_are_kept_with_their_newest_file(&new_bench().await.store).await;
    drafts_go_with_the_version_that_has_them(&new_bench().await.store).await;
    searches_in_vain_add_up(&new_bench().await).await;
}

fn version(number: u32, text: &str) -> NewVersion {
    let file = |path: &str| AppFile { path: path.to_owned(), text: format!("{text}\n\"字\"") };
    let head = VersionHead {
        number,
        digest: format!("digest of {text}"),
        by: "编".to_owned(),
        at: at(i64::from(number)),
        note: "改".to_owned(),
    };
    let files = vec![file("a/b.toml"), file("categories.toml")];
    let form = KnownForm { app: slug("b"), form_version: 1, file: files[0].clone() };
    let audit = AuditRecord::new(at(1), "编", "APPS_PUBLISH", &format!("apps/{number}"), "改");
    NewVersion {
        version: CatalogueVersion { head, files },
        forms: vec![form],
        audit,
        drafts: Vec::new(),
    }
}

fn slug(text: &str) -> AppSlug {
    AppSlug::new(text).unwrap()
}

async fn versions_are_kept_as_they_were_published(store: &impl AccountPorts) {
    assert_eq!(store.newest_version().await.unwrap(), None);
    assert_eq!(store.find_version(1).await.unwrap(), None);
    for (number, text) in [(1, "one"), (2, "two"), (3, "one")] {
        store.publish_version(&version(number, text)).await.unwrap();
    }
    assert_eq!(store.newest_version().await.unwrap(), Some(3));
    assert_eq!(store.find_version(2).await.unwrap(), Some(version(2, "two").version));
    assert!(store.was_published("digest of two").await.unwrap());
    assert!(!store.was_published("digest of three").await.unwrap());
    let numbers = |heads: Vec<VersionHead>| heads.into_iter().map(|h| h.number).collect::<Vec<_>>();
    assert_eq!(numbers(store.list_versions(None, 2).await.unwrap()), [3, 2]);
    assert_eq!(numbers(store.list_versions(Some(2), 2).await.unwrap()), [1]);
    let told = AuditTrail::list(store, None, 10).await.unwrap();
    assert_eq!((told.len(), told[0].record.subject.as_str()), (3, "apps/3"));
}

async fn of_many_who_publish_at_once_one_wins<S: AccountPorts>(bench: &Bench<S>) {
    bench.store.publish_version(&version(1, "begin")).await.unwrap();
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(
            async move { store.publish_version(&version(2, &format!("of {number}"))).await },
        )
    });
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(error) => assert!(matches!(error, StoreError::Conflict), "{error:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(bench.store.newest_version().await.unwrap(), Some(2));
    let told = AuditTrail::list(&bench.store, None, 10).await.unwrap();
    assert_eq!(told.len(), 2, "who lost did nothing");
}

async fn forms_are_kept_with_their_newest_file(store: &impl AccountPorts) {
    store.publish_version(&version(1, "one")).await.unwrap();
    let mut second = version(2, "two");
    store.publish_version(&second).await.unwrap();
    let form = store.find_form(&slug("b"), 1).await.unwrap().unwrap();
    assert_eq!(form, second.forms[0]);
    assert_eq!(store.find_form(&slug("b"), 2).await.unwrap(), None);
    assert_eq!(store.find_form(&slug("c"), 1).await.unwrap(), None);
    second = version(3, "three");
    second.forms[0].form_version = 2;
    store.publish_version(&second).await.unwrap();
    assert_eq!(store.list_forms().await.unwrap().len(), 2);
    let first = store.find_form(&slug("b"), 1).await.unwrap().unwrap();
    assert!(first.file.text.starts_with("two"), "what is no longer published is kept");
}

async fn drafts_go_with_the_version_that_has_them(store: &impl AccountPorts) {
    let draft = |path: &str, text: Option<&str>, second| AppDraft {
        path: path.to_owned(),
        text: text.map(str::to_owned),
        by: "编".to_owned(),
        at: at(second),
    };
    let audit = AuditRecord::new(at(1), "编", "APPS_DRAFT", "a/b.toml", "");
    let (one, gone) = (draft("a/b.toml", Some("one"), 1), draft("a/c.toml", None, 1));
    let newer = draft("a/b.toml", Some("newer"), 2);
    for written in [&gone, &one, &newer] {
        store.save_app_draft(written, &audit).await.unwrap();
    }
    assert_eq!(store.list_app_drafts().await.unwrap(), [newer.clone(), gone.clone()]);
    let mut first = version(1, "one");
    first.drafts = vec![one, gone];
    store.publish_version(&first).await.unwrap();
    let kept = store.list_app_drafts().await.unwrap();
    assert_eq!(kept, [newer], "what was written anew meanwhile waits for the next version");
    assert!(store.discard_app_draft("a/b.toml", &audit).await.unwrap());
    assert!(!store.discard_app_draft("a/b.toml", &audit).await.unwrap());
    assert_eq!(AuditTrail::list(store, None, 10).await.unwrap().len(), 5);
}

async fn searches_in_vain_add_up<S: AccountPorts>(bench: &Bench<S>) {
    let miss = |text: &str, times, first, last| Miss {
        text: text.to_owned(),
        times,
        first: at(first),
        last: at(last),
    };
    let one = [miss("飞机票", 2, 1, 3), miss("火箭", 1, 2, 2)];
    bench.store.add_misses(&one).await.unwrap();
    bench.other.add_misses(&[miss("火箭", 4, 5, 6)]).await.unwrap();
    let all = bench.store.list_misses(10).await.unwrap();
    assert_eq!(all, [miss("火箭", 5, 2, 6), miss("飞机票", 2, 1, 3)]);
    assert_eq!(bench.other.list_misses(1).await.unwrap(), all[..1]);
}
