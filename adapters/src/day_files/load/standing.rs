//! What is wrong with whole files, and which are not there.

use super::opened::Opened;
use super::{BillBlock, Framed, Reading};
use crate::day_files::others::{self, SmallStatement};
use crate::day_files::wechat;
use domain::money::Fen;
use domain::payment::Rail;
use domain::reconciliation::DiscrepancyCode as Code;
use domain::reconciliation::engine::{FileFault, FileRole, TrustedStatement};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is known of a statement file after it was read.
#[derive(Default)]
pub(super) struct Standing {
    pub(super) owner: Option<(Rail, String)>,
    pub(super) fault: Option<(Code, Fen, String)>,
    pub(super) net: Option<Fen>,
}

impl Standing {
    pub(super) fn refused(code: Code, at_risk: i64, reason: String) -> Self {
        Self { fault: Some((code, Fen::new(at_risk), reason)), ..Self::default() }
    }
}

impl Reading<'_> {
    /// Who has most lines owns the bill; what is wrong with it as a whole.
    pub(super) fn bill_standing(&self, frame: &Framed, blocks: &[BillBlock]) -> Standing {
        let refuse = |code, at_risk: i64, reason: String| Standing::refused(code, at_risk, reason);
        let totals = match &frame.totals {
            Ok(totals) => *totals,
            Err(reason) => return refuse(Code::F02, 0, reason.clone()),
        };
        let unread = || blocks.iter().flat_map(|block| &block.sums.unread);
        let sum = |of: fn(&wechat::Sums) -> i64| -> i128 {
            blocks.iter().map(|block| i128::from(of(&block.sums))).sum()
        };
        let (count, paid) = (sum(|s| s.count), sum(|s| s.paid));
        let (refunded, fees) = (sum(|s| s.refunded), sum(|s| s.fees));
        let (bad, others) = (unread().count() as i128, unread().filter(|u| u.of_other_day).count());
        let mut merchants: BTreeMap<&str, u64> = BTreeMap::new();
        for (merchant_no, lines) in blocks.iter().flat_map(|block| &block.sums.merchants) {
            *merchants.entry(merchant_no).or_default() += lines;
        }
        let ours = |no: &str| {
            let of = &self.rules.merchants;
            of.iter().any(|rule| rule.rail == Rail::WeChatPay && rule.merchant_no == no)
        };
        let most = merchants.iter().filter(|(no, _)| ours(no)).max_by_key(|(_, lines)| **lines);
        let owner = most.map(|(no, _)| (Rail::WeChatPay, (*no).to_owned()));
        let own = |standing: Standing| Standing { owner: owner.clone(), ..standing };
        if count == 0 && others > 0 {
            let reason = format!("没有一行是{}的，文件不是这一天的账单", self.rules.day);
            return own(refuse(Code::F02, 0, reason));
        }
        if owner.is_none() && count > 0 {
            return refuse(Code::F02, 0, "没有一行是本平台商户的，文件是其他商户的账单".to_owned());
        }
        let unreadable = unread().any(|line| line.amount.is_none());
        let aside: i128 = unread().map(|line| i128::from(line.amount.unwrap_or(0))).sum();
        let gap = i128::from(totals.paid) - i128::from(totals.refunded) - (paid - refunded);
        let overflow = blocks.iter().any(|block| block.sums.overflow);
        if count + bad != i128::from(totals.count) {
            let at_risk = if unreadable { 0 } else { fen(gap - aside) };
            let reason = format!("文件合计{}笔，实有{}行", totals.count, count + bad);
            return own(refuse(Code::F03, at_risk, reason));
        }
        if overflow || (!unreadable && gap != aside) {
            let reason = format!(
                "文件合计净收{}元，逐行相加{}元",
                Fen::new(fen(i128::from(totals.paid) - i128::from(totals.refunded))),
                Fen::new(fen(paid - refunded + aside))
            );
            return own(refuse(Code::F03, fen(gap - aside), reason));
        }
        let fees_known = unread().all(|line| line.fee.is_some());
        let bad_fees: i128 = unread().map(|line| i128::from(line.fee.unwrap_or(0))).sum();
        if let Some(total) = totals.fees.filter(|_| fees_known)
            && i128::from(total) != fees + bad_fees
        {
            let reason = format!(
                "文件合计手续费{}元，逐行相加{}元",
                Fen::new(total),
                Fen::new(fen(fees + bad_fees))
            );
            return own(refuse(Code::F03, 0, reason));
        }
        let net = totals.fees.map(|fees| Fen::new(totals.paid - totals.refunded - fees));
        own(Standing { net, ..Standing::default() })
    }

    pub(super) fn small_standing(&self, statement: &SmallStatement) -> Standing {
        let owner = Some((statement.rail, statement.merchant_no.clone()));
        let Some((count, paid, refunded)) = statement.totals else {
            return Standing { owner, ..Standing::default() };
        };
        let lines = (statement.lines.len() + statement.set_aside.len()) as i64;
        let signed = |line: &domain::reconciliation::StatementLine| match line.refund {
            None => i128::from(line.amount.value()),
            Some(_) => -i128::from(line.amount.value()),
        };
        let net: i128 = statement.lines.iter().map(signed).sum();
        let amounts = statement.set_aside.iter().map(|line| line.amount);
        let unreadable = amounts.clone().any(|amount| amount.is_none());
        let aside: i128 = amounts.map(|amount| i128::from(amount.map_or(0, Fen::value))).sum();
        let gap = i128::from(paid) - i128::from(refunded) - net - aside;
        let off = !unreadable && gap != 0;
        if lines == count && !off && statement.disagreement.is_none() {
            let net = statement.fees.map(|fees| Fen::new(paid - refunded - fees.value()));
            return Standing { owner, net, ..Standing::default() };
        }
        let reason = match (&statement.disagreement, lines == count) {
            (Some(reason), _) => reason.clone(),
            (None, false) => format!("文件合计{count}笔，实有{lines}行"),
            (None, true) => "文件合计金额与逐行相加不符".to_owned(),
        };
        let at_risk = if unreadable { 0 } else { fen(gap) };
        Standing { owner, ..Standing::refused(Code::F03, at_risk, reason) }
    }

    /// Hashes that the rules name.
    pub(super) fn hashes_agree(&self, files: &[Opened], standings: &mut BTreeMap<usize, Standing>) {
        for (place, file) in files.iter().enumerate() {
            let Some(wanted) = self.rules.file_hashes.get(&file.name) else { continue };
            let agrees = match wanted.split_once(':') {
                Some(("sha1", hex)) => file.sha1.as_deref() == Some(hex),
                Some((_, hex)) => file.sha256 == hex,
                None => false,
            };
            if !agrees {
                let of = standings.entry(place).or_default();
                of.fault = Some((Code::F02, Fen::ZERO, "哈希与渠道给出的不符".to_owned()));
            }
        }
    }

    /// Files that are expected and not there. One that cannot be told whose it is stands for one that nobody else covers.
    pub(super) fn missing(
        &self,
        files: &[Opened],
        standings: &BTreeMap<usize, Standing>,
        (no_bank, heard, agency_waits): (bool, &HashSet<&str>, bool),
    ) -> Vec<FileFault> {
        let owned = |rail: Rail, no: &str| {
            standings.values().any(|standing| {
                standing.owner.as_ref().is_some_and(|(of, owner)| *of == rail && owner == no)
            })
        };
        let nobodys = |place: &usize| {
            let standing = standings.get(place);
            files[*place].role == FileRole::Statement && standing.is_none_or(|s| s.owner.is_none())
        };
        let merchants = &self.rules.merchants;
        let named = |role: FileRole, no: &str| {
            files.iter().any(|file| file.role == role && file.name.contains(no))
        };
        let nameless = |place: &usize| {
            !merchants.iter().any(|rule| files[*place].name.contains(&rule.merchant_no))
        };
        let mut unattributed = (1..files.len()).filter(nobodys).filter(nameless).count();
        let agency_files = (1..files.len()).filter(|place| files[*place].role == FileRole::Agency);
        let refused = agency_files
            .filter(|place| standings.get(place).is_some_and(|standing| standing.fault.is_some()));
        let unnamed = |place: &usize| {
            let codes =
                self.rules.expected_files.iter().filter_map(|file| file.strip_prefix("AGENCY:"));
            !codes.into_iter().any(|code| files[*place].name.contains(code))
        };
        let mut refused_agencies = if agency_waits { refused.filter(unnamed).count() } else { 0 };
        let mut missing = Vec::new();
        for expected in &self.rules.expected_files {
            let absent = match expected.split_once(':') {
                None => no_bank,
                Some(("AGENCY", code)) if heard.contains(code) => false,
                Some(("AGENCY", code)) if named(FileRole::Agency, code) => false,
                Some(("AGENCY", _)) => take_one(&mut refused_agencies),
                Some((rail, no)) => match Rail::from_code(rail) {
                    Some(rail) if owned(rail, no) || named(FileRole::Statement, no) => false,
                    Some(_) | None => take_one(&mut unattributed),
                },
            };
            if absent {
                let note = format!("{expected}的文件没有到，应在{}之前到", self.rules.judged_at);
                let (code, at_risk) = (Code::F01, Fen::ZERO);
                missing.push(FileFault { code, at_risk, file: expected.clone(), note });
            }
        }
        missing
    }
}

pub(super) fn fen(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// Of files that are the same, one is used; of those seen before, none. By place, with the reason.
pub(super) fn once_only(files: &[Opened], seen: &[String]) -> HashMap<usize, String> {
    let mut unused = HashMap::new();
    let mut first: HashMap<&str, &str> = HashMap::new();
    for (place, file) in files.iter().enumerate().skip(1) {
        if seen.contains(&file.sha256) {
            unused.insert(place, "这份文件以前用过，不再使用".to_owned());
        } else if let Some(other) = first.get(file.sha256.as_str()) {
            unused.insert(place, format!("与{other}是同一份文件，只用一份"));
        } else {
            first.insert(&file.sha256, &file.name);
        }
    }
    unused
}

/// One per owner; of two files of one owner no totals are known together.
pub(super) fn trusted(
    standings: &BTreeMap<usize, Standing>,
    unused: &HashMap<usize, String>,
) -> Vec<TrustedStatement> {
    let mut trusted: BTreeMap<(Rail, String), Option<Fen>> = BTreeMap::new();
    for (place, standing) in standings {
        let Some(owner) = standing.owner.clone() else { continue };
        if standing.fault.is_some() || unused.contains_key(place) {
            continue;
        }
        trusted.entry(owner).and_modify(|net| *net = None).or_insert(standing.net);
    }
    let one = |((rail, merchant_no), net)| TrustedStatement { rail, merchant_no, net };
    trusted.into_iter().map(one).collect()
}

pub(super) fn file_faults(
    files: &[Opened],
    standings: &BTreeMap<usize, Standing>,
    unused: &HashMap<usize, String>,
) -> Vec<FileFault> {
    let mut faults = Vec::new();
    for (place, file) in files.iter().enumerate() {
        if let Some(note) = unused.get(&place) {
            let (code, at_risk) = (Code::F04, Fen::ZERO);
            let (file, note) = (file.name.clone(), note.clone());
            faults.push(FileFault { code, at_risk, file, note });
        } else if let Some((code, at_risk, note)) =
            standings.get(&place).and_then(|standing| standing.fault.clone())
        {
            faults.push(FileFault { code, at_risk, file: file.name.clone(), note });
        }
    }
    faults
}

/// Whether none is left to stand for it.
pub(super) const fn take_one(of: &mut usize) -> bool {
    match *of {
        0 => true,
        some => {
            *of = some - 1;
            false
        }
    }
}

/// F03 of a table: its last line against its rows.
pub(super) fn checked<T>(rows: &others::Rows<T>, sum: i128) -> Option<(i64, String)> {
    let (lines, fen_total) = rows.total;
    let count = (rows.rows.len() + rows.bad.len()) as i64;
    let unreadable = rows.bad.iter().any(|row| row.amount.is_none());
    let aside: i128 = rows.bad.iter().map(|row| i128::from(row.amount.unwrap_or(0))).sum();
    let gap = i128::from(fen_total) - sum - aside;
    let off = !unreadable && gap != 0;
    if lines == count && !off {
        return None;
    }
    let at_risk = if unreadable { 0 } else { fen(gap) };
    let all = sum + aside;
    Some((at_risk, format!("合计行写{lines}行{fen_total}分，实有{count}行{all}分")))
}

pub(super) type Summed<T> = Result<(Option<(i64, String)>, others::Rows<T>), String>;

/// Notes what is wrong with a table's file; its rows, if it can be used.
pub(super) fn settle<T>(
    read: Summed<T>,
    place: usize,
    standings: &mut BTreeMap<usize, Standing>,
    unused: &HashMap<usize, String>,
) -> Option<others::Rows<T>> {
    let standing = standings.entry(place).or_default();
    match read {
        Err(reason) => {
            standing.fault.get_or_insert((Code::F02, Fen::ZERO, reason));
            None
        }
        Ok((Some((at_risk, reason)), _)) => {
            standing.fault.get_or_insert((Code::F03, Fen::new(at_risk), reason));
            None
        }
        Ok((None, rows)) => {
            (standing.fault.is_none() && !unused.contains_key(&place)).then_some(rows)
        }
    }
}
