//! The contract of `FileStore`, and what only a database can do wrong with files.

use crate::bench::Bench;
use crate::databases::{both, run};
use domain::fakes::samples::{at, person};
use domain::files::{FileKind, FileStore, NewFile, Put, Quota, Sha256, StoredFile};
use domain::ids::{FileId, PersonId};
use domain::outside::StoreError;

/// What every `FileStore` must do.
pub async fn file_store_contract<S: FileStore + Clone + 'static>(
    new_bench: impl AsyncFn() -> Bench<S>,
) {
    a_file_comes_back_as_it_came(&new_bench().await.store).await;
    the_same_content_is_one_file_until_it_is_used(&new_bench().await.store).await;
    a_quota_holds_for_those_who_come_at_once(&new_bench().await).await;
    only_owners_use_a_file_and_all_or_none(&new_bench().await.store).await;
    what_goes_with_nothing_is_swept(&new_bench().await.store).await;
}

const ROOM: Quota = Quota { files: 50, bytes: 50_000_000 };

fn id(number: u8) -> FileId {
    FileId::new(&format!("F{number}")).unwrap()
}

fn owner(name: &str) -> PersonId {
    person(name).id
}

/// A picture of P1 that came at that second; its content differs by the number.
fn file(number: u8, second: i64) -> NewFile {
    NewFile {
        id: id(number),
        person: owner("P1"),
        kind: FileKind::Png,
        content: vec![number; 1_000],
        sha256: Sha256([number; 32]),
        at: at(second),
    }
}

fn kept(put: Put) -> StoredFile {
    match put {
        Put::Kept(stored) => stored,
        Put::OverQuota => panic!("over the quota"),
    }
}

async fn a_file_comes_back_as_it_came(store: &impl FileStore) {
    // Of several pieces, the last one short; no text.
    let content: Vec<u8> = (0..700_001_u32).map(|byte| byte.to_le_bytes()[0] ^ 0x80).collect();
    let new = NewFile { content: content.clone(), ..file(1, 0) };
    let stored = kept(store.put(&new, &ROOM).await.unwrap());
    let expected = StoredFile {
        id: id(1),
        person: owner("P1"),
        kind: FileKind::Png,
        size: 700_001,
        uploaded_at: at(0),
        used_at: None,
    };
    assert_eq!(stored, expected);
    assert_eq!(store.read_file(&id(1)).await.unwrap(), Some(content));
    assert_eq!(store.read_file(&id(2)).await.unwrap(), None);
    let found = store.list_owned(&[owner("P2"), owner("P1")], &[id(1), id(2)]).await.unwrap();
    assert_eq!(found, [expected]);
    assert_eq!(store.list_owned(&[owner("P2")], &[id(1)]).await.unwrap(), []);
}

async fn the_same_content_is_one_file_until_it_is_used(store: &impl FileStore) {
    kept(store.put(&file(1, 0), &ROOM).await.unwrap());
    let again = NewFile { id: id(2), ..file(1, 60) };
    let same = kept(store.put(&again, &ROOM).await.unwrap());
    assert_eq!((&same.id, same.uploaded_at), (&id(1), at(60)), "its day begins anew");
    let others = NewFile { id: id(3), person: owner("P2"), ..file(1, 60) };
    assert_eq!(kept(store.put(&others, &ROOM).await.unwrap()).id, id(3), "another person's");
    store.mark_used(&[owner("P1")], &[id(1)], at(61)).await.unwrap();
    let third = NewFile { id: id(4), ..file(1, 62) };
    assert_eq!(kept(store.put(&third, &ROOM).await.unwrap()).id, id(4), "the first is in use");
}

async fn a_quota_holds_for_those_who_come_at_once<S: FileStore + Clone + 'static>(
    bench: &Bench<S>,
) {
    let quota = Quota { files: 3, bytes: 1_000_000 };
    let tasks = (1..=8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move { store.put(&file(number, 0), &quota).await.unwrap() })
    });
    let mut taken = 0;
    for task in tasks.collect::<Vec<_>>() {
        taken += usize::from(matches!(task.await.unwrap(), Put::Kept(_)));
    }
    assert_eq!(taken, 3);
    let store = &bench.store;
    let more = store.put(&file(9, 1), &quota).await.unwrap();
    assert_eq!(more, Put::OverQuota);
    let others = NewFile { person: owner("P2"), ..file(9, 1) };
    kept(store.put(&others, &quota).await.unwrap());
    let a_day_later = Quota::WITHIN.as_secs();
    let small = Quota { bytes: 1_999, ..quota };
    kept(store.put(&file(10, a_day_later), &small).await.unwrap());
    let heavy = store.put(&file(11, a_day_later), &small).await.unwrap();
    assert_eq!(heavy, Put::OverQuota, "by its bytes");
}

async fn only_owners_use_a_file_and_all_or_none(store: &impl FileStore) {
    for number in [1, 2] {
        kept(store.put(&file(number, 0), &ROOM).await.unwrap());
    }
    let used =
        async |owners: &[PersonId], ids: &[FileId]| store.mark_used(owners, ids, at(5)).await;
    let stranger = [owner("P2")];
    let merged = [owner("P2"), owner("P1")];
    for (owners, ids) in [(&stranger[..], vec![id(1)]), (&merged[..], vec![id(1), id(9)])] {
        assert!(matches!(used(owners, &ids).await, Err(StoreError::Conflict)));
    }
    let state = async || store.list_owned(&[owner("P1")], &[id(1), id(2)]).await.unwrap();
    assert!(state().await.iter().all(|file| file.used_at.is_none()), "nothing changed");
    used(&merged, &[id(1), id(1)]).await.unwrap();
    store.mark_used(&merged, &[id(1), id(2)], at(9)).await.unwrap();
    used(&merged, &[]).await.unwrap();
    let times: Vec<_> = state().await.iter().map(|file| file.used_at).collect();
    assert_eq!(times, [Some(at(5)), Some(at(9))], "the first use is the one that counts");
}

async fn what_goes_with_nothing_is_swept(store: &impl FileStore) {
    for number in 1..=4 {
        kept(store.put(&file(number, i64::from(number)), &ROOM).await.unwrap());
    }
    store.mark_used(&[owner("P1")], &[id(2)], at(9)).await.unwrap();
    assert_eq!(store.sweep_files(at(4), 1).await.unwrap(), 1);
    assert_eq!(store.sweep_files(at(4), 9).await.unwrap(), 1);
    assert_eq!(store.sweep_files(at(4), 9).await.unwrap(), 0);
    let ids = [1, 2, 3, 4].map(id);
    let left = store.list_owned(&[owner("P1")], &ids).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|file| file.id).collect();
    assert_eq!(left, [id(2), id(4)]);
    assert_eq!(store.read_file(&id(1)).await.unwrap(), None);
    let late = store.mark_used(&[owner("P1")], &[id(1)], at(9)).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "it is gone");
}

#[tokio::test]
async fn a_content_with_a_piece_lost_or_moved_is_corrupt() {
    for opened in both().await {
        let content = vec![7; 300_000];
        for number in [1, 2] {
            let new = NewFile { content: content.clone(), ..file(number, 0) };
            kept(opened.store.put(&new, &ROOM).await.unwrap());
        }
        let piece = "SELECT content FROM uploaded_file_piece WHERE file_id = 'F2' AND place = 1";
        for spoil in [
            format!(
                "UPDATE uploaded_file_piece SET content = ({piece}) \
                 WHERE file_id = 'F1' AND place = 1"
            ),
            "DELETE FROM uploaded_file_piece WHERE file_id = 'F1' AND place = 1".to_owned(),
        ] {
            run(&opened, &spoil).await.unwrap();
            let read = opened.store.read_file(&id(1)).await;
            assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{spoil}");
        }
        assert_eq!(opened.store.read_file(&id(2)).await.unwrap(), Some(content));
    }
}
