use super::super::testing::{DAY, key, town};
use super::*;
use crate::payment::refund_bench::wait;

const GOOD: &str = "A,2,100\nB,2,200\n=2,300";
const OTHER: &str = "A,2,100\nB,2,200\nC,2,5\n=3,305";

#[test]
fn a_good_file_is_used_and_the_same_bytes_again_change_nothing() {
    let town = town();
    let Ingested::Used { file, replaced: None } = town.brings(GOOD) else { panic!() };
    assert_eq!(file.state(), SourceState::Accepted);
    assert_eq!(file.id.to_string(), "WECHAT_TRADE/1900007291/2026-03-02/1");
    assert_eq!((file.accepted.lines, file.accepted.paid.value()), (2, 300));
    assert_eq!(file.accepted.net().unwrap().value(), 298, "two fees of one fen");
    assert_eq!((file.parser.as_str(), file.received_by.as_str()), ("toy/1", "li"));
    let slot = town.slot();
    assert_eq!((slot.state, slot.version, slot.problem), (SourceState::Accepted, Some(1), None));
    assert!(matches!(town.brings(GOOD), Ingested::Same(_)));
    assert_eq!(wait(town.store.list_files(&key(DAY))).unwrap().len(), 1);
    let steps: Vec<_> = file.history.iter().map(|event| event.state.code()).collect();
    assert_eq!(steps, ["RECEIVED", "VERIFIED", "PARSED", "ACCEPTED"]);
    let audit = wait(AuditTrail::list(&town.store, None, 9)).unwrap();
    assert_eq!(audit.len(), 2, "what a person does leaves a line, also when nothing came of it");
    assert_eq!(audit[1].record.subject, file.id.to_string());
}

#[test]
fn a_later_file_takes_the_place_of_the_earlier_and_both_are_kept() {
    let town = town();
    town.brings(GOOD);
    let Ingested::Used { file, replaced: Some(1) } = town.brings(OTHER) else { panic!() };
    assert_eq!(file.id.version, 2);
    let files = wait(town.store.list_files(&key(DAY))).unwrap();
    let states: Vec<_> = files.iter().map(SourceFile::state).collect();
    assert_eq!(states, [SourceState::Superseded, SourceState::Accepted]);
    assert_eq!(wait(town.store.original(&files[0].id)).unwrap().unwrap(), GOOD.as_bytes());
    let Ingested::Used { file, replaced: Some(2) } = town.brings(GOOD) else { panic!() };
    assert_eq!(file.id.version, 3, "back to the first is a third");
}

#[test]
fn a_bad_line_is_set_aside_and_the_rest_goes_on() {
    let town = town();
    let Ingested::Used { file, .. } = town.brings("A,2,100\nbad\n=2,300") else { panic!() };
    assert_eq!((file.state(), file.set_aside), (SourceState::Quarantined, 1));
    let lines = wait(town.store.lines_of(&file.id)).unwrap();
    assert_eq!((lines[0].line_no, lines[0].raw.as_str()), (2, "bad"));
    assert_eq!(town.slot().problem.unwrap().code, DiscrepancyCode::F05);
    assert_eq!(wait(town.store.list_open_lines(9)).unwrap(), lines);
}

#[test]
fn what_cannot_be_trusted_is_evidence_and_takes_nothing_from_what_is_used() {
    let faults = [
        ("cut off", DiscrepancyCode::F02),
        ("A,2,100\n=2,100", DiscrepancyCode::F03),
        ("A,2,100\n=1,101", DiscrepancyCode::F03),
        ("A,3,100\n=1,100", DiscrepancyCode::F02),
    ];
    for (text, code) in faults {
        let town = town();
        let Ingested::Refused(file) = town.brings(text) else { panic!("{text}") };
        assert_eq!(file.fault.unwrap().code, code, "{text}");
        let original = wait(town.store.original(&file.id)).unwrap().unwrap();
        assert_eq!(original, text.as_bytes());
        let slot = town.slot();
        assert_eq!((slot.version, slot.problem.unwrap().code), (None, code), "{text}");
        assert!(matches!(town.brings(text), Ingested::Same(_)), "{text}");
        assert!(matches!(town.brings(GOOD), Ingested::Used { replaced: None, .. }));
        let used = town.slot();
        assert!(matches!(town.brings("A,9"), Ingested::Refused(_)));
        assert_eq!(town.slot().version, used.version);
        assert_eq!(town.slot().problem, None);
    }
}

#[test]
fn the_file_of_another_day_is_known_again() {
    let town = town();
    let (bytes, by) = (b"=0,0".to_vec(), "li".to_owned());
    let of = |day, bytes: &Vec<u8>| Arrived {
        key: key(day),
        bytes: bytes.clone(),
        by: by.clone(),
        approval: None,
    };
    let tomorrow = DAY.tomorrow().unwrap();
    for day in [DAY, tomorrow] {
        let taken = wait(town.ingest.run(&of(day, &bytes))).unwrap();
        assert!(matches!(taken, Ingested::Used { .. }), "empty files are all alike");
    }
    // Every line of it unreadable: no line says that it is of another day.
    let bytes = b"bad\n=1,100".to_vec();
    wait(town.ingest.run(&of(DAY, &bytes))).unwrap();
    let Ingested::Refused(file) = wait(town.ingest.run(&of(tomorrow, &bytes))).unwrap() else {
        panic!()
    };
    assert_eq!(file.fault.unwrap().code, DiscrepancyCode::F04);
    assert_eq!(file.history[1].state, SourceState::Verified);
}

#[test]
fn on_a_closed_day_another_file_waits_for_two_persons_who_agree_to_its_bytes() {
    let town = town();
    *town.desk.closed.lock().unwrap() = true;
    assert!(matches!(town.brings(GOOD), Ingested::Used { .. }), "the first replaces nothing");
    let Ingested::Waits(file) = town.brings(OTHER) else { panic!() };
    assert_eq!(file.state(), SourceState::Parsed);
    let slot = town.slot();
    assert_eq!((slot.version, slot.problem.unwrap().code), (Some(1), DiscrepancyCode::F04));
    assert!(matches!(town.brings_with(OTHER, Some("A7")), Ingested::Waits(_)));
    *town.desk.agreed.lock().unwrap() = Some(("A7", "other bytes".to_owned()));
    assert!(matches!(town.brings_with(OTHER, Some("A7")), Ingested::Waits(_)));
    *town.desk.agreed.lock().unwrap() = Some(("A7", file.sha256));
    assert!(matches!(town.brings(OTHER), Ingested::Waits(_)), "the reference must be named");
    let Ingested::Used { file, replaced: Some(1) } = town.brings_with(OTHER, Some("A7")) else {
        panic!()
    };
    assert_eq!(file.history.last().unwrap().note, "A7");
    let slot = town.slot();
    assert_eq!((slot.version, slot.problem), (Some(2), None));
    let files = wait(town.store.list_files(&key(DAY))).unwrap();
    let states: Vec<_> = files.iter().map(SourceFile::state).collect();
    assert_eq!(states, [SourceState::Superseded, SourceState::Accepted]);
}

#[test]
fn nobody_reads_what_no_reader_is_connected_for() {
    let town = town();
    let key = SourceKey::new(super::super::SourceKind::BankCredits, "6222001", DAY).unwrap();
    let arrived = Arrived { key, bytes: Vec::new(), by: "li".to_owned(), approval: None };
    assert!(matches!(wait(town.ingest.run(&arrived)), Err(IngestError::NoReader("BANK"))));
}

#[test]
fn the_name_of_a_file_reads_back() {
    let id = SourceFileId { key: key(DAY), version: 12 };
    assert_eq!(SourceFileId::read(&id.to_string()), Some(id.clone()));
    for bad in
        ["", "WECHAT_TRADE/1/2026-03-02/0", "WECHAT_TRADE/1/2026-03-02/01", "X/1/2026-03-02/1"]
    {
        assert_eq!(SourceFileId::read(bad), None, "{bad}");
    }
    assert_eq!(SourceFileId::read(&format!("{id}/1")), None);
}
