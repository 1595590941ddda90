//! Use cases of the desk. Rules that the database enforces too are asked here first, for an answer in words.

use super::{
    Action, AwaitedFiles, DayStanding, Decision, DecisionKind, DeskBook, DeskDay, Exception,
    ExceptionChange, ExceptionState as State, Execution, Hand, Mark, NewProposal, NewRun, Proof,
    Proposal, ProposalKind, ProposalState, RunFacts, Seal, SealDraft, SealSigner, needed, settle,
};
use super::{ExceptionFilter, store};
use crate::clock::{Clock, IdSource};
use crate::identity::{AuditRecord, StaffAccount, StaffRole};
use crate::ids::ProposalNo;
use crate::outside::{BoxError, StoreError};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The account may not do this.
    Role,
    /// Proposals are decided by other persons than their makers, and by each person once.
    SamePerson,
    /// Nobody allowed it to act for that account now.
    NotDelegated,
    /// No such day, exception or proposal.
    NotFound(String),
    /// It changed since it was shown.
    Changed(String),
    /// It does not wait for that.
    NotPending,
    /// This is not done about that code.
    Unfit(String),
    /// A reason or a reference is missing, or too long.
    Words,
    /// Nothing was chosen, or too much at once.
    Count,
    /// The day is sealed.
    DayClosed,
    /// The day is not sealed.
    DayOpen,
    /// The latest run has a broken identity, or there is none.
    NotWhole,
    /// Files are missing, and two persons have not agreed to go on without.
    FilesMissing(u64),
    /// So many exceptions have nobody.
    Unassigned(u64),
    /// Files that will come and are not here yet.
    FilesAwaited(Vec<String>),
}

impl Refusal {
    /// For whom it happened to: what is wrong, and what to do.
    pub fn say(&self) -> String {
        match self {
            Self::Role => "你的岗位不能做这一步，请交给有权限的同事".to_owned(),
            Self::SamePerson => {
                "提出的人不能复核，同一个人也不能复核两次（换账号或代理都不行），请交给另一位同事"
                    .to_owned()
            }
            Self::NotDelegated => "没有有效的代理授权，请先办理授权".to_owned(),
            Self::NotFound(what) => format!("没有找到{what}，请核对编号"),
            Self::Changed(what) => format!("{what}在你打开之后有变化，请刷新后重新核对"),
            Self::NotPending => "这一步已经做过或已不需要，请刷新".to_owned(),
            Self::Unfit(what) => format!("{what}不能这样处理，请选择列出的处理方式"),
            Self::Words => "请填写原因或凭据编号，不超过500字".to_owned(),
            Self::Count => format!("请选择1至{}条", NewProposal::MAX_MARKS),
            Self::DayClosed => "这一天已经关账，请先由两人同意重新打开".to_owned(),
            Self::DayOpen => "这一天还没有关账".to_owned(),
            Self::NotWhole => "最近一次对账没有通过恒等式检查，不能关账，请重新对账".to_owned(),
            Self::FilesMissing(count) => {
                format!("还有{count}份对账文件缺失或不可信；取得文件，或由两人同意认账后再关账")
            }
            Self::Unassigned(count) => format!("还有{count}条差错没有负责人，请先领取"),
            Self::FilesAwaited(files) => {
                format!("当天的文件还没有到齐：{}。到齐并对账后再关账", files.join("、"))
            }
        }
    }
}

/// Why a step at the desk failed.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A rule says no; nothing was changed.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The seal could not be signed; nothing was changed.
    #[error("the seal cannot be signed")]
    Signer(#[source] BoxError),
}

impl From<Refusal> for DeskError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What filing a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// The run.
    pub run: RunFacts,
    /// How many exceptions it changed, by the word of [`super::ExceptionEvent::what`].
    pub changes: BTreeMap<&'static str, u64>,
}

/// Use case: a judged day is filed, and its discrepancies become exceptions.
pub struct FileRun {
    /// The desk.
    pub book: Arc<dyn DeskBook>,
}

impl FileRun {
    /// Exceptions of other days that wait for a file's proof, at most.
    const WAITING: u32 = 100_000;

    /// # Errors
    /// [`Refusal::DayClosed`]; a run that others filed meanwhile is [`StoreError::Conflict`].
    pub async fn run(&self, run: &NewRun) -> Result<Filed, DeskError> {
        let before = self.book.find_day(run.day).await?;
        if before.as_ref().is_some_and(|day| day.standing == DayStanding::Closed) {
            return Err(Refusal::DayClosed.into());
        }
        let of_day = ExceptionFilter { day: Some(run.day), ..ExceptionFilter::default() };
        let known = self.book.exceptions(&of_day, None, store::ALL).await?;
        let waiting =
            ExceptionFilter { states: vec![State::Executed], ..ExceptionFilter::default() };
        let mut executed = self.book.exceptions(&waiting, None, Self::WAITING).await?;
        executed.retain(|exception| exception.day != run.day);
        let changes = settle(run, &known, &executed);
        let facts = self.book.file_run(run, before.as_ref(), &changes).await?;
        let mut counts = BTreeMap::new();
        for change in &changes {
            *counts.entry(change.what).or_default() += 1;
        }
        Ok(Filed { run: facts, changes: counts })
    }
}

/// Who works at exceptions.
pub(super) fn works(account: &StaffAccount) -> bool {
    account.roles.iter().any(|role| match role {
        StaffRole::Clerk | StaffRole::Checker | StaffRole::Operator | StaffRole::Finance(_) => true,
        StaffRole::Agency(_) | StaffRole::Auditor | StaffRole::Editor => false,
    })
}

/// Who decides about proposals.
fn decides(account: &StaffAccount) -> bool {
    account.roles.iter().any(|role| matches!(role, StaffRole::Checker | StaffRole::Finance(_)))
}

pub(super) fn words(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= NewProposal::MAX_WORDS;
    if fits { Ok(text.to_owned()) } else { Err(Refusal::Words) }
}

/// All of these as they are stored, if each still has the revision that was shown.
async fn as_shown(
    book: &dyn DeskBook,
    shown: &[(String, u32)],
) -> Result<Vec<Exception>, DeskError> {
    if shown.is_empty() || shown.len() > NewProposal::MAX_MARKS {
        return Err(Refusal::Count.into());
    }
    let mut found = Vec::with_capacity(shown.len());
    for (no, revision) in shown {
        let stored = book.find_exception(no).await?;
        let stored = stored.ok_or_else(|| Refusal::NotFound(no.clone()))?;
        if stored.revision != *revision {
            return Err(Refusal::Changed(no.clone()).into());
        }
        found.push(stored);
    }
    found.sort_by(|a, b| a.no.cmp(&b.no));
    let count = found.len();
    found.dedup_by(|a, b| a.no == b.no);
    if found.len() == count { Ok(found) } else { Err(Refusal::Count.into()) }
}

async fn all_open(book: &dyn DeskBook, exceptions: &[Exception]) -> Result<(), DeskError> {
    let days: std::collections::BTreeSet<Date> = exceptions.iter().map(|e| e.day).collect();
    for day in days {
        let closed = book.find_day(day).await?.map(|day| day.standing);
        if closed == Some(DayStanding::Closed) && exceptions.iter().any(|e| !e.state.is_open()) {
            return Err(Refusal::DayClosed.into());
        }
    }
    Ok(())
}

/// Use case: somebody takes exceptions, or gives them to a colleague.
pub struct TakeExceptions {
    /// The desk.
    pub book: Arc<dyn DeskBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl TakeExceptions {
    /// `shown`: numbers and revisions as they were shown.
    ///
    /// # Errors
    /// [`DeskError`]; all or nothing.
    pub async fn run(
        &self,
        account: &StaffAccount,
        shown: &[(String, u32)],
        to: &str,
    ) -> Result<(), DeskError> {
        if !works(account) || !StaffAccount::is_name(to) {
            return Err(Refusal::Role.into());
        }
        let found = as_shown(self.book.as_ref(), shown).await?;
        if found.iter().any(|exception| exception.state != State::Open) {
            return Err(Refusal::NotPending.into());
        }
        let taken = |before: Exception| ExceptionChange {
            after: Exception { assignee: to.to_owned(), revision: before.revision + 1, ..before },
            what: "TAKEN",
            note: to.to_owned(),
        };
        let changes: Vec<_> = found.into_iter().map(taken).collect();
        let detail = format!("{}条给{to}", changes.len());
        let first = &changes[0].after.no;
        let now = self.clock.now();
        let audit = AuditRecord::new(now, &account.name, "EXCEPTION_TAKE", first, &detail);
        Ok(self.book.save(&changes, &account.name, &audit).await?)
    }
}

/// What a clerk wants done.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Numbers and revisions as they were shown.
    pub shown: Vec<(String, u32)>,
    /// What.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// A letter, a call, a file; may be empty.
    pub evidence: String,
    /// On whose behalf; empty: one's own.
    pub acting_for: String,
}

/// Use case: an action is proposed for one exception or for all of an incident.
pub struct ProposeAction {
    /// The desk.
    pub book: Arc<dyn DeskBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl ProposeAction {
    /// # Errors
    /// [`DeskError`]; all or nothing.
    pub async fn run(&self, account: &StaffAccount, wish: &Wish) -> Result<NewProposal, DeskError> {
        if !works(account) {
            return Err(Refusal::Role.into());
        }
        let reason = words(&wish.reason)?;
        if wish.evidence.chars().count() > NewProposal::MAX_WORDS {
            return Err(Refusal::Words.into());
        }
        let now = self.clock.now();
        let maker = hand(self.book.as_ref(), account, &wish.acting_for, now).await?;
        let found = as_shown(self.book.as_ref(), &wish.shown).await?;
        all_open(self.book.as_ref(), &found).await?;
        let no = ProposalNo::generate(now, self.ids.as_ref()).to_string();
        let mut changes = Vec::with_capacity(found.len());
        for before in &found {
            if !Action::of(before.is.code).contains(&wish.action) {
                return Err(Refusal::Unfit(before.no.clone()).into());
            }
            let mut after = before.moved(State::Proposed).ok_or(Refusal::NotPending)?;
            after.proposal = Some((no.clone(), wish.action));
            if after.assignee.is_empty() {
                after.assignee.clone_from(&account.name);
            }
            changes.push(ExceptionChange { after, what: "PROPOSED", note: reason.clone() });
        }
        let mark = |change: &ExceptionChange| Mark {
            no: change.after.no.clone(),
            revision: change.after.revision,
            at_risk: change.after.is.at_risk,
        };
        let mut made = NewProposal {
            no,
            kind: ProposalKind::Act(wish.action),
            day: None,
            marks: changes.iter().map(mark).collect(),
            state_of_day: String::new(),
            reason,
            evidence: wish.evidence.trim().to_owned(),
            maker,
            needs: 0,
            at: now,
        };
        made.needs = needed(made.kind, made.weight());
        let detail = format!("{} {}条 {}分", made.kind.word(), made.marks.len(), made.weight());
        let audit = AuditRecord::new(now, &account.name, "EXCEPTION_PROPOSE", &made.no, &detail);
        self.book.propose(&made, &changes, &audit).await?;
        Ok(made)
    }
}

/// Whose hand it is; checks the delegation.
async fn hand(
    book: &dyn DeskBook,
    account: &StaffAccount,
    acting_for: &str,
    now: jiff::Timestamp,
) -> Result<Hand, DeskError> {
    let acting_for = if acting_for == account.name { "" } else { acting_for };
    if !acting_for.is_empty() && !book.may_act(&account.name, acting_for, now).await? {
        return Err(Refusal::NotDelegated.into());
    }
    Ok(Hand { by: account.name.clone(), acting_for: acting_for.to_owned() })
}

/// What a day is like now, as a proposal about it fixes it.
async fn state_of(book: &dyn DeskBook, day: &DeskDay) -> Result<String, StoreError> {
    let (_, exceptions) = book.as_they_stand(day.day).await?;
    Ok(format!("version {} run {} exceptions {exceptions}", day.version, day.run))
}

/// Use case: closing or reopening a day is proposed.
pub struct ProposeDay {
    /// The desk.
    pub book: Arc<dyn DeskBook>,
    /// What a day still waits for.
    pub awaited: Arc<dyn AwaitedFiles>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl ProposeDay {
    /// # Errors
    /// [`DeskError`]; what stands against closing is told.
    pub async fn run(
        &self,
        account: &StaffAccount,
        day: Date,
        kind: ProposalKind,
        reason: &str,
    ) -> Result<NewProposal, DeskError> {
        if !works(account) {
            return Err(Refusal::Role.into());
        }
        let reason = words(reason)?;
        let found = self.book.find_day(day).await?;
        let found = found.ok_or_else(|| Refusal::NotFound(day.to_string()))?;
        match (kind, found.standing) {
            (ProposalKind::CloseDay, DayStanding::Open) => {
                ready(self.book.as_ref(), self.awaited.as_ref(), &found).await?
            }
            (ProposalKind::ReopenDay, DayStanding::Closed) => {}
            (ProposalKind::CloseDay, DayStanding::Closed) => return Err(Refusal::DayClosed.into()),
            (_, _) => return Err(Refusal::DayOpen.into()),
        }
        let now = self.clock.now();
        let made = NewProposal {
            no: ProposalNo::generate(now, self.ids.as_ref()).to_string(),
            kind,
            day: Some(day),
            marks: Vec::new(),
            state_of_day: state_of(self.book.as_ref(), &found).await?,
            reason,
            evidence: String::new(),
            maker: Hand::own(&account.name),
            needs: needed(kind, 0),
            at: now,
        };
        let audit = AuditRecord::new(now, &account.name, kind.word(), &made.no, &day.to_string());
        self.book.propose(&made, &[], &audit).await?;
        Ok(made)
    }
}

/// Nothing stands against closing the day.
async fn ready(
    book: &dyn DeskBook,
    files: &dyn AwaitedFiles,
    day: &DeskDay,
) -> Result<(), DeskError> {
    let awaited = files.awaited(day.day).await?;
    if !awaited.is_empty() {
        return Err(Refusal::FilesAwaited(awaited).into());
    }
    let latest = book.runs(day.day).await?.into_iter().next();
    if !latest.is_some_and(|run| run.holds && run.number == day.run) {
        return Err(Refusal::NotWhole.into());
    }
    let standing = book.standing(day.day).await?;
    if standing.files_missing > 0 {
        return Err(Refusal::FilesMissing(standing.files_missing).into());
    }
    if standing.unassigned > 0 {
        return Err(Refusal::Unassigned(standing.unassigned).into());
    }
    Ok(())
}

/// What somebody says about a proposal.
#[derive(Debug, Clone)]
pub struct Word {
    /// Which.
    pub proposal_no: String,
    /// The digest that was shown.
    pub digest: String,
    /// Agrees, sends back, takes back.
    pub kind: DecisionKind,
    /// Why; a return needs one.
    pub reason: String,
    /// On whose behalf; empty: one's own.
    pub acting_for: String,
}

/// Use case: somebody else decides about a proposal.
pub struct DecideProposal {
    /// The desk.
    pub book: Arc<dyn DeskBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl DecideProposal {
    /// Answers where the proposal stands then.
    ///
    /// # Errors
    /// [`DeskError`]; a try by the maker himself is in the audit trail.
    pub async fn run(
        &self,
        account: &StaffAccount,
        word: &Word,
    ) -> Result<ProposalState, DeskError> {
        let book = self.book.as_ref();
        let found = book.find_proposal(&word.proposal_no).await?;
        let proposal = found.ok_or_else(|| Refusal::NotFound(word.proposal_no.clone()))?;
        let now = self.clock.now();
        let hand = hand(book, account, &word.acting_for, now).await?;
        if proposal.state() != ProposalState::Pending {
            return Err(Refusal::NotPending.into());
        }
        let reason = match word.kind {
            DecisionKind::Approve if word.reason.trim().is_empty() => String::new(),
            DecisionKind::Approve | DecisionKind::Return | DecisionKind::Withdraw => {
                words(&word.reason)?
            }
        };
        self.may(account, &hand, &proposal, word.kind).await?;
        if word.digest != proposal.digest {
            return Err(Refusal::Changed(proposal.made.no.clone()).into());
        }
        let last = word.kind != DecisionKind::Approve
            || proposal.approvals() + 1 >= usize::from(proposal.made.needs);
        let changes = self.moves(&proposal, word.kind, last, &reason).await?;
        let decision = Decision {
            proposal_no: proposal.made.no.clone(),
            position: u32::try_from(proposal.decisions.len()).unwrap_or(u32::MAX),
            kind: word.kind,
            hand,
            digest: word.digest.clone(),
            reason: reason.clone(),
            at: now,
        };
        let act = format!("PROPOSAL_{}", word.kind.words().0);
        let audit = AuditRecord::new(now, &account.name, &act, &proposal.made.no, &reason);
        book.decide(&decision, &changes, &audit).await?;
        let mut after = proposal;
        after.decisions.push(decision);
        Ok(after.state())
    }

    /// Another person, with the role for it.
    async fn may(
        &self,
        account: &StaffAccount,
        hand: &Hand,
        proposal: &Proposal,
        kind: DecisionKind,
    ) -> Result<(), DeskError> {
        let book = self.book.as_ref();
        let mine = persons(book, hand).await?;
        let makers = persons(book, &proposal.made.maker).await?;
        let of_maker = mine.iter().any(|person| makers.contains(person));
        match kind {
            DecisionKind::Withdraw if of_maker => return Ok(()),
            DecisionKind::Withdraw => return Err(Refusal::Role.into()),
            DecisionKind::Approve | DecisionKind::Return if !decides(account) => {
                return Err(Refusal::Role.into());
            }
            DecisionKind::Approve | DecisionKind::Return => {}
        }
        let mut again = of_maker;
        for made in &proposal.decisions {
            let theirs = persons(book, &made.hand).await?;
            again |= mine.iter().any(|person| theirs.contains(person));
        }
        if again {
            return Err(Refusal::SamePerson.into());
        }
        // Of two who agree, one is of finance.
        let finance =
            |roles: &[StaffRole]| roles.iter().any(|r| matches!(r, StaffRole::Finance(_)));
        let second =
            proposal.made.needs > 1 && proposal.approvals() + 1 == usize::from(proposal.made.needs);
        if kind == DecisionKind::Approve && second && !finance(&account.roles) {
            return Err(Refusal::Role.into());
        }
        Ok(())
    }

    /// What it is about must be as it was proposed; how it changes.
    async fn moves(
        &self,
        proposal: &Proposal,
        kind: DecisionKind,
        last: bool,
        reason: &str,
    ) -> Result<Vec<ExceptionChange>, DeskError> {
        let book = self.book.as_ref();
        if proposal.made.kind == ProposalKind::ChangeRules {
            // Whether other rules came between is asked when these come into force.
            return Ok(Vec::new());
        }
        if let Some(day) = proposal.made.day {
            let found = book.find_day(day).await?;
            let found = found.ok_or_else(|| Refusal::NotFound(day.to_string()))?;
            let same = state_of(book, &found).await? == proposal.made.state_of_day;
            if kind == DecisionKind::Approve && !same {
                return Err(Refusal::Changed(day.to_string()).into());
            }
            return Ok(Vec::new());
        }
        let (next, what) = match kind {
            DecisionKind::Approve => (State::Approved, "APPROVED"),
            DecisionKind::Return => (State::Open, "RETURNED"),
            DecisionKind::Withdraw => (State::Open, "WITHDRAWN"),
        };
        let mut changes = Vec::with_capacity(proposal.made.marks.len());
        for before in of_proposal(book, &proposal.made.no).await? {
            let mark = proposal.made.marks.iter().find(|mark| mark.no == before.no);
            let same = mark.is_some_and(|mark| mark.revision == before.revision);
            if !same && kind == DecisionKind::Approve {
                return Err(Refusal::Changed(before.no.clone()).into());
            }
            if last && let Some(mut after) = before.moved(next) {
                if next == State::Open {
                    after.proposal = None;
                }
                changes.push(ExceptionChange { after, what, note: reason.to_owned() });
            }
        }
        let whole = changes.len() == proposal.made.marks.len() || !last;
        if kind == DecisionKind::Approve && !whole {
            return Err(Refusal::Changed(proposal.made.no.clone()).into());
        }
        Ok(changes)
    }
}

async fn of_proposal(book: &dyn DeskBook, no: &str) -> Result<Vec<Exception>, StoreError> {
    let of = ExceptionFilter { proposal: Some(no.to_owned()), ..ExceptionFilter::default() };
    book.exceptions(&of, None, store::ALL).await
}

/// The persons behind a hand: who acts, and for whom.
async fn persons(book: &dyn DeskBook, hand: &Hand) -> Result<Vec<String>, StoreError> {
    let mut persons = vec![book.person_of(&hand.by).await?];
    if !hand.acting_for.is_empty() {
        persons.push(book.person_of(&hand.acting_for).await?);
    }
    Ok(persons)
}

/// Use case: what was agreed to is done, and noted with what shows it.
pub struct ExecuteProposal {
    /// The desk.
    pub book: Arc<dyn DeskBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl ExecuteProposal {
    /// `reference`: the refund's number, the journal, the letter.
    ///
    /// # Errors
    /// [`DeskError`]; all or nothing.
    pub async fn run(
        &self,
        account: &StaffAccount,
        proposal_no: &str,
        reference: &str,
    ) -> Result<(), DeskError> {
        if !works(account) {
            return Err(Refusal::Role.into());
        }
        let reference = words(reference)?;
        let book = self.book.as_ref();
        let found = book.find_proposal(proposal_no).await?;
        let proposal = found.ok_or_else(|| Refusal::NotFound(proposal_no.to_owned()))?;
        let ProposalKind::Act(action) = proposal.made.kind else {
            return Err(Refusal::NotPending.into());
        };
        if proposal.state() != ProposalState::Approved {
            return Err(Refusal::NotPending.into());
        }
        let mut changes = Vec::new();
        for before in of_proposal(book, proposal_no).await? {
            let mut step = |before: &Exception, next, what| {
                let after = before.moved(next).ok_or(Refusal::NotPending)?;
                let note = reference.clone();
                changes.push(ExceptionChange { after: after.clone(), what, note });
                Ok::<_, Refusal>(after)
            };
            let done = step(&before, State::Executed, "EXECUTED")?;
            if action.proof() == Proof::Booked {
                let proved = step(&done, State::Verified, "PROVED")?;
                step(&proved, State::Closed, "CLOSED")?;
            }
        }
        let now = self.clock.now();
        let execution = execution(proposal_no, &account.name, &reference, now);
        let audit =
            AuditRecord::new(now, &account.name, "PROPOSAL_EXECUTE", proposal_no, &reference);
        Ok(book.execute(&execution, &changes, &audit).await?)
    }
}

pub(super) fn execution(
    proposal_no: &str,
    by: &str,
    reference: &str,
    at: jiff::Timestamp,
) -> Execution {
    Execution {
        proposal_no: proposal_no.to_owned(),
        by: by.to_owned(),
        reference: reference.to_owned(),
        at,
    }
}

/// Use case: an approved closing seals the day; an approved reopening opens its next version.
pub struct CloseDay {
    /// The desk.
    pub book: Arc<dyn DeskBook>,
    /// What a day still waits for.
    pub awaited: Arc<dyn AwaitedFiles>,
    /// Signs, and keeps heads elsewhere.
    pub signer: Arc<dyn SealSigner>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl CloseDay {
    /// The new seal; `None` after a reopening. A second try of a sealed day writes its head once more, which changes nothing
    /// where the head is there.
    ///
    /// # Errors
    /// [`DeskError`]. [`StoreError`] after the seal was stored says that its head was not kept outside: try again.
    pub async fn run(
        &self,
        account: &StaffAccount,
        proposal_no: &str,
    ) -> Result<Option<Seal>, DeskError> {
        if !works(account) {
            return Err(Refusal::Role.into());
        }
        let book = self.book.as_ref();
        let found = book.find_proposal(proposal_no).await?;
        let proposal = found.ok_or_else(|| Refusal::NotFound(proposal_no.to_owned()))?;
        let Some(day) = proposal.made.day else { return Err(Refusal::NotPending.into()) };
        let before = book.find_day(day).await?;
        let before = before.ok_or_else(|| Refusal::NotFound(day.to_string()))?;
        if proposal.state() == ProposalState::Executed {
            let sealed = book.seals(day).await?.into_iter().next();
            if let Some(seal) = &sealed {
                self.signer.keep_head(seal)?;
            }
            return Ok(sealed);
        }
        if proposal.state() != ProposalState::Approved {
            return Err(Refusal::NotPending.into());
        }
        if state_of(book, &before).await? != proposal.made.state_of_day {
            return Err(Refusal::Changed(day.to_string()).into());
        }
        let now = self.clock.now();
        let execution = execution(proposal_no, &account.name, &proposal.digest, now);
        match proposal.made.kind {
            ProposalKind::ReopenDay => {
                let detail = format!("{day} 第{}版", before.version + 1);
                let audit =
                    AuditRecord::new(now, &account.name, "DAY_REOPENED", proposal_no, &detail);
                book.reopen(&execution, &before, &audit).await?;
                Ok(None)
            }
            ProposalKind::CloseDay => {
                ready(book, self.awaited.as_ref(), &before).await?;
                let seal = self.sealed(&proposal, &before, now).await?;
                book.seal(&execution, &seal, &before).await?;
                self.signer.keep_head(&seal)?;
                Ok(Some(seal))
            }
            ProposalKind::Act(_) | ProposalKind::ChangeRules => Err(Refusal::NotPending.into()),
        }
    }

    async fn sealed(
        &self,
        proposal: &Proposal,
        day: &DeskDay,
        now: jiff::Timestamp,
    ) -> Result<Seal, DeskError> {
        let book = self.book.as_ref();
        let last = book.last_seal().await?;
        let runs = book.runs(day.day).await?;
        let run = runs.into_iter().find(|run| run.number == day.run).ok_or(Refusal::NotWhole)?;
        let checkers: Vec<&str> = proposal.decisions.iter().map(|d| d.hand.by.as_str()).collect();
        let (exceptions, digest) = book.as_they_stand(day.day).await?;
        let draft = SealDraft {
            number: last.as_ref().map_or(1, |seal| seal.number + 1),
            previous: last.map(|seal| seal.signed.hash).unwrap_or_default(),
            day: day.day,
            version: day.version,
            run: day.run,
            run_digest: run.digest,
            run_inputs: run.inputs,
            exceptions: digest,
            standing: book.standing(day.day).await?,
            audit: book.audit_point().await?,
            maker: proposal.made.maker.by.clone(),
            checker: checkers.join(","),
            at: now,
        };
        let text = draft.text();
        let signed = self.signer.sign(&text).map_err(DeskError::Signer)?;
        let (number, version) = (draft.number, day.version);
        Ok(Seal { number, day: day.day, version, text, exceptions, signed, at: now })
    }
}
