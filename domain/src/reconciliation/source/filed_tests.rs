use super::super::testing::{DAY, Town, Toy, key, town};
use super::super::{
    FileKeeper, Repair, RepairOrder, SourceReaders, SourceState, SourceStore, StatementFiles,
};
use super::*;
use crate::payment::refund_bench::wait;
use crate::reconciliation::StatementLine;

const GOOD: &str = "A,2,100\nB,2,200\n=2,300";
const DAMAGED: &str = "A,2,100\nB;2;200\nC,2,5\n=3,305";

fn has(town: &Town, text: &'static str) {
    town.rail.files.lock().unwrap().insert(DAY, text);
}

fn orders(statement: &Statement) -> Vec<&str> {
    statement.lines.iter().map(|line| line.order_no.as_str()).collect()
}

#[test]
fn what_is_fetched_is_kept_once_and_judged_as_it_came() {
    let town = town();
    has(&town, GOOD);
    for _ in 0..3 {
        assert_eq!(orders(&town.fetch().unwrap()), ["A", "B"]);
    }
    let files = wait(town.store.list_files(&key(DAY))).unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!((files[0].arrival, files[0].received_by.as_str()), (Arrival::Fetched, "system"));
    assert_eq!(files[0].hash, format!("hash of {GOOD}"));
    assert_eq!(*town.rail.asked.lock().unwrap(), 3, "never twice for one judging");
}

#[test]
fn a_repaired_line_joins_in_its_place_with_its_original_text() {
    let town = town();
    has(&town, DAMAGED);
    assert_eq!(orders(&town.fetch().unwrap()), ["A", "C"]);
    let file = wait(town.store.list_files(&key(DAY))).unwrap().remove(0).id;
    let repair = Repair::Text("B,2,200".to_owned());
    let (reason, by) = ("分隔符".to_owned(), "li".to_owned());
    wait(town.repair.run(&RepairOrder { file, line_no: 2, repair, reason, by })).unwrap();
    let statement = town.fetch().unwrap();
    assert_eq!(orders(&statement), ["A", "B", "C"]);
    assert_eq!(statement.lines[1].raw, "B;2;200");
    assert_eq!(statement.quarantined, []);
    assert_eq!(statement.check(DAY, &town.merchant), Ok(()), "the totals add up with it");
}

#[test]
fn what_somebody_brought_counts_and_the_rail_is_not_asked() {
    let town = town();
    has(&town, GOOD);
    town.brings("A,2,100\n=1,100");
    assert_eq!(orders(&town.fetch().unwrap()), ["A"]);
    assert_eq!(*town.rail.asked.lock().unwrap(), 0);
}

#[test]
fn a_silent_rail_is_stood_in_for_by_what_is_kept() {
    let town = town();
    assert!(matches!(town.fetch(), Err(StatementError::NotReady)));
    has(&town, GOOD);
    town.fetch().unwrap();
    has(&town, "silent");
    assert_eq!(orders(&town.fetch().unwrap()), ["A", "B"]);
}

#[test]
fn a_damaged_file_is_evidence_and_the_next_good_one_is_used() {
    let town = town();
    has(&town, "cut off");
    assert!(matches!(town.fetch(), Err(StatementError::Damaged(_))));
    assert_eq!(town.slot().problem.unwrap().code, DiscrepancyCode::F02);
    assert!(town.slot().next_try_at.is_some());
    has(&town, "A,2,100\n=1,7");
    let wrong = town.fetch().unwrap();
    assert!(wrong.check(DAY, &town.merchant).is_err(), "whoever judges says it again");
    has(&town, GOOD);
    assert_eq!(orders(&town.fetch().unwrap()), ["A", "B"]);
    let files = wait(town.store.list_files(&key(DAY))).unwrap();
    let states: Vec<_> = files.iter().map(SourceFile::state).collect();
    assert_eq!(states, [SourceState::Refused, SourceState::Refused, SourceState::Accepted]);
}

#[test]
fn a_day_without_transactions_says_so_until_a_file_comes() {
    let town = town();
    has(&town, "");
    assert_eq!(town.fetch().unwrap(), Statement::empty());
    assert_eq!(town.slot().state, SourceState::Nothing);
    has(&town, GOOD);
    town.fetch().unwrap();
    assert_eq!(town.slot().state, SourceState::Accepted);
}

#[test]
fn a_file_that_the_rail_changes_after_the_close_is_not_judged_until_two_agree() {
    let town = town();
    has(&town, GOOD);
    town.fetch().unwrap();
    *town.desk.closed.lock().unwrap() = true;
    has(&town, "A,2,100\n=1,100");
    for _ in 0..2 {
        assert_eq!(orders(&town.fetch().unwrap()), ["A", "B"]);
    }
    assert_eq!(town.slot().problem.unwrap().code, DiscrepancyCode::F04);
}

/// Reads as everybody does; while it is asked its version, another node keeps the same file.
struct Overtaken {
    other: Arc<IngestFile>,
    done: std::sync::atomic::AtomicBool,
}

impl StatementReader for Overtaken {
    fn rail(&self) -> Rail {
        Toy.rail()
    }

    fn version(&self) -> &'static str {
        if !self.done.swap(true, std::sync::atomic::Ordering::Relaxed) {
            wait(self.other.keep_file(&key(DAY), GOOD.as_bytes(), Arrival::Fetched)).unwrap();
        }
        Toy.version()
    }

    fn statement(&self, file: &[u8], day: Date) -> Result<Statement, StatementFault> {
        Toy.statement(file, day)
    }

    fn line(&self, original: &[u8], line: (u32, &str), day: Date) -> Result<StatementLine, String> {
        Toy.line(original, line, day)
    }
}

#[test]
fn two_nodes_that_keep_the_same_file_at_the_same_moment_both_judge_it() {
    let town = town();
    has(&town, GOOD);
    let of = &town.ingest;
    let reader = Overtaken { other: of.clone(), done: false.into() };
    let reader = StatementFiles { reader: Arc::new(reader), merchant: town.merchant.clone() };
    let ingest = Arc::new(IngestFile {
        sources: of.sources.clone(),
        readers: SourceReaders::new([Arc::new(reader) as _]),
        hash: of.hash.clone(),
        closed: of.closed.clone(),
        approvals: of.approvals.clone(),
        audit: of.audit.clone(),
        clock: of.clock.clone(),
    });
    let (rail, merchant) = (town.rail.clone(), town.merchant.clone());
    let filed = FiledStatements { rail, reader: Arc::new(Toy), ingest, merchant };
    assert_eq!(orders(&wait(filed.fetch(DAY)).unwrap()), ["A", "B"]);
    assert_eq!(wait(town.store.list_files(&key(DAY))).unwrap().len(), 1);
    assert_eq!(town.slot().problem, None);
}
