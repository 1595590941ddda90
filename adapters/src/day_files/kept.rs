//! A day's folder out of what is kept: the ledger's export, the files as they came with their repaired lines, the rules.
//! What the night judges is what anybody can judge again by `bff match`.

use super::load::{Detail, Paths, judge};
use super::write::cell;
use super::{as_run, ledger};
use crate::store::{ExportedLine, Store};
use async_trait::async_trait;
use domain::clock::beijing_time;
use domain::outside::StoreError;
use domain::payment::{CashierKind, MerchantIdentity, Rail};
use domain::reconciliation::desk::{Around, DayJudge, JudgeError, JudgeOrder, NewRun, WORKER};
use domain::reconciliation::engine::{LedgerKind, LedgerState, Rules};
use domain::reconciliation::source::{
    LineState, SourceKey, SourceKind, SourceSlot, SourceState, SourceStore, StatementReader,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Judges days by what is kept of them.
pub struct KeptDays {
    /// Ledger and files.
    pub store: Arc<Store>,
    /// Who we are at each rail.
    pub merchants: Vec<(Rail, MerchantIdentity)>,
    /// Read which orders a statement speaks of.
    pub readers: Vec<Arc<dyn StatementReader>>,
}

#[async_trait]
impl DayJudge for KeptDays {
    async fn judge(&self, order: &JudgeOrder) -> Result<NewRun, JudgeError> {
        let folder = tempfile::tempdir().map_err(failed)?;
        let paths = self.write(order, folder.path()).await?;
        let judged = tokio::task::spawn_blocking(move || judge(&paths, Detail::Filed)).await;
        let judged = judged.map_err(failed)?.map_err(|faults| failed(faults.join("\n")))?;
        Ok(as_run(&judged, order.at, WORKER))
    }
}

fn failed(error: impl Into<domain::outside::BoxError>) -> JudgeError {
    JudgeError::Judge(error.into())
}

fn broken(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(error.into())
}

impl KeptDays {
    /// Writes the folder of the day into `into`, which must be there; answers what `bff match` would be told.
    ///
    /// # Errors
    /// [`JudgeError`].
    pub async fn write(&self, order: &JudgeOrder, into: &Path) -> Result<Paths, JudgeError> {
        let mut paths = Paths { ledger: into.join("ledger.csv"), ..Paths::default() };
        let mut named = BTreeSet::new();
        for slot in &order.slots {
            if expected_name(&slot.key).is_none() {
                continue; // No leg of a day is made of it.
            }
            let Some(file) = self.file_of(slot).await? else { continue };
            if let Some(rail) = slot.key.kind().statement_of() {
                named.extend(self.orders_in(rail, &file, &slot.key));
            }
            let path = into.join(format!("{}-{}.csv", slot.key.kind().code(), slot.key.owner()));
            std::fs::write(&path, file).map_err(failed)?;
            match slot.key.kind() {
                SourceKind::BankCredits => paths.bank.push(path),
                SourceKind::AgencyConfirmations => paths.agency.push(path),
                SourceKind::WeChatTrade
                | SourceKind::AlipayTrade
                | SourceKind::UnionPaySettlement => paths.statements.push(path),
                SourceKind::WeChatFundFlow
                | SourceKind::AlipayAccount
                | SourceKind::FinanceOrders
                | SourceKind::FinanceSplit
                | SourceKind::FinanceResults
                | SourceKind::FinanceRefunds => {}
            }
        }
        let booked = self.export(order, named, &paths.ledger).await?;
        let rules = order.rules.for_day(
            order.day,
            order.at,
            Around {
                merchants: self.merchants.clone(),
                open_payouts: order.open_payouts.clone(),
                expected_files: self.expected(order, &booked),
            },
        );
        let path = into.join("rules.json");
        std::fs::write(&path, rules_text(&rules)).map_err(failed)?;
        paths.rules = Some(path);
        Ok(paths)
    }

    /// The file that is used, with its repaired lines; else the newest that cannot be used, so that the day says why.
    async fn file_of(&self, slot: &SourceSlot) -> Result<Option<Vec<u8>>, StoreError> {
        let id = match slot.file_id() {
            Some(id) => id,
            None => {
                let files = self.store.list_files(&slot.key).await?;
                let refused = files.into_iter().rev().find(|file| file.fault.is_some());
                match refused {
                    Some(file) => file.id,
                    None => return Ok(None),
                }
            }
        };
        let Some(original) = self.store.original(&id).await? else { return Ok(None) };
        let lines = self.store.lines_of(&id).await?;
        let repaired: BTreeMap<u32, String> = lines
            .into_iter()
            .filter_map(|line| match line.state {
                LineState::Repaired { text, .. } => Some((line.line_no, text)),
                LineState::Open | LineState::Dropped { .. } => None,
            })
            .collect();
        Ok(Some(mended(slot.key.kind(), original, &repaired)))
    }

    /// A file that cannot be read names nobody; the matcher says what is wrong with it.
    fn orders_in(&self, rail: Rail, file: &[u8], key: &SourceKey) -> Vec<String> {
        let reader = self.readers.iter().find(|reader| reader.rail() == rail);
        let read = reader.and_then(|reader| reader.statement(file, key.day()).ok());
        let lines = read.map(|statement| statement.lines).unwrap_or_default();
        lines.into_iter().map(|line| line.order_no).collect()
    }

    /// Writes the ledger; answers at which rails it has booked anything on the day.
    async fn export(
        &self,
        order: &JudgeOrder,
        named: BTreeSet<String>,
        path: &Path,
    ) -> Result<BTreeSet<Rail>, JudgeError> {
        let file = std::fs::File::create(path).map_err(failed)?;
        let mut out = std::io::BufWriter::new(file);
        writeln!(out, "{}", ledger::COLUMNS.join(",")).map_err(failed)?;
        let (mut booked, mut count, mut fen) = (BTreeSet::new(), 0_u64, 0_i64);
        let written = self.store.export_ledger(order.day, named, |line| {
            let Some(text) = self.ledger_row(&line) else { return Ok(()) };
            if line.is_booked() && line.accounting_day == order.day {
                booked.insert(line.rail);
            }
            (count, fen) = (count + 1, fen.saturating_add(line.amount));
            writeln!(out, "{text}").map_err(broken)
        });
        written.await?;
        writeln!(out, "#total,{count},{fen}").and_then(|()| out.flush()).map_err(failed)?;
        Ok(booked)
    }

    /// `None` of a rail that is not connected any more: nobody asks for its statement.
    fn ledger_row(&self, line: &ExportedLine) -> Option<String> {
        let (_, merchant) = self.merchants.iter().find(|(rail, _)| *rail == line.rail)?;
        let app = match line.cashier {
            CashierKind::WeChatApp | CashierKind::AlipayApp => merchant.app_ids.last(),
            CashierKind::WeChatMini
            | CashierKind::WeChatNative
            | CashierKind::AlipayMini
            | CashierKind::UnionPayApp => merchant.app_ids.first(),
        };
        let kind = match line.kind {
            LedgerKind::Pay => "PAY",
            LedgerKind::Refund => "REFUND",
        };
        let state = match line.state {
            LedgerState::Submitted => "SUBMITTED",
            LedgerState::Unknown => "UNKNOWN",
            LedgerState::Failed => "FAILED",
            LedgerState::Closed => "CLOSED",
            LedgerState::Paid => "PAID",
            LedgerState::Succeeded => "SUCCEEDED",
        };
        let (amount, day) = (line.amount.to_string(), line.accounting_day.to_string());
        let at = stamp(line.at);
        let values = [
            kind,
            &line.order_no,
            &line.refund_no,
            &line.notice_no,
            line.rail.code(),
            &merchant.merchant_no,
            app.map_or("", String::as_str),
            &line.txn,
            &amount,
            state,
            &at,
            &day,
            "",
            &line.agency_code,
            "",
        ];
        Some(values.map(cell).join(","))
    }

    /// Files that are late; and a statement that the rail says is empty, though we booked payments by it.
    fn expected(&self, order: &JudgeOrder, booked: &BTreeSet<Rail>) -> Vec<String> {
        let said_nothing = order.slots.iter().filter(|slot| {
            let rail = slot.key.kind().statement_of();
            slot.state == SourceState::Nothing && rail.is_some_and(|rail| booked.contains(&rail))
        });
        let said_nothing = said_nothing.map(|slot| &slot.key);
        // A file that came and cannot be used is none that is missing: the matcher names its own code.
        let expected = order.missing.iter().chain(said_nothing).filter_map(expected_name);
        let mut expected: Vec<_> = expected.collect();
        expected.sort();
        expected.dedup();
        expected
    }
}

fn expected_name(key: &SourceKey) -> Option<String> {
    match (key.kind(), key.kind().statement_of()) {
        (_, Some(rail)) => Some(format!("{}:{}", rail.code(), key.owner())),
        (SourceKind::BankCredits, None) => Some("BANK".to_owned()),
        (SourceKind::AgencyConfirmations, None) => Some(format!("AGENCY:{}", key.owner())),
        (
            SourceKind::WeChatTrade
            | SourceKind::WeChatFundFlow
            | SourceKind::AlipayTrade
            | SourceKind::AlipayAccount
            | SourceKind::UnionPaySettlement
            | SourceKind::FinanceOrders
            | SourceKind::FinanceSplit
            | SourceKind::FinanceResults
            | SourceKind::FinanceRefunds,
            None,
        ) => None,
    }
}

/// The file with these lines in place of its own. Lines are counted as the reader of its kind counts them.
fn mended(kind: SourceKind, original: Vec<u8>, lines: &BTreeMap<u32, String>) -> Vec<u8> {
    if lines.is_empty() {
        return original;
    }
    let gbk = matches!(kind, SourceKind::AlipayTrade | SourceKind::UnionPaySettlement);
    // UnionPay's parts stand one behind the other, and their blank lines are none.
    let parts = kind == SourceKind::UnionPaySettlement;
    let mut out = Vec::with_capacity(original.len());
    let mut no = 0;
    let ends = |byte: &u8| *byte == b'\n' || (parts && *byte == crate::unionpay::APART);
    for line in original.split_inclusive(ends) {
        let end = line.last().filter(|byte| ends(byte));
        let text = &line[..line.len() - usize::from(end.is_some())];
        let (text, cr) = match text.strip_suffix(b"\r") {
            Some(text) => (text, true),
            None => (text, false),
        };
        if !(parts && text.trim_ascii().is_empty()) {
            no += 1;
        }
        match lines.get(&no).filter(|_| !text.trim_ascii().is_empty()) {
            Some(new) if gbk => out.extend_from_slice(&encoding_rs::GBK.encode(new).0),
            Some(new) => out.extend_from_slice(new.as_bytes()),
            None => out.extend_from_slice(text),
        }
        if cr {
            out.push(b'\r');
        }
        out.extend(end);
    }
    out
}

/// RFC 3339, Beijing's.
fn stamp(at: jiff::Timestamp) -> String {
    beijing_time(at).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

fn rules_text(rules: &Rules) -> String {
    let merchants: Vec<_> = rules
        .merchants
        .iter()
        .map(|merchant| {
            serde_json::json!({
                "rail": merchant.rail.code(),
                "merchant_no": merchant.merchant_no,
                "app_ids": merchant.app_ids,
                "fee_ppm": merchant.fee_ppm,
                "account": merchant.account,
                "item_codes": merchant.item_codes,
            })
        })
        .collect();
    let open: Vec<_> = rules
        .open_payouts
        .iter()
        .map(|open| {
            serde_json::json!({
                "rail": open.rail.code(),
                "merchant_no": open.merchant_no,
                "day": open.day.to_string(),
                "net_fen": open.net.value(),
            })
        })
        .collect();
    let text = serde_json::json!({
        "day": rules.day.to_string(),
        "judged_at": stamp(rules.judged_at),
        "cut_minutes": rules.cut_minutes,
        "write_off_due_minutes": rules.write_off_due_minutes,
        "payout_due_days": rules.payout_due_days,
        "fee_tolerance_fen": rules.fee_tolerance.value(),
        "merchants": merchants,
        "open_payouts": open,
        "seen_files": rules.seen_files,
        "expected_files": rules.expected_files,
        "file_hashes": rules.file_hashes,
    });
    format!("{text:#}\n")
}

/// The arguments of `bff match` for such a folder, one pair a line.
pub fn arguments(paths: &Paths) -> String {
    let name = |path: &PathBuf| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let one = |word: &'static str| move |path: &PathBuf| format!("--{word} {}\n", name(path));
    std::iter::once(&paths.ledger)
        .map(one("ledger"))
        .chain(paths.statements.iter().map(one("statement")))
        .chain(paths.bank.iter().map(one("bank")))
        .chain(paths.agency.iter().map(one("agency")))
        .chain(paths.rules.iter().map(one("rules")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repaired_line_stands_where_the_bad_one_stood() {
        let lines = BTreeMap::from([(2, "好".to_owned())]);
        let mended_text = mended(SourceKind::WeChatTrade, b"a\r\nb\r\n\r\nc".to_vec(), &lines);
        assert_eq!(mended_text, "a\r\n好\r\n\r\nc".as_bytes());
        // Four parts: the second line of all is the first of the second part.
        let lines = BTreeMap::from([(2, "x".to_owned())]);
        let mended_text =
            mended(SourceKind::UnionPaySettlement, b"a\r\n\x1eb\r\n\x1e\x1ec".to_vec(), &lines);
        assert_eq!(mended_text, b"a\r\n\x1ex\r\n\x1e\x1ec");
        assert_eq!(mended(SourceKind::WeChatTrade, b"a".to_vec(), &BTreeMap::new()), b"a");
    }
}
