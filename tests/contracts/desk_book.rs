//! The desk of reconciliation on both databases: the way of an exception, two persons, sealed days, and what happens
//! to whoever goes round them. The rules are the database's; so there is no fake to try.

use crate::databases::{Opened, both, run};
use adapters::seals::SealKeeper;
use adapters::store::Store;
use domain::fakes::samples::at;
use domain::fakes::{CountingIds, FakeClock};
use domain::identity::{AuditRecord, StaffAccount, StaffRole, StaffStore};
use domain::money::{Fen, FinanceLevel};
use domain::outside::StoreError;
use domain::reconciliation::DiscrepancyCode as Code;
use domain::reconciliation::desk::{
    Action, CloseDay, DecideProposal, DecisionKind, Delegation, DeskBook, DeskError, Exception,
    ExceptionFilter, ExceptionState as State, ExecuteProposal, FileRun, NewProposal, NewRun,
    NothingAwaited, Particulars, Proof, ProposalKind, ProposalState, ProposeAction, ProposeDay,
    Refusal, Seal, Seen, TakeExceptions, Wish, Word,
};
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use std::path::PathBuf;
use std::sync::Arc;

const DAY: Date = date(2026, 9, 30);
const NEXT: Date = date(2026, 10, 1);

/// The desk over one database, with its staff.
struct Desk {
    store: Store,
    book: Arc<dyn DeskBook>,
    clock: Arc<FakeClock>,
    ids: Arc<CountingIds>,
    folder: PathBuf,
}

impl Drop for Desk {
    fn drop(&mut self) {
        // A folder that stays behind is untidy, not a failed test.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn account(name: &str, roles: &[StaffRole]) -> StaffAccount {
    StaffAccount {
        name: name.to_owned(),
        password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AA".to_owned(),
        roles: roles.to_vec(),
        created_at: at(0),
    }
}

fn staff(name: &str) -> StaffAccount {
    let finance = StaffRole::Finance(FinanceLevel::Province);
    let roles = match name {
        "文员" | "文员二" => vec![StaffRole::Clerk],
        "兼任" | "兼任二号" => vec![StaffRole::Clerk, StaffRole::Checker],
        "财政" => vec![finance],
        "审计" => vec![StaffRole::Auditor],
        _ => vec![StaffRole::Checker],
    };
    account(name, &roles)
}

fn audit(act: &str) -> AuditRecord {
    AuditRecord::new(at(1), "管理", act, "x", "")
}

impl Desk {
    async fn over(opened: &Opened) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("yiwang-desk-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let store = opened.store.clone();
        for name in ["文员", "文员二", "复核", "复核二", "兼任", "兼任二号", "财政", "审计"]
        {
            StaffStore::insert(&store, &staff(name)).await.unwrap();
        }
        store.note_person("兼任", "王五", &audit("STAFF_PERSON")).await.unwrap();
        store.note_person("兼任二号", "王五", &audit("STAFF_PERSON")).await.unwrap();
        let clock = Arc::new(FakeClock::at(at(100)));
        Self { book: Arc::new(store.clone()), store, clock, ids: Arc::default(), folder }
    }

    async fn file(&self, run: &NewRun) -> Result<(), DeskError> {
        FileRun { book: self.book.clone() }.run(run).await.map(drop)
    }

    async fn all(&self, day: Date) -> Vec<Exception> {
        let filter = ExceptionFilter { day: Some(day), ..ExceptionFilter::default() };
        self.book.exceptions(&filter, None, 1_000).await.unwrap()
    }

    async fn one(&self, no: &str) -> Exception {
        self.book.find_exception(no).await.unwrap().unwrap()
    }

    async fn propose(
        &self,
        by: &str,
        shown: &[(String, u32)],
        action: Action,
    ) -> Result<NewProposal, DeskError> {
        self.propose_for(by, "", shown, action).await
    }

    async fn propose_for(
        &self,
        by: &str,
        acting_for: &str,
        shown: &[(String, u32)],
        action: Action,
    ) -> Result<NewProposal, DeskError> {
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        let propose = ProposeAction { book: self.book.clone(), clock, ids };
        let wish = Wish {
            shown: shown.to_vec(),
            action,
            reason: "核对无误".to_owned(),
            evidence: String::new(),
            acting_for: acting_for.to_owned(),
        };
        self.clock.advance(SignedDuration::from_secs(1));
        propose.run(&staff(by), &wish).await
    }

    async fn say(
        &self,
        by: &str,
        acting_for: &str,
        proposal: &NewProposal,
        kind: DecisionKind,
    ) -> Result<ProposalState, DeskError> {
        let digest = self.book.find_proposal(&proposal.no).await.unwrap().unwrap().digest;
        self.say_of(by, acting_for, &proposal.no, &digest, kind).await
    }

    async fn say_of(
        &self,
        by: &str,
        acting_for: &str,
        no: &str,
        digest: &str,
        kind: DecisionKind,
    ) -> Result<ProposalState, DeskError> {
        self.clock.advance(SignedDuration::from_secs(1));
        let decide = DecideProposal { book: self.book.clone(), clock: self.clock.clone() };
        let word = Word {
            proposal_no: no.to_owned(),
            digest: digest.to_owned(),
            kind,
            reason: "已核对".to_owned(),
            acting_for: acting_for.to_owned(),
        };
        decide.run(&staff(by), &word).await
    }

    async fn approve(&self, by: &str, proposal: &NewProposal) -> Result<ProposalState, DeskError> {
        self.say(by, "", proposal, DecisionKind::Approve).await
    }

    async fn execute(&self, by: &str, no: &str) -> Result<(), DeskError> {
        self.clock.advance(SignedDuration::from_secs(1));
        let execute = ExecuteProposal { book: self.book.clone(), clock: self.clock.clone() };
        execute.run(&staff(by), no, "YT1").await
    }

    async fn propose_day(&self, by: &str, kind: ProposalKind) -> Result<NewProposal, DeskError> {
        self.clock.advance(SignedDuration::from_secs(1));
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        let awaited = Arc::new(NothingAwaited);
        let propose = ProposeDay { book: self.book.clone(), awaited, clock, ids };
        propose.run(&staff(by), DAY, kind, "日终").await
    }

    fn heads(&self) -> PathBuf {
        self.folder.join("heads")
    }

    async fn close(&self, by: &str, no: &str) -> Result<Option<Seal>, DeskError> {
        self.clock.advance(SignedDuration::from_secs(1));
        let keeper = SealKeeper::open(&self.folder.join("seal.key"), &self.heads()).unwrap();
        let (book, clock) = (self.book.clone(), self.clock.clone());
        let awaited = Arc::new(NothingAwaited);
        CloseDay { book, awaited, signer: Arc::new(keeper), clock }.run(&staff(by), no).await
    }

    async fn faults(&self) -> Vec<String> {
        let heads = std::fs::read_to_string(self.heads()).unwrap_or_default();
        self.store.verify_audit(&heads).await.unwrap().faults
    }
}

fn found(code: Code, order_no: &str, fen: i64) -> Particulars {
    Particulars {
        code,
        at_risk: Fen::new(fen),
        equation: Fen::new(fen),
        rail: "WECHAT_PAY".to_owned(),
        merchant_no: "1900007291".to_owned(),
        order_no: order_no.to_owned(),
        refund_no: String::new(),
        notice_no: format!("3301{order_no}"),
        txn_no: format!("4200{order_no}"),
        credit_no: String::new(),
        file: "wechat.csv".to_owned(),
        line_no: 7,
        ambiguous: false,
        cause: format!("{}-停机", code.words().0),
        due_at: at(7_200),
        note: "说明\0".to_owned(),
    }
}

fn judged(day: Date, seconds: i64, findings: Vec<Particulars>) -> NewRun {
    NewRun {
        day,
        inputs: format!("in{seconds}"),
        digest: format!("out{seconds}"),
        holds: true,
        at: at(seconds),
        by: "worker".to_owned(),
        summary: "{}".to_owned(),
        findings,
        seen: Vec::new(),
        verdicts: Vec::new(),
        legs: std::collections::BTreeMap::new(),
    }
}

fn shown(exceptions: &[Exception]) -> Vec<(String, u32)> {
    exceptions.iter().map(|exception| (exception.no.clone(), exception.revision)).collect()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(done: Result<T, DeskError>, expected: &Refusal) {
    match done {
        Err(DeskError::Refused(refusal)) => {
            assert_eq!(&refusal, expected);
            assert!(!refusal.say().is_empty());
        }
        other => panic!("{other:?} instead of {expected:?}"),
    }
}

#[tokio::test]
async fn an_exception_goes_from_a_run_to_its_proof() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        let findings = vec![found(Code::L07, "A", 100), found(Code::L07, "B", 300)];
        desk.file(&judged(DAY, 10, findings.clone())).await.unwrap();
        let all = desk.all(DAY).await;
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].no.as_str(), all[0].state), ("DZ20260930-00001", State::Open));
        // The same run again changes nothing but the number of runs.
        desk.file(&judged(DAY, 20, findings.clone())).await.unwrap();
        assert_eq!(desk.all(DAY).await, all);
        assert_eq!(desk.book.runs(DAY).await.unwrap().len(), 2);

        let take = TakeExceptions { book: desk.book.clone(), clock: desk.clock.clone() };
        take.run(&staff("文员"), &shown(&all), "文员二").await.unwrap();
        refused(
            take.run(&staff("文员"), &shown(&all), "文员").await,
            &Refusal::Changed(all[0].no.clone()),
        );
        let taken = desk.all(DAY).await;
        let proposal = desk.propose("文员二", &shown(&taken), Action::Refund).await.unwrap();
        assert_eq!((proposal.needs, proposal.weight()), (1, 400));
        refused(desk.execute("文员二", &proposal.no).await, &Refusal::NotPending);
        assert_eq!(desk.approve("复核", &proposal).await.unwrap(), ProposalState::Approved);
        desk.execute("文员二", &proposal.no).await.unwrap();
        refused(desk.execute("文员二", &proposal.no).await, &Refusal::NotPending);
        assert!(desk.all(DAY).await.iter().all(|exception| exception.state == State::Executed));

        // The next day's file proves one of them.
        let seen = Seen {
            proof: Proof::Refund,
            subject: "A".to_owned(),
            txn_no: String::new(),
            amount: Fen::new(100),
            reference: "5030000".to_owned(),
        };
        let next = NewRun { seen: vec![seen], ..judged(NEXT, 300, vec![]) };
        desk.file(&next).await.unwrap();
        let (one, two) = (desk.one(&all[0].no).await, desk.one(&all[1].no).await);
        assert_eq!((one.state, two.state), (State::Closed, State::Executed));
        let history = desk.book.history(&one.no).await.unwrap();
        let words: Vec<_> = history.iter().map(|event| event.what.as_str()).collect();
        let way = ["FOUND", "TAKEN", "PROPOSED", "APPROVED", "EXECUTED", "PROVED", "CLOSED"];
        assert_eq!(words, way);
        assert_eq!(history[5].note, "2026-10-01的文件：A 5030000");
        // What was known before anybody had done anything.
        let then = desk.book.known_at(DAY, at(50)).await.unwrap();
        let states: Vec<_> = then.iter().map(|(_, event)| event.state).collect();
        assert_eq!(states, [State::Open, State::Open]);
        assert!(desk.book.known_at(DAY, at(9)).await.unwrap().is_empty());
        assert_eq!(desk.faults().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn exceptions_are_found_by_what_is_read_out_on_the_phone() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        let findings = vec![found(Code::L07, "YW20_100%", 100), found(Code::B02, "YW20X1007", 300)];
        desk.file(&judged(DAY, 10, findings)).await.unwrap();
        let count = |filter: ExceptionFilter| {
            let book = desk.book.clone();
            async move { book.exceptions(&filter, None, 10).await.unwrap().len() }
        };
        let words = |text: &str| ExceptionFilter {
            words: Some(text.to_owned()),
            ..ExceptionFilter::default()
        };
        for (text, expected) in
            [("20_100%", 1), ("20X1007", 1), ("00002", 1), ("%", 1), ("X100%", 0), ("\0", 0)]
        {
            assert_eq!(count(words(text)).await, expected, "{text}");
        }
        let by = [
            ExceptionFilter { code: Some("B02".to_owned()), ..ExceptionFilter::default() },
            ExceptionFilter { cause: Some("L07-停机".to_owned()), ..ExceptionFilter::default() },
        ];
        for filter in by {
            assert_eq!(count(filter).await, 1);
        }
        let nobodys = ExceptionFilter {
            assignee: Some(String::new()),
            states: vec![State::Open],
            rail: Some("WECHAT_PAY".to_owned()),
            ..ExceptionFilter::default()
        };
        assert_eq!(count(nobodys).await, 2);
        let page = desk.book.exceptions(&ExceptionFilter::default(), None, 1).await.unwrap();
        let rest = desk.book.exceptions(&ExceptionFilter::default(), Some(&page[0].no), 9).await;
        assert_eq!(rest.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn maker_is_not_checker_not_by_another_account_nor_through_a_delegation() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        desk.file(&judged(DAY, 10, vec![found(Code::L07, "A", 100)])).await.unwrap();
        let all = desk.all(DAY).await;
        let given = |giver: &str, taker: &str, until| Delegation {
            giver: giver.to_owned(),
            taker: taker.to_owned(),
            from: at(0),
            until: at(until),
            reason: "出差".to_owned(),
        };
        for (giver, taker) in [("复核", "兼任"), ("兼任", "复核二"), ("兼任", "文员")]
        {
            desk.book.delegate(&given(giver, taker, 10_000), &audit("DELEGATE")).await.unwrap();
        }
        desk.book.delegate(&given("复核二", "复核", 50), &audit("DELEGATE")).await.unwrap();
        refused(desk.propose("审计", &shown(&all), Action::Refund).await, &Refusal::Role);
        refused(
            desk.propose("文员", &shown(&all), Action::PushWriteOff).await,
            &Refusal::Unfit(all[0].no.clone()),
        );
        let one = desk.propose("兼任", &shown(&all), Action::Refund).await.unwrap();
        let approve = DecisionKind::Approve;
        // Himself; his other account; for a colleague; a colleague for him; without a delegation that is still valid.
        for (by, acting_for, expected) in [
            ("兼任", "", Refusal::SamePerson),
            ("兼任二号", "", Refusal::SamePerson),
            ("兼任", "复核", Refusal::SamePerson),
            ("复核二", "兼任", Refusal::SamePerson),
            ("复核", "复核二", Refusal::NotDelegated),
            ("兼任二号", "复核", Refusal::NotDelegated),
            ("文员", "", Refusal::Role),
            ("审计", "", Refusal::Role),
        ] {
            refused(desk.say(by, acting_for, &one, approve).await, &expected);
        }
        refused(desk.say("复核", "", &one, DecisionKind::Withdraw).await, &Refusal::Role);
        let stale = desk.say_of("复核", "", &one.no, &"0".repeat(64), approve).await;
        refused(stale, &Refusal::Changed(one.no.clone()));
        assert_eq!(desk.approve("复核", &one).await.unwrap(), ProposalState::Approved);
        refused(desk.approve("复核二", &one).await, &Refusal::NotPending);
        assert_eq!(desk.faults().await, Vec::<String>::new());
        // Somebody who proposes for a colleague: neither of both may agree.
        let made = vec![found(Code::L07, "A", 100), found(Code::L07, "B", 5)];
        desk.file(&judged(DAY, 400, made)).await.unwrap();
        let b = desk.all(DAY).await.remove(1);
        let two = desk.propose_for("文员", "兼任", &shown(&[b]), Action::Refund).await.unwrap();
        refused(desk.approve("兼任", &two).await, &Refusal::SamePerson);
        refused(desk.approve("兼任二号", &two).await, &Refusal::SamePerson);
        let back = desk.say("复核二", "", &two, DecisionKind::Return).await.unwrap();
        assert_eq!(back, ProposalState::Returned);
        assert_eq!(desk.all(DAY).await[1].state, State::Open);
    }
}

#[tokio::test]
async fn above_two_thousand_yuan_two_must_agree_and_one_of_finance() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        for (fen, needs) in [(200_000, 1), (-200_001, 2)] {
            let day = if needs == 1 { DAY } else { NEXT };
            desk.file(&judged(day, 10, vec![found(Code::L03, "A", fen)])).await.unwrap();
            let all = desk.all(day).await;
            let made = desk.propose("文员", &shown(&all), Action::Accept).await.unwrap();
            assert_eq!(made.needs, needs);
            let first = desk.approve("复核", &made).await.unwrap();
            if needs == 1 {
                assert_eq!(first, ProposalState::Approved);
                continue;
            }
            assert_eq!(first, ProposalState::Pending);
            refused(desk.approve("复核", &made).await, &Refusal::SamePerson);
            refused(desk.approve("复核二", &made).await, &Refusal::Role);
            assert_eq!(desk.approve("财政", &made).await.unwrap(), ProposalState::Approved);
            desk.execute("文员", &made.no).await.unwrap();
            assert_eq!(desk.all(day).await[0].state, State::Closed, "two have agreed to a journal");
        }
        assert_eq!(desk.faults().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_set_that_changed_is_not_agreed_to_and_of_two_who_agree_at_once_one_does() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        let findings = |fen| vec![found(Code::L07, "A", fen), found(Code::L07, "B", 300)];
        desk.file(&judged(DAY, 10, findings(100))).await.unwrap();
        let all = desk.all(DAY).await;
        let made = desk.propose("文员", &shown(&all), Action::Refund).await.unwrap();
        let digest = desk.book.find_proposal(&made.no).await.unwrap().unwrap().digest;
        desk.file(&judged(DAY, 200, findings(101))).await.unwrap();
        let done = desk.approve("复核", &made).await;
        refused(done, &Refusal::Changed(made.no.clone()));
        let word = desk.say("文员", "", &made, DecisionKind::Withdraw).await.unwrap();
        assert_eq!(word, ProposalState::Withdrawn);
        refused(
            desk.say_of("复核", "", &made.no, &digest, DecisionKind::Approve).await,
            &Refusal::NotPending,
        );
        let made =
            desk.propose("文员", &shown(&desk.all(DAY).await), Action::Refund).await.unwrap();
        let (one, two) = tokio::join!(desk.approve("复核", &made), desk.approve("复核二", &made));
        let agreed = [&one, &two].iter().filter(|done| done.is_ok()).count();
        assert_eq!(agreed, 1, "{one:?} {two:?}");
        let stored = desk.book.find_proposal(&made.no).await.unwrap().unwrap();
        assert_eq!(stored.decisions.len(), 1);
        assert_eq!(desk.faults().await, Vec::<String>::new());
    }
}

/// Two exceptions: one agreed to, one proposed; a third that is open.
async fn half_done(desk: &Desk) -> (NewProposal, NewProposal) {
    let findings =
        vec![found(Code::L07, "A", 100), found(Code::L07, "B", 300), found(Code::L07, "C", 500)];
    desk.file(&judged(DAY, 10, findings)).await.unwrap();
    let all = desk.all(DAY).await;
    let agreed = desk.propose("文员", &shown(&all[..1]), Action::Refund).await.unwrap();
    desk.approve("复核", &agreed).await.unwrap();
    let waiting = desk.propose("兼任", &shown(&all[1..2]), Action::Refund).await.unwrap();
    (agreed, waiting)
}

#[tokio::test]
async fn the_database_itself_refuses_whoever_goes_round_the_desk() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        let given = Delegation {
            giver: "财政".to_owned(),
            taker: "审计".to_owned(),
            from: at(0),
            until: at(5),
            reason: "出差".to_owned(),
        };
        desk.book.delegate(&given, &audit("DELEGATE")).await.unwrap();
        let (agreed, waiting) = half_done(&desk).await;
        let digest = desk.book.find_proposal(&waiting.no).await.unwrap().unwrap().digest;
        let decide =
            |no: &str, position: u32, kind: &str, by: &str, acting_for: &str, digest: &str| {
                format!(
                    "INSERT INTO desk_decision (proposal_no, position, kind, by_whom, acting_for, \
                 digest, reason, at) VALUES ('{no}', {position}, '{kind}', '{by}', \
                 '{acting_for}', '{digest}', '', 1)"
                )
            };
        let event = |no: &str, revision: u32, what: &str, state: &str, fen: i64| {
            format!(
                "INSERT INTO desk_event (exception_no, revision, at, by_whom, what, state, \
                 at_risk, note) VALUES ('{no}', {revision}, 1, '文员', '{what}', '{state}', {fen}, '')"
            )
        };
        let stored = desk.book.find_proposal(&agreed.no).await.unwrap().unwrap();
        let w = &waiting.no;
        let attacks = [
            // Another hand than the rules allow.
            decide(w, 0, "APPROVE", "兼任", "", &digest),
            decide(w, 0, "APPROVE", "兼任二号", "", &digest),
            decide(w, 0, "APPROVE", "文员", "", &digest),
            decide(w, 0, "APPROVE", "复核", "复核二", &digest),
            decide(w, 0, "APPROVE", "没有这个人", "", &digest),
            decide(w, 0, "WITHDRAW", "复核", "", &digest),
            // Another content than was shown; out of turn.
            decide(w, 0, "APPROVE", "复核", "", &"0".repeat(64)),
            decide(w, 1, "APPROVE", "复核", "", &digest),
            // The same approval once more, for the same and for another proposal.
            decide(&agreed.no, 1, "APPROVE", "复核", "", &stored.digest),
            decide(&agreed.no, 1, "APPROVE", "复核二", "", &stored.digest),
            decide(w, 0, "APPROVE", "复核", "", &stored.digest),
            // What was said is not changed, taken back or cut.
            "UPDATE desk_decision SET by_whom = '复核二'".to_owned(),
            "DELETE FROM desk_decision".to_owned(),
            "UPDATE desk_proposal SET maker = '财政'".to_owned(),
            "UPDATE desk_proposal SET needs = 1".to_owned(),
            "DELETE FROM desk_mark".to_owned(),
            "UPDATE desk_mark SET at_risk = 1".to_owned(),
            "DELETE FROM desk_event".to_owned(),
            "UPDATE desk_event SET note = '别的'".to_owned(),
            "DELETE FROM desk_exception".to_owned(),
            "DELETE FROM desk_day".to_owned(),
            "UPDATE desk_run SET digest = 'x'".to_owned(),
            "UPDATE staff_person SET person = '李四'".to_owned(),
            "DELETE FROM staff_person".to_owned(),
            "UPDATE staff_delegation SET until_at = 9".to_owned(),
            // A set that grows after it was proposed; a proposal that hides its weight.
            format!("INSERT INTO desk_mark VALUES ('{w}', 'DZ20260930-00003', 2, 500)"),
            "INSERT INTO desk_proposal SELECT 'TAX', kind, day, state_of_day, reason, evidence, \
             maker, maker_for, 1, marks, 200001, digest, at FROM desk_proposal LIMIT 1"
                .to_owned(),
            // States by hand.
            "UPDATE desk_exception SET state = 'CLOSED', revision = revision + 1".to_owned(),
            "UPDATE desk_exception SET state = 'EXECUTED', revision = revision + 1".to_owned(),
            "UPDATE desk_exception SET at_risk = 0, revision = revision + 1".to_owned(),
            "UPDATE desk_exception SET code = 'C01', revision = revision + 1".to_owned(),
            format!(
                "{}; {}",
                event("DZ20260930-00002", 3, "APPROVED", "APPROVED", 300),
                "UPDATE desk_exception SET state = 'APPROVED', revision = 3 WHERE no = 'DZ20260930-00002'"
            ),
            format!(
                "{}; {}",
                event("DZ20260930-00001", 4, "EXECUTED", "EXECUTED", 100),
                "UPDATE desk_exception SET state = 'EXECUTED', revision = 4 WHERE no = 'DZ20260930-00001'"
            ),
            event("DZ20260930-00003", 5, "TAKEN", "OPEN", 500),
            format!("INSERT INTO desk_execution VALUES ('{w}', '兼任', 'YT1', 1)"),
            // A day by hand.
            "UPDATE desk_day SET standing = 'CLOSED', revision = revision + 1".to_owned(),
            "UPDATE desk_day SET version = 2, revision = revision + 1".to_owned(),
            format!(
                "INSERT INTO desk_seal VALUES (1, '{DAY}', 1, '', '', '', '', '', '', '{}', 1)",
                agreed.no
            ),
        ];
        // PostgreSQL takes several statements at once as one transaction by itself.
        let sqlite = run(&opened, "PRAGMA user_version").await.is_ok();
        for sql in &attacks {
            let begun = if sqlite { format!("BEGIN; {sql}; COMMIT") } else { sql.clone() };
            let done = run(&opened, &begun).await;
            assert!(done.is_err(), "{sql}");
            if sqlite {
                // Where the statement itself was refused there is nothing left to take back.
                let _ = run(&opened, "ROLLBACK").await;
            }
        }
        // Nothing of all that is there, and the rightful way is open.
        assert_eq!(desk.faults().await, Vec::<String>::new());
        run(&opened, &decide(w, 0, "APPROVE", "复核", "", &digest)).await.unwrap();
        let stored = desk.book.find_proposal(w).await.unwrap().unwrap();
        assert_eq!(stored.state(), ProposalState::Approved);
    }
}

/// A day with one open exception, closed and sealed; a second one too.
async fn sealed(desk: &Desk) -> Seal {
    desk.file(&judged(DAY, 10, vec![found(Code::L03, "A", -100)])).await.unwrap();
    refused(desk.propose_day("文员", ProposalKind::CloseDay).await, &Refusal::Unassigned(1));
    let take = TakeExceptions { book: desk.book.clone(), clock: desk.clock.clone() };
    take.run(&staff("文员"), &shown(&desk.all(DAY).await), "文员").await.unwrap();
    let made = desk.propose_day("文员", ProposalKind::CloseDay).await.unwrap();
    refused(desk.close("文员", &made.no).await, &Refusal::NotPending);
    desk.approve("复核", &made).await.unwrap();
    desk.close("文员", &made.no).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_day_is_sealed_by_two_takes_nothing_more_and_is_opened_again_by_three() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        let seal = sealed(&desk).await;
        assert_eq!((seal.number, seal.version), (1, 1));
        let heads = std::fs::read_to_string(desk.heads()).unwrap();
        assert_eq!(heads, format!("{}\n", seal.head()));
        refused(desk.file(&judged(DAY, 500, vec![])).await, &Refusal::DayClosed);
        refused(desk.propose_day("文员", ProposalKind::CloseDay).await, &Refusal::DayClosed);
        // What is open goes on after the day is sealed.
        let all = desk.all(DAY).await;
        let made = desk.propose("文员", &shown(&all), Action::Await).await.unwrap();
        desk.approve("复核", &made).await.unwrap();
        desk.execute("文员", &made.no).await.unwrap();
        assert_eq!(desk.faults().await, Vec::<String>::new());

        let made = desk.propose_day("文员", ProposalKind::ReopenDay).await.unwrap();
        assert_eq!(desk.approve("复核", &made).await.unwrap(), ProposalState::Pending);
        refused(desk.close("文员", &made.no).await, &Refusal::NotPending);
        desk.approve("财政", &made).await.unwrap();
        assert_eq!(desk.close("文员", &made.no).await.unwrap(), None);
        let day = desk.book.find_day(DAY).await.unwrap().unwrap();
        assert_eq!((day.version, day.run), (2, 1));
        desk.file(&judged(DAY, 600, vec![found(Code::L03, "A", -100)])).await.unwrap();
        let made = desk.propose_day("文员", ProposalKind::CloseDay).await.unwrap();
        desk.approve("复核二", &made).await.unwrap();
        let second = desk.close("文员", &made.no).await.unwrap().unwrap();
        assert_eq!((second.number, second.version), (2, 2));
        let sealed = desk.book.seals(DAY).await.unwrap();
        assert_eq!(sealed, [second, seal], "the first version stays readable");
        assert_eq!(desk.faults().await, Vec::<String>::new());
        // The head was lost: closing once more writes it again.
        std::fs::write(desk.heads(), "").unwrap();
        let made_no = &made.no;
        desk.close("文员", made_no).await.unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(desk.heads()).unwrap().lines().count(), 1);
    }
}

#[tokio::test]
async fn a_day_is_not_closed_while_something_stands_against_it() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        refused(
            desk.propose_day("文员", ProposalKind::CloseDay).await,
            &Refusal::NotFound(DAY.to_string()),
        );
        let broken = NewRun { holds: false, ..judged(DAY, 5, vec![found(Code::L03, "A", -1)]) };
        desk.file(&broken).await.unwrap();
        assert_eq!(desk.all(DAY).await, []);
        refused(desk.propose_day("文员", ProposalKind::CloseDay).await, &Refusal::NotWhole);
        desk.file(&judged(DAY, 10, vec![found(Code::F01, "", 0)])).await.unwrap();
        refused(desk.propose_day("文员", ProposalKind::CloseDay).await, &Refusal::FilesMissing(1));
        refused(desk.propose_day("文员", ProposalKind::ReopenDay).await, &Refusal::DayOpen);
        // Two persons agree to go on without the file.
        let all = desk.all(DAY).await;
        let made = desk.propose("文员", &shown(&all), Action::Accept).await.unwrap();
        desk.approve("复核", &made).await.unwrap();
        desk.execute("文员", &made.no).await.unwrap();
        let made = desk.propose_day("文员", ProposalKind::CloseDay).await.unwrap();
        // A run between the proposal and the agreement, and one between that and the seal.
        let with = |seconds, more: &[Particulars]| {
            judged(DAY, seconds, [&[found(Code::F01, "", 0)], more].concat())
        };
        desk.file(&with(300, &[found(Code::C01, "B", 1)])).await.unwrap();
        refused(desk.approve("复核", &made).await, &Refusal::Changed(DAY.to_string()));
    }
}

#[tokio::test]
async fn a_conflict_of_two_runs_is_told() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        desk.file(&judged(DAY, 10, vec![])).await.unwrap();
        let before = desk.book.find_day(DAY).await.unwrap();
        let run = judged(DAY, 20, vec![]);
        desk.book.file_run(&run, before.as_ref(), &[]).await.unwrap();
        let again = desk.book.file_run(&run, before.as_ref(), &[]).await;
        assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
        let first = desk.book.file_run(&judged(DAY, 30, vec![]), None, &[]).await;
        assert!(matches!(first, Err(StoreError::Conflict)), "{first:?}");
    }
}

/// Whoever administers the database can take its rules away.
async fn without_rules(opened: &Opened, sql: &str) {
    let tables = [
        "desk_seal",
        "desk_event",
        "desk_decision",
        "desk_proposal",
        "desk_mark",
        "desk_run",
        "desk_day",
        "desk_exception",
        "desk_execution",
        "staff_person",
    ];
    for table in tables {
        let disabled = format!("ALTER TABLE {table} DISABLE TRIGGER USER");
        if run(opened, &disabled).await.is_err() {
            for name in ["unchanged", "undeleted", "begins", "changes"] {
                run(opened, &format!("DROP TRIGGER IF EXISTS {table}_{name}")).await.unwrap();
            }
        }
    }
    run(opened, sql).await.unwrap();
}

#[tokio::test]
async fn whoever_takes_the_rules_away_is_found_by_the_audit() {
    // What is done, and a part of what the audit says.
    let attacks = [
        ("DELETE FROM desk_seal", "库里没有：封存被删除"),
        (
            "UPDATE desk_seal SET content = replace(content, 'net-fen:-100', 'net-fen:0')",
            "签名不成立",
        ),
        ("UPDATE desk_seal SET signature = key || key", "与库外存根不同"),
        ("UPDATE desk_decision SET by_whom = '文员'", "是同一人"),
        ("UPDATE desk_proposal SET reason = '别的'", "内容与摘要不符"),
        ("DELETE FROM desk_proposal WHERE kind = 'CLOSE_DAY'", "已被删除"),
        ("UPDATE desk_run SET digest = 'x'", "对账结果被改动"),
        ("UPDATE desk_event SET at_risk = 1 WHERE revision = 2", "经过不符"),
        (
            "UPDATE desk_event SET at_risk = 1 WHERE revision = 2; UPDATE desk_exception SET at_risk = 1",
            "当时的差错经过被改动",
        ),
        ("UPDATE desk_exception SET state = 'CLOSED'", "经过不符"),
        ("UPDATE desk_day SET version = 7", "却没有封存"),
        ("UPDATE desk_seal SET exceptions = ''", "当时的差错经过被改动"),
        (
            "DELETE FROM audit_entry WHERE number > 2; UPDATE audit_head SET number = 2, hash = (SELECT hash FROM audit_entry WHERE number = 2)",
            "被截断或重算",
        ),
        ("UPDATE audit_entry SET actor = '别人' WHERE number = 1", "第1条与哈希不符"),
        (
            "UPDATE audit_entry SET number = -number WHERE number IN (2, 3); UPDATE audit_entry SET number = 3 WHERE number = -2; UPDATE audit_entry SET number = 2 WHERE number = -3",
            "内容或顺序被改动",
        ),
    ];
    for (sql, expected) in attacks {
        for opened in both().await {
            let desk = Desk::over(&opened).await;
            sealed(&desk).await;
            assert_eq!(desk.faults().await, Vec::<String>::new());
            let loose = sql.starts_with("DELETE FROM desk");
            // Foreign keys of PostgreSQL are triggers too, and as easily taken away.
            let sql = match loose {
                true if run(&opened, "SET session_replication_role = replica").await.is_ok() => {
                    format!("SET session_replication_role = replica; {sql}")
                }
                true => format!("PRAGMA foreign_keys = OFF; {sql}"),
                false => sql.to_owned(),
            };
            without_rules(&opened, &sql).await;
            let faults = desk.faults().await;
            assert!(faults.iter().any(|fault| fault.contains(expected)), "{sql}: {faults:?}");
        }
    }
}

#[tokio::test]
async fn a_chain_that_was_recomputed_whole_with_another_key_is_found_by_the_heads() {
    for opened in both().await {
        let desk = Desk::over(&opened).await;
        let seal = sealed(&desk).await;
        let forger = SealKeeper::open(&desk.folder.join("forged.key"), &desk.folder.join("x"));
        let text = seal.text.replace("net-fen:-100", "net-fen:0");
        let forged =
            domain::reconciliation::desk::SealSigner::sign(&forger.unwrap(), &text).unwrap();
        let sql = format!(
            "UPDATE desk_seal SET content = '{text}', hash = '{}', signature = '{}', key = '{}'",
            forged.hash, forged.signature, forged.key
        );
        without_rules(&opened, &sql).await;
        let kept = std::fs::read_to_string(desk.heads()).unwrap();
        let without = desk.store.verify_audit("").await.unwrap().faults;
        assert_eq!(without, Vec::<String>::new(), "the database alone proves nothing");
        let with = desk.store.verify_audit(&kept).await.unwrap().faults;
        assert_eq!(with, ["封存第1号与库外存根不同：封存链被重算"]);
        let torn = desk.store.verify_audit(&kept[..kept.len() / 2]).await.unwrap().faults;
        assert!(torn.iter().any(|fault| fault.contains("存根第1行不完整")), "{torn:?}");
    }
}
