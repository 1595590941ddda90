use super::super::testing::{DAY, MERCHANT, Town, key, town};
use super::super::{BankDays, CalendarSource, ReadFile, SourceKind, SourceReader, SourceReaders};
use super::super::{SourceStore, Totals};
use super::*;
use crate::clock::from_beijing;
use crate::fakes::samples;
use crate::outside::OutsideError;
use crate::payment::PaymentStore;
use crate::payment::refund_bench::wait;
use crate::reconciliation::StatementFault;
use async_trait::async_trait;
use jiff::SignedDuration;
use jiff::civil::date;
use std::sync::Mutex;

/// Bytes of a number: what the account moved.
struct Account;

impl SourceReader for Account {
    fn kind(&self) -> SourceKind {
        SourceKind::WeChatFundFlow
    }

    fn version(&self) -> &'static str {
        "account/1"
    }

    fn read(&self, file: &[u8], _key: &SourceKey) -> Result<ReadFile, StatementFault> {
        let (original, hash) = (file.to_vec(), String::new());
        let text = String::from_utf8(file.to_vec()).unwrap();
        let Ok(fen) = text.parse() else {
            let (code, reason) = (DiscrepancyCode::F02, "不是数字".to_owned());
            return Err(StatementFault { code, reason, original });
        };
        let accepted = Totals { lines: 1, paid: Fen::new(fen), ..Totals::NONE };
        Ok(ReadFile { hash, original, trailer: None, accepted, set_aside: Vec::new() })
    }

    fn read_line(&self, _: &[u8], _: (u32, &str), _: &SourceKey) -> Result<Totals, String> {
        Err("没有行".to_owned())
    }
}

#[derive(Default)]
struct Answers(Mutex<Vec<Result<Option<&'static str>, StatementError>>>);

#[async_trait]
impl FileFetch for Answers {
    fn kind(&self) -> SourceKind {
        SourceKind::WeChatFundFlow
    }

    async fn fetch(&self, _day: Date) -> Result<Option<Vec<u8>>, StatementError> {
        let answer = self.0.lock().unwrap().pop().expect("asked once more than expected");
        answer.map(|text| text.map(|text| text.as_bytes().to_vec()))
    }
}

/// A town with one payment on [`DAY`], the clock at that hour of the next day.
fn watching(
    hour: i8,
    answers: Vec<Result<Option<&'static str>, StatementError>>,
) -> (Town, WatchSources) {
    let mut town = town();
    let then = from_beijing(date(2026, 3, 3).at(hour, 0, 0, 0)).unwrap();
    let clock = Arc::new(crate::fakes::FakeClock::at(then));
    let readers = SourceReaders::new([
        town.ingest.readers.of(SourceKind::WeChatTrade).unwrap().clone(),
        Arc::new(Account) as _,
    ]);
    let ingest = Arc::new(IngestFile {
        sources: town.ingest.sources.clone(),
        readers,
        hash: town.ingest.hash.clone(),
        closed: town.ingest.closed.clone(),
        approvals: town.ingest.approvals.clone(),
        audit: town.ingest.audit.clone(),
        clock: clock.clone(),
    });
    town.ingest = ingest.clone();
    town.clock = clock.clone();
    let payment = samples::payment("YW000001", "330000001FS1", 20_600);
    wait(PaymentStore::insert(&town.store, &payment, &samples::started())).unwrap();
    let source = |kind, owner: &str| CalendarSource { kind, owner: owner.to_owned() };
    let calendar = SourceCalendar::new(
        [
            source(SourceKind::WeChatTrade, MERCHANT),
            source(SourceKind::WeChatFundFlow, MERCHANT),
            source(SourceKind::BankCredits, "6222001"),
        ],
        BankDays::default(),
    );
    let watch = WatchSources {
        calendar: Arc::new(calendar),
        ingest,
        fetchers: vec![Arc::new(Answers(Mutex::new(answers)))],
        days: Arc::new(town.store.clone()),
        clock,
    };
    (town, watch)
}

fn turn(watch: &WatchSources) -> Vec<String> {
    let done = wait(watch.run_once()).unwrap();
    done.iter()
        .map(|one| match one {
            Watched::Late(key) => format!("late {}", key.kind().code()),
            Watched::Fetched(key) => format!("fetched {}", key.kind().code()),
            Watched::Waits(key) => format!("waits {}", key.kind().code()),
        })
        .collect()
}

#[test]
fn nothing_is_expected_before_its_hour_and_what_is_late_is_a_discrepancy_once() {
    let (town, watch) =
        watching(9, vec![Err(StatementError::NotReady), Err(StatementError::NotReady)]);
    assert_eq!(turn(&watch), [""; 0]);
    town.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(turn(&watch), ["waits WECHAT_FUND_FLOW"], "expected, and asked for");
    town.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(turn(&watch), ["late WECHAT_TRADE", "late WECHAT_FUND_FLOW"]);
    assert_eq!(turn(&watch), [""; 0]);
    let slot = wait(town.store.find_slot(&key(DAY))).unwrap().unwrap();
    let problem = slot.problem.unwrap();
    assert_eq!(problem.code, DiscrepancyCode::F01);
    assert!(problem.note.contains("微信支付"), "who must act: {}", problem.note);
    assert_eq!(problem.since, from_beijing(date(2026, 3, 3).at(11, 0, 0, 0)).unwrap());
    let asked = key(DAY).of_kind(SourceKind::WeChatFundFlow);
    let slot = wait(town.store.find_slot(&asked)).unwrap().unwrap();
    assert_eq!(slot.next_try_at, Some(town.clock.now() + TRY_AGAIN), "the next try is known");
}

#[test]
fn the_bank_is_late_at_its_own_hour() {
    let (_town, watch) = watching(15, vec![Ok(None)]);
    assert_eq!(turn(&watch), ["late WECHAT_TRADE", "fetched WECHAT_FUND_FLOW", "late BANK"]);
    assert_eq!(turn(&watch), [""; 0], "there was nothing on the account: nobody asks again");
}

#[test]
fn who_does_not_answer_is_asked_again_after_half_an_hour() {
    let silence = || Err(OutsideError::NotSent("silence".into()).into());
    let (town, watch) = watching(10, vec![Ok(Some("298")), Ok(Some("x")), silence()]);
    assert_eq!(turn(&watch), ["waits WECHAT_FUND_FLOW"]);
    assert_eq!(turn(&watch), [""; 0]);
    town.clock.advance(TRY_AGAIN);
    assert_eq!(turn(&watch), ["fetched WECHAT_FUND_FLOW"], "damaged, and kept");
    town.clock.advance(TRY_AGAIN);
    let done = turn(&watch);
    assert!(done.contains(&"fetched WECHAT_FUND_FLOW".to_owned()), "{done:?}");
    let files = wait(town.store.list_files(&key(DAY).of_kind(SourceKind::WeChatFundFlow))).unwrap();
    let states: Vec<_> = files.iter().map(SourceFile::state).collect();
    assert_eq!(states, [SourceState::Refused, SourceState::Accepted]);
}

#[test]
fn the_account_is_told_beside_the_trades() {
    let (town, watch) = watching(10, vec![Ok(Some("299"))]);
    turn(&watch);
    let read = town.calendar(SourceCalendar::clone(&watch.calendar));
    let differs = |read: &ReadCalendar| {
        let lines = wait(read.run(DAY)).unwrap();
        lines.iter().map(|line| line.beside_trade.map(Fen::value)).collect::<Vec<_>>()
    };
    assert_eq!(differs(&read), [None, None, None], "without trades there is nothing beside");
    town.brings("A,2,100\nB,2,200\n=2,300");
    assert_eq!(differs(&read), [None, Some(1), None], "one fen more than 300 less two fees");
    let lines = wait(read.run(DAY)).unwrap();
    assert_eq!(lines[2].slot.state, SourceState::Expected);
    assert_eq!(lines[0].file.as_ref().unwrap().accepted.lines, 2);
}
