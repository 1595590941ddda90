//! Changing the rules: tried first on days that are closed, then agreed to by others, then in force.

use super::work::{DeskError, Refusal, execution, words, works};
use super::{
    DayJudge, DayStanding, DeskBook, DeskRules, Hand, Inputs, JudgeError, NewProposal, NewRun,
    Particulars, ProposalKind, ProposalState, RuleBook, RuleSet, WORKER, needed,
};
use crate::clock::{Clock, IdSource};
use crate::identity::{AuditRecord, StaffAccount};
use crate::ids::ProposalNo;
use crate::outside::StoreError;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// On so many of the newest closed days the rules are tried.
const DAYS: usize = 7;
/// So many differences of a day are told; of more, how many.
const TOLD: usize = 50;
/// Between the rules and what they would change.
const RULE_END: &str = "---\n";

/// Why rules were not changed.
#[derive(Debug, thiserror::Error)]
pub enum RuleChangeError {
    /// The desk says no, or the store failed.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The text is none of rules: every fault.
    #[error("the text is not of rules")]
    Text(Vec<String>),
    /// A closed day could not be judged again.
    #[error("the rules could not be tried")]
    Trial(#[source] JudgeError),
}

impl From<StoreError> for RuleChangeError {
    fn from(error: StoreError) -> Self {
        Self::Desk(error.into())
    }
}

impl From<Refusal> for RuleChangeError {
    fn from(refusal: Refusal) -> Self {
        Self::Desk(refusal.into())
    }
}

/// Use case: rules are proposed, and put in force.
pub struct ChangeRules {
    /// The desk.
    pub book: Arc<dyn DeskBook>,
    /// The rules.
    pub rules: Arc<dyn RuleBook>,
    /// What a day is judged by.
    pub inputs: Inputs,
    /// Judges it.
    pub judge: Arc<dyn DayJudge>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl ChangeRules {
    /// Tries the rules on the newest closed days that were judged from kept files, and proposes them together with every verdict
    /// that would be another.
    ///
    /// # Errors
    /// [`RuleChangeError`]; nothing was proposed.
    pub async fn propose(
        &self,
        account: &StaffAccount,
        text: &str,
        reason: &str,
    ) -> Result<NewProposal, RuleChangeError> {
        if !works(account) {
            return Err(Refusal::Role.into());
        }
        let reason = words(reason)?;
        let wished = DeskRules::parse(text).map_err(RuleChangeError::Text)?;
        let before = self.rules.in_force().await?;
        if wished == before.rules {
            return Err(RuleChangeError::Text(vec!["与现行规则相同".to_owned()]));
        }
        let days = self.book.list_days(Date::MIN, Date::MAX).await?;
        let Some((newest, _)) = days.first() else {
            return Err(Refusal::NotFound("已登记的对账日".to_owned()).into());
        };
        let closed = days.iter().filter(|(day, _)| day.standing == DayStanding::Closed);
        let closed: Vec<Date> = closed.map(|(day, _)| day.day).take(DAYS).collect();
        let trial = self.trial(&closed, (&before.rules, &wished)).await?;
        let now = self.clock.now();
        let kind = ProposalKind::ChangeRules;
        let state_of_day =
            format!("{}{RULE_END}第{}版之后\n{trial}", wished.text(), before.version);
        let made = NewProposal {
            no: ProposalNo::generate(now, self.ids.as_ref()).to_string(),
            kind,
            day: Some(newest.day),
            marks: Vec::new(),
            state_of_day,
            reason,
            evidence: String::new(),
            maker: Hand::own(&account.name),
            needs: needed(kind, 0),
            at: now,
        };
        let detail = format!("第{}版之后", before.version);
        let audit = AuditRecord::new(now, &account.name, kind.word(), &made.no, &detail);
        self.book.propose(&made, &[], &audit).await?;
        Ok(made)
    }

    /// Puts in force what enough others agreed to.
    ///
    /// # Errors
    /// [`RuleChangeError`]; [`Refusal::Changed`] when other rules came between.
    pub async fn enact(
        &self,
        account: &StaffAccount,
        proposal_no: &str,
    ) -> Result<RuleSet, RuleChangeError> {
        if !works(account) {
            return Err(Refusal::Role.into());
        }
        let found = self.book.find_proposal(proposal_no).await?;
        let proposal = found.ok_or_else(|| Refusal::NotFound(proposal_no.to_owned()))?;
        let fits = proposal.made.kind == ProposalKind::ChangeRules;
        if !fits || proposal.state() != ProposalState::Approved {
            return Err(Refusal::NotPending.into());
        }
        let changed = || Refusal::Changed("规则".to_owned());
        let (text, tried) = proposal.made.state_of_day.split_once(RULE_END).ok_or_else(changed)?;
        let before = self.rules.in_force().await?;
        if !tried.starts_with(&format!("第{}版之后\n", before.version)) {
            return Err(changed().into());
        }
        let rules = DeskRules::parse(text).map_err(RuleChangeError::Text)?;
        let now = self.clock.now();
        let set = RuleSet {
            version: before.version + 1,
            rules,
            proposal_no: proposal_no.to_owned(),
            at: Some(now),
        };
        let done = execution(proposal_no, &account.name, &proposal.digest, now);
        let detail = format!("第{}版", set.version);
        let audit = AuditRecord::new(now, &account.name, "RULES_IN_FORCE", proposal_no, &detail);
        self.rules.enact(&set, &done, &audit).await?;
        Ok(set)
    }

    async fn trial(
        &self,
        days: &[Date],
        (old, new): (&DeskRules, &DeskRules),
    ) -> Result<String, RuleChangeError> {
        if days.is_empty() {
            return Ok("没有已关账的日子可以试算\n".to_owned());
        }
        let mut text = String::new();
        for day in days {
            let latest = self.book.runs(*day).await?.into_iter().next();
            if latest.is_none_or(|run| run.by != WORKER) {
                text.push_str(&format!("{day} 由人工登记，文件不在库中，未试算\n"));
                continue;
            }
            let mut order = self.inputs.of(*day, old).await?;
            let before = self.judge.judge(&order).await.map_err(RuleChangeError::Trial)?;
            order.rules = new.clone();
            let after = self.judge.judge(&order).await.map_err(RuleChangeError::Trial)?;
            text.push_str(&differences(*day, &before, &after));
        }
        Ok(text)
    }
}

/// What the second run finds otherwise than the first, a line each.
fn differences(day: Date, before: &NewRun, after: &NewRun) -> String {
    let by_key = |run: &NewRun| -> BTreeMap<String, Particulars> {
        run.findings.iter().map(|found| (found.key(), found.clone())).collect()
    };
    let (old, new) = (by_key(before), by_key(after));
    let said = |what: &str, of: &Particulars| {
        let no = [&of.order_no, &of.refund_no, &of.notice_no, &of.credit_no, &of.txn_no, &of.file];
        let no = no.into_iter().find(|no| !no.is_empty()).map_or("", String::as_str);
        format!("{day} {what} {} {no} {}元\n", of.code.words().0, of.at_risk)
    };
    let mut lines = Vec::new();
    for (key, found) in &new {
        match old.get(key) {
            None => lines.push(said("新增", found)),
            Some(was) if was.at_risk != found.at_risk => lines.push(said("金额变为", found)),
            Some(_) => {}
        }
    }
    lines.extend(
        old.iter().filter(|(key, _)| !new.contains_key(*key)).map(|(_, f)| said("消除", f)),
    );
    let count = lines.len();
    let mut text = format!("{day} 差错{}条变为{}条，结论变化{count}条\n", old.len(), new.len());
    text.extend(lines.into_iter().take(TOLD));
    if count > TOLD {
        text.push_str(&format!("{day} 另有{}条变化未列出\n", count - TOLD));
    }
    text
}
