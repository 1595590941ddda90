//! Tests of the engine: each code with both sides of its edge, then whole days by chance.

use super::*;
use crate::payment::Rail;
use crate::reconciliation::DiscrepancyCode as Code;
use jiff::Timestamp;
use jiff::civil::{Date, date};

mod chance;
mod table;

const M: &str = "1900000001";
const APP: &str = "wx1";
const DAY: Date = date(2026, 9, 30);

fn at(hour: i8, minute: i8) -> Timestamp {
    crate::clock::from_beijing(DAY.at(hour, minute, 0, 0)).unwrap()
}

/// A day that owns its lines.
#[derive(Clone)]
struct Day {
    rules: Rules,
    ledger: Vec<LedgerRecord<'static>>,
    lines: Vec<RailLine<'static>>,
    credits: Option<Vec<CreditLine<'static>>>,
    confirmations: Option<Vec<AgencyLine<'static>>>,
    quarantined: Vec<QuarantinedRecord<'static>>,
    faults: Vec<FileFault>,
    statements: Vec<TrustedStatement>,
    sifted: Vec<(Rail, String, Sifted)>,
}

impl Day {
    fn new() -> Self {
        let rules = Rules {
            day: DAY,
            judged_at: crate::clock::from_beijing(date(2026, 10, 1).at(12, 0, 0, 0)).unwrap(),
            cut_minutes: 10,
            write_off_due_minutes: 60,
            payout_due_days: 1,
            fee_tolerance: Fen::ZERO,
            merchants: vec![MerchantRule {
                rail: Rail::WeChatPay,
                merchant_no: M.to_owned(),
                app_ids: vec![APP.to_owned()],
                fee_ppm: 0,
                account: "ACC".to_owned(),
                item_codes: vec!["1030".to_owned()],
            }],
            open_payouts: Vec::new(),
            seen_files: Vec::new(),
            expected_files: Vec::new(),
            file_hashes: std::collections::BTreeMap::new(),
        };
        let trusted =
            TrustedStatement { rail: Rail::WeChatPay, merchant_no: M.to_owned(), net: None };
        Self {
            rules,
            ledger: Vec::new(),
            lines: Vec::new(),
            credits: None,
            confirmations: None,
            quarantined: Vec::new(),
            faults: Vec::new(),
            statements: vec![trusted],
            sifted: Vec::new(),
        }
    }

    fn judged(&self) -> (DayVerdicts, String) {
        let input = DayInput {
            rules: &self.rules,
            files: &[],
            faults: &self.faults,
            owners: &[],
            statements: &self.statements,
            ledger: &self.ledger,
            lines: &self.lines,
            credits: self.credits.as_deref(),
            confirmations: self.confirmations.as_deref(),
            silent_agencies: &[],
            quarantined: &self.quarantined,
            sifted: &self.sifted,
        };
        let verdicts = judge(&input);
        let mut bytes = Vec::new();
        verdicts.canonical(&input, &mut |piece| bytes.extend_from_slice(piece));
        (verdicts, String::from_utf8(bytes).unwrap())
    }

    /// Codes with their fen at risk, sorted; every identity holds.
    fn found(&self) -> Vec<(Code, i64)> {
        let (verdicts, _) = self.judged();
        let broken: Vec<_> = verdicts.identities.iter().filter(|i| !i.holds).collect();
        assert!(broken.is_empty(), "{broken:?} of {:?}", verdicts.findings);
        verdicts.findings.iter().map(|finding| (finding.code, finding.at_risk.value())).collect()
    }
}

fn pay(no: &'static str, txn: &'static str, fen: i64) -> LedgerRecord<'static> {
    LedgerRecord {
        origin: Origin { file: 0, line_no: 1 },
        kind: LedgerKind::Pay,
        order_no: no,
        refund_no: "",
        notice_no: "",
        rail: Rail::WeChatPay,
        merchant_no: M,
        app_id: APP,
        txn,
        amount: Fen::new(fen),
        state: LedgerState::Paid,
        at: at(10, 0),
        accounting_day: DAY,
        settled_on: None,
        agency_code: "330101",
        item_code: "1030",
    }
}

fn refund(
    no: &'static str,
    of: &'static str,
    txn: &'static str,
    fen: i64,
) -> LedgerRecord<'static> {
    LedgerRecord {
        kind: LedgerKind::Refund,
        refund_no: no,
        state: LedgerState::Succeeded,
        ..pay(of, txn, fen)
    }
}

fn line(no: &'static str, txn: &'static str, fen: i64) -> RailLine<'static> {
    RailLine {
        origin: Origin { file: 1, line_no: 1 },
        rail: Rail::WeChatPay,
        kind: RailLineKind::Pay,
        order_no: no,
        refund_no: "",
        txn,
        merchant_no: M,
        app_id: APP,
        amount: Fen::new(fen),
        fee: Fen::ZERO,
        at: at(10, 0),
    }
}

fn refund_line(
    no: &'static str,
    of: &'static str,
    txn: &'static str,
    fen: i64,
) -> RailLine<'static> {
    RailLine { kind: RailLineKind::Refund, refund_no: no, ..line(of, txn, fen) }
}

fn credit(no: &'static str, fen: i64) -> CreditLine<'static> {
    CreditLine {
        origin: Origin { file: 2, line_no: 1 },
        credit_no: no,
        account: "ACC",
        value_day: date(2026, 10, 1),
        amount: Fen::new(fen),
        rail: Some(Rail::WeChatPay),
        merchant_no: M,
        payout_day: Some(DAY),
        agency_code: "",
        item_code: "1030",
    }
}

fn write_off(no: &'static str, notice: &'static str, fen: i64) -> AgencyLine<'static> {
    AgencyLine {
        origin: Origin { file: 3, line_no: 1 },
        kind: AgencyKind::WriteOff,
        agency_code: "330101",
        notice_no: notice,
        item_code: "1030",
        amount: Fen::new(fen),
        at: at(11, 0),
        confirmation_no: no,
    }
}
