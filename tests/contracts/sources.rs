//! The contract of `SourceStore`.

use crate::bench::{Bench, EveryPort};
use domain::fakes::samples::at;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::reconciliation::source::{
    Arrival, FileEvent, KeptFile, KeptLine, LineDone, LineState, SlotChange, SourceFault,
    SourceFile, SourceFileId, SourceKey, SourceKind, SourceProblem, SourceSlot, SourceState,
    SourceStore, Totals,
};
use domain::reconciliation::{DiscrepancyCode, Trailer};
use jiff::civil::{Date, date};

const DAY: Date = date(2026, 3, 2);

/// What every `SourceStore` must do.
pub async fn source_store_contract<S: EveryPort + SourceStore>(
    new_bench: impl AsyncFn() -> Bench<S>,
) {
    a_place_comes_back_and_is_saved_by_who_read_it_last(&new_bench().await).await;
    places_come_by_day_kind_and_owner(&new_bench().await.store).await;
    a_file_comes_back_with_its_bytes_lines_and_steps(&new_bench().await.store).await;
    of_two_files_at_once_one_is_kept(&new_bench().await).await;
    steps_are_added_to_older_files_too(&new_bench().await.store).await;
    the_same_bytes_of_another_day_are_found(&new_bench().await.store).await;
    a_line_is_settled_once(&new_bench().await.store).await;
    open_lines_are_those_of_files_in_use(&new_bench().await.store).await;
    a_file_of_a_thousand_bad_lines_comes_back(&new_bench().await.store).await;
}

fn key(kind: SourceKind, owner: &str, day: Date) -> SourceKey {
    SourceKey::new(kind, owner, day).unwrap()
}

fn trade() -> SourceKey {
    key(SourceKind::WeChatTrade, "1900007291", DAY)
}

fn event(state: SourceState, seconds: i64) -> FileEvent {
    FileEvent { state, at: at(seconds), by: "li".to_owned(), note: "说明\u{1F600}".to_owned() }
}

fn line(id: &SourceFileId, line_no: u32) -> KeptLine {
    KeptLine {
        file: id.clone(),
        line_no,
        raw: format!("`2026-03-02,`王\u{feff}\0{line_no}"),
        reason: "应有24列，实有2列".to_owned(),
        amount: line_no.is_multiple_of(2).then(|| Fen::new(-7)),
        state: LineState::Open,
    }
}

/// Used, with so many lines that could not be read.
fn kept(key: &SourceKey, version: u32, sha256: &str, lines: u32) -> KeptFile {
    let id = SourceFileId { key: key.clone(), version };
    let state = if lines > 0 { SourceState::Quarantined } else { SourceState::Accepted };
    let file = SourceFile {
        id: id.clone(),
        sha256: sha256.to_owned(),
        hash: "9f2a".to_owned(),
        bytes: 5,
        received_at: at(100),
        received_by: "li".to_owned(),
        arrival: Arrival::Person,
        parser: "wechat-trade/1".to_owned(),
        trailer: Some(Trailer { count: 3, paid: Fen::new(300), refunded: Fen::new(5) }),
        accepted: Totals {
            lines: 2,
            paid: Fen::new(200),
            refunded: Fen::new(5),
            fee: Fen::new(-1),
        },
        set_aside: lines,
        fault: None,
        history: vec![event(SourceState::Received, 100), event(state, 101)],
    };
    let lines = (1..=lines).map(|line_no| line(&id, line_no)).collect();
    KeptFile { file, original: format!("{sha256}\0\u{feff}").into_bytes(), lines }
}

fn change(slot: SourceSlot) -> SlotChange {
    SlotChange { slot, steps: Vec::new() }
}

async fn slot(store: &impl SourceStore, key: &SourceKey) -> SourceSlot {
    let found = store.find_slot(key).await.unwrap();
    found.unwrap_or_else(|| SourceSlot::expected(key.clone()))
}

/// Keeps it as the one in use.
async fn keep(store: &impl SourceStore, kept: &KeptFile) {
    let slot = slot(store, &kept.file.id.key).await;
    let slot = slot.filled(&kept.file, kept.file.state(), at(101));
    store.keep(kept, &change(slot)).await.unwrap();
}

async fn a_place_comes_back_and_is_saved_by_who_read_it_last<S: EveryPort + SourceStore>(
    bench: &Bench<S>,
) {
    let (store, other) = (&bench.store, &bench.other);
    assert_eq!(store.find_slot(&trade()).await.unwrap(), None);
    let problem =
        SourceProblem {
            code: DiscrepancyCode::F01, note: "未按时到达".to_owned(), since: at(11)
        };
    let late = SourceSlot {
        state: SourceState::Late,
        problem: Some(problem),
        next_try_at: Some(at(1_800)),
        ..SourceSlot::expected(trade())
    };
    store.save_slot(&change(late.clone())).await.unwrap();
    let saved = SourceSlot { revision: 1, ..late.clone() };
    assert_eq!(slot(other, &trade()).await, saved);
    let again = other.save_slot(&change(late)).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "somebody was first");
    let nothing = SourceSlot {
        state: SourceState::Nothing,
        problem: None,
        next_try_at: None,
        ..saved.clone()
    };
    other.save_slot(&change(nothing.clone())).await.unwrap();
    assert_eq!(slot(store, &trade()).await, SourceSlot { revision: 2, ..nothing });
    let old = store.save_slot(&change(saved)).await;
    assert!(matches!(old, Err(StoreError::Conflict)), "it was saved since it was read");
}

async fn places_come_by_day_kind_and_owner(store: &impl SourceStore) {
    let tomorrow = DAY.tomorrow().unwrap();
    let keys = [
        trade(),
        key(SourceKind::BankCredits, "6222001", DAY),
        key(SourceKind::AgencyConfirmations, "330101", DAY),
        key(SourceKind::AgencyConfirmations, "330102", DAY),
        key(SourceKind::WeChatTrade, "1900007291", tomorrow),
    ];
    for key in keys.iter().rev() {
        store.save_slot(&change(SourceSlot::expected(key.clone()))).await.unwrap();
    }
    let listed = store.list_slots(DAY, tomorrow).await.unwrap();
    let listed: Vec<_> = listed.into_iter().map(|slot| slot.key).collect();
    assert_eq!(listed, keys);
    assert_eq!(store.list_slots(tomorrow, tomorrow).await.unwrap().len(), 1);
    let yesterday = DAY.yesterday().unwrap();
    assert_eq!(store.list_slots(yesterday, yesterday).await.unwrap(), []);
}

async fn a_file_comes_back_with_its_bytes_lines_and_steps(store: &impl SourceStore) {
    let good = kept(&trade(), 1, &"a".repeat(64), 3);
    assert_eq!(store.find_file(&good.file.id).await.unwrap(), None);
    assert_eq!(store.original(&good.file.id).await.unwrap(), None);
    keep(store, &good).await;
    assert_eq!(store.find_file(&good.file.id).await.unwrap(), Some(good.file.clone()));
    assert_eq!(store.original(&good.file.id).await.unwrap(), Some(good.original.clone()));
    assert_eq!(store.lines_of(&good.file.id).await.unwrap(), good.lines);
    let mut bad = kept(&trade(), 2, &"b".repeat(64), 0);
    bad.original = Vec::new();
    bad.file.trailer = None;
    let fault = SourceFault { code: DiscrepancyCode::F02, reason: "压缩包损坏".to_owned() };
    bad.file.fault = Some(fault);
    bad.file.history = vec![event(SourceState::Received, 1), event(SourceState::Refused, 2)];
    store.keep(&bad, &change(slot(store, &trade()).await)).await.unwrap();
    assert_eq!(store.original(&bad.file.id).await.unwrap(), Some(Vec::new()));
    let files = store.list_files(&trade()).await.unwrap();
    assert_eq!(files, [good.file, bad.file]);
    let other = key(SourceKind::WeChatTrade, "1900007292", DAY);
    assert_eq!(store.list_files(&other).await.unwrap(), []);
}

async fn of_two_files_at_once_one_is_kept<S: EveryPort + SourceStore>(bench: &Bench<S>) {
    let (one, two) = (kept(&trade(), 1, &"a".repeat(64), 1), kept(&trade(), 1, &"b".repeat(64), 1));
    let read = SourceSlot::expected(trade());
    let filled = |kept: &KeptFile| change(read.filled(&kept.file, kept.file.state(), at(1)));
    bench.store.keep(&one, &filled(&one)).await.unwrap();
    let second = bench.other.keep(&two, &filled(&two)).await;
    assert!(matches!(second, Err(StoreError::Conflict)));
    assert_eq!(bench.other.list_files(&trade()).await.unwrap(), [one.file]);
    // The same version is free, but the place was saved since it was read.
    let third = kept(&trade(), 2, &"c".repeat(64), 1);
    let late = bench.other.keep(&third, &filled(&third)).await;
    assert!(matches!(late, Err(StoreError::Conflict)));
    assert_eq!(bench.store.list_files(&trade()).await.unwrap().len(), 1, "all or nothing");
    assert_eq!(bench.store.lines_of(&third.file.id).await.unwrap(), []);
}

async fn steps_are_added_to_older_files_too(store: &impl SourceStore) {
    let (first, second) =
        (kept(&trade(), 1, &"a".repeat(64), 0), kept(&trade(), 2, &"b".repeat(64), 0));
    keep(store, &first).await;
    let slot = slot(store, &trade()).await.filled(&second.file, SourceState::Accepted, at(1));
    let steps = vec![(1, event(SourceState::Superseded, 200))];
    store.keep(&second, &SlotChange { slot, steps }).await.unwrap();
    let files = store.list_files(&trade()).await.unwrap();
    let states: Vec<_> = files.iter().map(SourceFile::state).collect();
    assert_eq!(states, [SourceState::Superseded, SourceState::Accepted]);
    assert_eq!(files[0].history.len(), 3);
    assert_eq!(store.find_file(&first.file.id).await.unwrap(), Some(files[0].clone()));
}

async fn the_same_bytes_of_another_day_are_found(store: &impl SourceStore) {
    let hash = "a".repeat(64);
    let tomorrow = key(SourceKind::WeChatTrade, "1900007291", DAY.tomorrow().unwrap());
    keep(store, &kept(&trade(), 1, &hash, 0)).await;
    assert_eq!(store.other_day_of(&tomorrow, &hash).await.unwrap(), Some(DAY));
    assert_eq!(store.other_day_of(&trade(), &hash).await.unwrap(), None, "it is its own day");
    assert_eq!(store.other_day_of(&tomorrow, &"b".repeat(64)).await.unwrap(), None);
    let other = key(SourceKind::WeChatTrade, "1900007292", DAY.tomorrow().unwrap());
    assert_eq!(store.other_day_of(&other, &hash).await.unwrap(), None);
    // The same bytes may be kept for two places.
    keep(store, &kept(&other, 1, &hash, 0)).await;
    let original = store.original(&SourceFileId { key: other, version: 1 }).await.unwrap();
    assert_eq!(original, Some(kept(&trade(), 1, &hash, 0).original));
}

async fn a_line_is_settled_once(store: &impl SourceStore) {
    let file = kept(&trade(), 1, &"a".repeat(64), 2);
    keep(store, &file).await;
    let done = LineDone { by: "li".to_owned(), at: at(500), reason: "分隔符错误".to_owned() };
    let totals = Totals { lines: 1, paid: Fen::new(95), refunded: Fen::ZERO, fee: Fen::new(1) };
    let text = "`2026-03-02 10:00:00,`王\0".to_owned();
    let state = LineState::Repaired { text, totals, done: done.clone() };
    let repaired = KeptLine { state, ..file.lines[0].clone() };
    let stale = change(SourceSlot::expected(trade()));
    let refused = store.settle_line(&repaired, &stale).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "the place is another by now");
    assert_eq!(store.lines_of(&file.file.id).await.unwrap(), file.lines, "all or nothing");
    store.settle_line(&repaired, &change(slot(store, &trade()).await)).await.unwrap();
    let dropped = KeptLine { state: LineState::Dropped { done }, ..file.lines[1].clone() };
    let last = event(SourceState::Accepted, 501);
    let slot_now = SourceSlot { state: SourceState::Accepted, ..slot(store, &trade()).await };
    let whole = SlotChange { slot: slot_now, steps: vec![(1, last.clone())] };
    store.settle_line(&dropped, &whole).await.unwrap();
    let lines = store.lines_of(&file.file.id).await.unwrap();
    assert_eq!(lines, [repaired.clone(), dropped]);
    let stored = store.find_file(&file.file.id).await.unwrap().unwrap();
    assert_eq!(stored.history.last(), Some(&last));
    let again = store.settle_line(&repaired, &change(slot(store, &trade()).await)).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "it is not open");
}

async fn open_lines_are_those_of_files_in_use(store: &impl SourceStore) {
    let tomorrow = key(SourceKind::WeChatTrade, "1900007291", DAY.tomorrow().unwrap());
    let later = kept(&tomorrow, 1, &"c".repeat(64), 1);
    keep(store, &later).await;
    let (old, new) = (kept(&trade(), 1, &"a".repeat(64), 2), kept(&trade(), 2, &"b".repeat(64), 2));
    keep(store, &old).await;
    assert_eq!(store.list_open_lines(2).await.unwrap(), old.lines);
    keep(store, &new).await;
    let open: Vec<_> = new.lines.iter().chain(&later.lines).cloned().collect();
    assert_eq!(store.list_open_lines(100).await.unwrap(), open);
}

async fn a_file_of_a_thousand_bad_lines_comes_back(store: &impl SourceStore) {
    let bad = kept(&trade(), 1, &"a".repeat(64), 1_234);
    keep(store, &bad).await;
    assert_eq!(store.lines_of(&bad.file.id).await.unwrap(), bad.lines);
}

#[tokio::test]
async fn the_databases_refuse_to_change_or_delete_what_came() {
    for opened in crate::databases::both().await {
        let file = kept(&trade(), 1, &"a".repeat(64), 2);
        keep(&opened.store, &file).await;
        for sql in [
            "UPDATE statement_original SET content = 'AAAA'",
            "UPDATE statement_original SET sha256 = 'x'",
            "DELETE FROM statement_original",
            "UPDATE source_file SET paid = 1",
            "UPDATE source_file SET sha256 = sha256",
            "DELETE FROM source_file",
            "UPDATE source_event SET state = 'ACCEPTED'",
            "DELETE FROM source_event",
            "UPDATE source_line SET raw = 'AAAA' WHERE line_no = 1",
            "UPDATE source_line SET reason = '' WHERE line_no = 1",
            "UPDATE source_line SET amount = 5 WHERE line_no = 1",
            "UPDATE source_line SET state = 'DROPPED' WHERE line_no = 1",
            "DELETE FROM source_line WHERE line_no = 1",
        ] {
            let done = crate::databases::run(&opened, sql).await;
            assert!(done.is_err(), "{sql}");
        }
        let good = "UPDATE source_line SET state = 'DROPPED', done_at = 1 WHERE line_no = 1";
        assert_eq!(crate::databases::run(&opened, good).await, Ok(1));
        for sql in [
            "UPDATE source_line SET state = 'OPEN', done_at = NULL WHERE line_no = 1",
            "UPDATE source_line SET done_reason = 'other' WHERE line_no = 1",
        ] {
            assert!(crate::databases::run(&opened, sql).await.is_err(), "{sql}");
        }
        assert_eq!(opened.store.find_file(&file.file.id).await.unwrap(), Some(file.file));
    }
}
