//! The rules by which days are judged, as two persons agreed to them. They have versions; a run of a day is by one of them.

use super::Execution;
use crate::identity::AuditRecord;
use crate::money::Fen;
use crate::outside::StoreError;
use crate::payment::{MerchantIdentity, Rail};
use crate::reconciliation::engine::{MerchantRule, OpenPayout, Rules};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What may be changed of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskRules {
    /// So close to the day's end a payment may stand in the next statement, in minutes.
    pub cut_minutes: u32,
    /// After so many minutes a paid notice must be written off.
    pub write_off_due_minutes: u32,
    /// After so many days, at 10:00, a payout must be there.
    pub payout_due_days: u32,
    /// So far a line's fee may be off, either way.
    pub fee_tolerance: Fen,
    /// The agreed fee of each rail in parts of a million.
    pub fee_ppm: BTreeMap<Rail, u32>,
    /// Where each rail's payouts must arrive; a rail without one is not looked at.
    pub accounts: BTreeMap<Rail, String>,
}

const CUT: &str = "cut_minutes";
const WRITE_OFF: &str = "write_off_due_minutes";
const PAYOUT: &str = "payout_due_days";
const TOLERANCE: &str = "fee_tolerance_fen";
const FEE: &str = "fee_ppm.";
const ACCOUNT: &str = "account.";

/// A day has so many minutes; a payment that is further from midnight is of no other day.
const CUT_MAX: u64 = 24 * 60;
/// A month: who waits longer waits for nobody.
const WAIT_MAX: u64 = 31 * 24 * 60;
/// A line whose fee is a yuan off is a discrepancy under any agreement.
const TOLERANCE_MAX: u64 = 100;
/// A rate beyond a tenth is a slip of the pen.
const PPM_MAX: u64 = 100_000;

impl DeskRules {
    /// Before anybody agreed to others: 0.60 % at every rail, ten minutes at midnight, an hour for the write-off.
    pub fn usual() -> Self {
        Self {
            cut_minutes: 10,
            write_off_due_minutes: 60,
            payout_due_days: 1,
            fee_tolerance: Fen::ZERO,
            fee_ppm: Rail::ALL.into_iter().map(|rail| (rail, 6_000)).collect(),
            accounts: BTreeMap::new(),
        }
    }

    /// One `name=value` a line, always in the same order: what is shown, agreed to and kept.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{CUT}={}\n{WRITE_OFF}={}\n{PAYOUT}={}\n{TOLERANCE}={}\n",
            self.cut_minutes,
            self.write_off_due_minutes,
            self.payout_due_days,
            self.fee_tolerance.value()
        );
        for (rail, ppm) in &self.fee_ppm {
            text.push_str(&format!("{FEE}{}={ppm}\n", rail.code()));
        }
        for (rail, account) in &self.accounts {
            text.push_str(&format!("{ACCOUNT}{}={account}\n", rail.code()));
        }
        text
    }

    /// Reads [`Self::text`], in any order, with blank lines; what is not named stays as usual.
    ///
    /// # Errors
    /// Every fault with its line, in Chinese.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let mut read = Self::usual();
        let (mut faults, mut named) = (Vec::new(), Vec::new());
        for (no, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let told = match line.split_once('=') {
                None => Err("应为“名称=值”".to_owned()),
                Some((name, _)) if named.contains(&name.trim()) => {
                    Err(format!("{}写了两次", name.trim()))
                }
                Some((name, value)) => {
                    named.push(name.trim());
                    read.set(name.trim(), value.trim())
                }
            };
            faults.extend(told.err().map(|fault| format!("第{no}行：{fault}")));
        }
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = |most: u64| {
            let read = value.parse::<u64>().ok().filter(|number| *number <= most);
            read.ok_or_else(|| format!("{name}应为0至{most}的整数，不是“{value}”"))
        };
        let small = |most: u64| number(most).map(|read| u32::try_from(read).unwrap_or(u32::MAX));
        let rail = |code: &str| Rail::from_code(code).ok_or_else(|| format!("没有渠道{code}"));
        match name {
            CUT => self.cut_minutes = small(CUT_MAX)?,
            WRITE_OFF => self.write_off_due_minutes = small(WAIT_MAX)?,
            PAYOUT => self.payout_due_days = small(31)?,
            TOLERANCE => self.fee_tolerance = Fen::new(i64::from(small(TOLERANCE_MAX)?)),
            name => {
                if let Some(code) = name.strip_prefix(FEE) {
                    self.fee_ppm.insert(rail(code)?, small(PPM_MAX)?);
                } else if let Some(code) = name.strip_prefix(ACCOUNT) {
                    let fits = (1..=64).contains(&value.len())
                        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                    if !fits {
                        return Err(format!("{name}应为1至64个字母、数字或短横"));
                    }
                    self.accounts.insert(rail(code)?, value.to_owned());
                } else {
                    return Err(format!("没有规则{name}"));
                }
            }
        }
        Ok(())
    }

    /// What the engine is told of one day.
    pub fn for_day(&self, day: Date, judged_at: Timestamp, around: Around) -> Rules {
        let merchant = |(rail, identity): (Rail, MerchantIdentity)| MerchantRule {
            rail,
            merchant_no: identity.merchant_no,
            app_ids: identity.app_ids,
            fee_ppm: self.fee_ppm.get(&rail).copied().unwrap_or_default(),
            account: self.accounts.get(&rail).cloned().unwrap_or_default(),
            item_codes: Vec::new(),
        };
        Rules {
            day,
            judged_at,
            cut_minutes: self.cut_minutes,
            write_off_due_minutes: self.write_off_due_minutes,
            payout_due_days: self.payout_due_days,
            fee_tolerance: self.fee_tolerance,
            merchants: around.merchants.into_iter().map(merchant).collect(),
            open_payouts: around.open_payouts,
            seen_files: Vec::new(),
            expected_files: around.expected_files,
            file_hashes: BTreeMap::new(),
        }
    }
}

/// What belongs to one day and not to the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// Who we are at each rail.
    pub merchants: Vec<(Rail, MerchantIdentity)>,
    /// Payouts of earlier days that were not credited yet.
    pub open_payouts: Vec<OpenPayout>,
    /// As in `rules.json`.
    pub expected_files: Vec<String>,
}

/// Rules with their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    /// From 1; 0 of [`DeskRules::usual`].
    pub version: u32,
    /// The rules.
    pub rules: DeskRules,
    /// By which proposal; empty of version 0.
    pub proposal_no: String,
    /// Since when; `None` of version 0.
    pub at: Option<Timestamp>,
}

/// The rules' versions. Only ever added to.
#[async_trait]
pub trait RuleBook: Send + Sync {
    /// The newest.
    async fn in_force(&self) -> Result<RuleSet, StoreError>;
    /// Puts rules in force that two persons agreed to, and notes that it was done. MUST answer [`StoreError::Conflict`] when
    /// another version came first, or when the proposal was not for exactly this text.
    async fn enact(
        &self,
        set: &RuleSet,
        execution: &Execution,
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut rules = DeskRules::usual();
        rules.fee_ppm.insert(Rail::Alipay, 5_500);
        rules.accounts.insert(Rail::WeChatPay, "6222-01".to_owned());
        rules.fee_tolerance = Fen::new(3);
        assert_eq!(DeskRules::parse(&rules.text()), Ok(rules));
        assert_eq!(DeskRules::parse("\n cut_minutes = 5 \n").map(|read| read.cut_minutes), Ok(5));
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let wrong = "cut_minutes=1441\nfee_ppm.CASH=1\nhello\naccount.ALIPAY=\ncut_minutes=2\nspeed=1\nfee_tolerance_fen=-1";
        let faults = DeskRules::parse(wrong).unwrap_err();
        let lines: Vec<_> = faults.iter().map(|fault| fault.split('：').next().unwrap()).collect();
        assert_eq!(lines, ["第1行", "第2行", "第3行", "第4行", "第5行", "第6行", "第7行"]);
    }
}
