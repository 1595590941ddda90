use super::super::Ingested;
use super::super::testing::{DAY, Town, key, town};
use super::*;
use crate::payment::refund_bench::wait;
use crate::reconciliation::source::SourceState;

/// Two lines of which the second and third cannot be read.
fn damaged() -> (Town, SourceFileId) {
    let town = town();
    let taken = town.brings("A,2,100\nB;2;200\n???\n=3,305");
    let Ingested::Used { file, .. } = taken else { panic!() };
    (town, file.id)
}

fn order(file: &SourceFileId, line_no: u32, text: Option<&str>) -> RepairOrder {
    let repair = text.map_or(Repair::Drop, |text| Repair::Text(text.to_owned()));
    let (reason, by) = ("分隔符错误".to_owned(), "li".to_owned());
    RepairOrder { file: file.clone(), line_no, repair, reason, by }
}

fn run(town: &Town, order: &RepairOrder) -> Result<KeptLine, RepairError> {
    wait(town.repair.run(order))
}

#[test]
fn a_repaired_line_is_read_by_the_same_reader_and_the_original_stays() {
    let (town, file) = damaged();
    let before = wait(town.ingest.sources.original(&file)).unwrap();
    let line = run(&town, &order(&file, 2, Some("B,2,200"))).unwrap();
    assert_eq!(line.raw, "B;2;200");
    let LineState::Repaired { text, totals, done } = line.state else { panic!() };
    assert_eq!((text.as_str(), totals.paid.value(), done.by.as_str()), ("B,2,200", 200, "li"));
    assert_eq!(wait(town.ingest.sources.original(&file)).unwrap(), before);
    assert_eq!(town.slot().state, SourceState::Quarantined, "one line is open");
    assert!(matches!(run(&town, &order(&file, 2, None)), Err(RepairError::Done)));
    run(&town, &order(&file, 3, Some("C,2,5"))).unwrap();
    assert_eq!((town.slot().state, town.slot().problem), (SourceState::Accepted, None));
    let lines = wait(town.ingest.sources.lines_of(&file)).unwrap();
    let stored = wait(town.ingest.sources.find_file(&file)).unwrap().unwrap();
    assert_eq!(stored.used(&lines).unwrap().paid.value(), 305);
}

#[test]
fn a_line_that_is_none_is_dropped_and_nobody_waits_for_it() {
    let (town, file) = damaged();
    run(&town, &order(&file, 2, None)).unwrap();
    run(&town, &order(&file, 3, None)).unwrap();
    assert_eq!(town.slot().state, SourceState::Accepted);
    assert_eq!(wait(town.ingest.sources.list_open_lines(9)).unwrap(), []);
}

#[test]
fn what_is_no_repair_changes_nothing() {
    let (town, file) = damaged();
    let refused = |order: &RepairOrder| run(&town, order).unwrap_err();
    let bad = refused(&order(&file, 2, Some("B,2")));
    assert!(matches!(bad, RepairError::StillBad(why) if why == "应有3列"));
    let two = refused(&order(&file, 2, Some("B,2,200\nC,2,5")));
    assert!(matches!(two, RepairError::StillBad(_)));
    let foreign = refused(&order(&file, 2, Some("B,3,200")));
    assert!(matches!(foreign, RepairError::StillBad(why) if why.contains("2026-03-02")));
    assert!(matches!(refused(&order(&file, 2, Some("B,2,206"))), RepairError::Totals));
    assert!(matches!(refused(&order(&file, 1, None)), RepairError::NotFound));
    let other = SourceFileId { key: key(DAY), version: 9 };
    assert!(matches!(refused(&order(&other, 2, None)), RepairError::NotFound));
    for reason in [String::new(), " ".to_owned(), "字".repeat(201)] {
        let unsaid = RepairOrder { reason, ..order(&file, 2, None) };
        assert!(matches!(refused(&unsaid), RepairError::Reason));
    }
    assert_eq!(wait(town.ingest.sources.list_open_lines(9)).unwrap().len(), 2);
    town.brings("A,2,100\n=1,100");
    assert!(matches!(refused(&order(&file, 2, None)), RepairError::NotUsed), "superseded");
}
