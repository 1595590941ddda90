//! The files of a folder out of a scene.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zip::result::ZipError;

use super::book::{AgencyRole, Confirmation, Rail, Refusal, Role, Row, Truth};
use super::csv::{Look, Table};
use super::scene::Scene;
use super::statements::{self, Written};
use crate::clock::rfc3339;
use crate::crypto::{sha1_hex, sha256_hex};

const LEDGER: [&str; 15] = [
    "kind",
    "order_no",
    "refund_no",
    "notice_no",
    "rail",
    "merchant_no",
    "app_id",
    "rail_txn_no",
    "amount_fen",
    "state",
    "at",
    "accounting_day",
    "settled_on",
    "agency_code",
    "item_code",
];
const BANK: [&str; 9] = [
    "credit_no",
    "account",
    "value_day",
    "amount_fen",
    "rail",
    "merchant_no",
    "payout_day",
    "agency_code",
    "item_code",
];
const AGENCY: [&str; 7] =
    ["kind", "agency_code", "notice_no", "item_code", "amount_fen", "at", "confirmation_no"];
const TRUTH: [&str; 11] = [
    "code",
    "at_risk_fen",
    "rail",
    "merchant_no",
    "order_no",
    "refund_no",
    "notice_no",
    "txn_no",
    "credit_no",
    "file",
    "line_no",
];

/// Which option of `bff match` a file is given by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Statement,
    Bank,
    Agency,
}

impl Given {
    fn option(self) -> &'static str {
        match self {
            Self::Statement => "--statement",
            Self::Bank => "--bank",
            Self::Agency => "--agency",
        }
    }
}

/// A folder in memory, by the names of its files.
pub(super) type Folder = BTreeMap<String, Vec<u8>>;

/// What is being written.
struct Writing<'a> {
    scene: &'a mut Scene,
    folder: Folder,
    given: Vec<(Given, String)>,
    seen: Vec<String>,
    expected: Vec<String>,
    hashes: BTreeMap<String, String>,
}

/// All files. With `faulty`, a file is there twice.
///
/// # Errors
/// When a zip cannot be written.
pub(super) fn folder(scene: &mut Scene, faulty: bool) -> Result<Folder, ZipError> {
    let mut writing = Writing {
        scene,
        folder: Folder::new(),
        given: Vec::new(),
        seen: Vec::new(),
        expected: vec!["BANK".to_owned()],
        hashes: BTreeMap::new(),
    };
    writing.statements()?;
    writing.agencies();
    writing.bank();
    if faulty {
        writing.copies();
    }
    writing.ledger();
    writing.rules();
    writing.truth();
    writing.arguments();
    Ok(writing.folder)
}

impl Writing<'_> {
    fn give(&mut self, given: Given, name: &str, bytes: Vec<u8>) {
        self.folder.insert(name.to_owned(), bytes);
        self.given.push((given, name.to_owned()));
    }

    fn look(&mut self) -> Look {
        Look { bom: self.scene.rng.once_in(3), crlf: self.scene.rng.once_in(3) }
    }

    fn statements(&mut self) -> Result<(), ZipError> {
        for merchant in 0..self.scene.merchants.len() {
            let written = statements::of_merchant(self.scene, merchant)?;
            let of = self.scene.merchants[merchant].clone();
            let (rail, no) = (of.rail.name(), of.no.as_str());
            // A refused file that does not say whose it is proves that of nobody.
            let expected = match of.role {
                Role::Judged | Role::Missing | Role::Totals => true,
                Role::Refused(refusal) => matches!(refusal, Refusal::Hash | Refusal::OtherDay),
                Role::Seen => false,
            };
            if expected {
                self.expected.push(format!("{rail}:{no}"));
            }
            let truth = |code, at_risk_fen, file: &str| Truth {
                code,
                at_risk_fen,
                rail: rail.to_owned(),
                merchant_no: no.to_owned(),
                file: file.to_owned(),
                ..Truth::default()
            };
            if of.role == Role::Missing {
                self.scene.truth.push(truth("F01", 0, ""));
            }
            for Written { name, bytes, places } in written {
                match of.role {
                    Role::Judged | Role::Missing => {}
                    Role::Refused(_) => self.scene.truth.push(truth("F02", 0, &name)),
                    Role::Totals => {
                        let torn =
                            |line: &super::book::Line| line.merchant == merchant && line.torn_out;
                        let lines = self.scene.lines.iter().flatten();
                        let gap =
                            lines.filter(|line| torn(line)).map(|line| line.signed_fen()).sum();
                        self.scene.truth.push(truth("F03", gap, &name));
                    }
                    Role::Seen => {
                        self.scene.truth.push(truth("F04", 0, &name));
                        self.seen.push(sha256_hex(&bytes));
                    }
                }
                for (line, line_no) in places {
                    for truth in self.scene.truth.iter_mut().filter(|one| one.line == Some(line)) {
                        (truth.file, truth.line_no) = (name.clone(), line_no.to_string());
                    }
                }
                if of.role == Role::Refused(Refusal::Hash) || self.scene.rng.once_in(3) {
                    let honest = of.role != Role::Refused(Refusal::Hash);
                    self.hashes.insert(name.clone(), hash(of.rail, &bytes, honest));
                }
                self.give(Given::Statement, &name, bytes);
            }
        }
        Ok(())
    }

    /// One file of all agencies, or one of each. Who is not to be trusted has one of its own.
    fn agencies(&mut self) {
        let together = self.scene.rng.once_in(2);
        let mut tables: BTreeMap<String, Vec<Confirmation>> = BTreeMap::new();
        let mut confirmations: Vec<_> =
            self.scene.confirmations.iter().flatten().cloned().collect();
        self.scene.rng.shuffle(&mut confirmations);
        for one in confirmations {
            let agency = &self.scene.agencies[one.notice.agency];
            let name = match agency.role {
                AgencyRole::Missing => continue,
                AgencyRole::Judged if together => "agency.csv".to_owned(),
                AgencyRole::Judged | AgencyRole::CutOff | AgencyRole::Totals => {
                    format!("agency-{}.csv", agency.code)
                }
            };
            tables.entry(name).or_default().push(one);
        }
        for (name, lines) in tables {
            self.agency_file(&name, &lines);
        }
        for agency in self.scene.agencies.clone() {
            self.expected.push(format!("AGENCY:{}", agency.code));
            if agency.role == AgencyRole::Missing {
                let (rail, merchant_no) = ("AGENCY".to_owned(), agency.code);
                let truth = Truth { code: "F01", rail, merchant_no, ..Truth::default() };
                self.scene.truth.push(truth);
            }
        }
    }

    fn agency_file(&mut self, name: &str, lines: &[Confirmation]) {
        let mut table = Table::new(&AGENCY);
        for (index, one) in lines.iter().enumerate() {
            let agency = &self.scene.agencies[one.notice.agency];
            let amount = if one.readable { one.amount_fen.to_string() } else { "12x".to_owned() };
            table.push(vec![
                one.kind.to_owned(),
                agency.code.clone(),
                one.notice.no.clone(),
                agency.item_code.clone(),
                amount,
                rfc3339(one.at_ms),
                one.no.clone(),
            ]);
            if !one.readable {
                self.scene.truth.push(unreadable(name, index + 2));
            }
        }
        let sum: i64 = lines.iter().map(|one| one.amount_fen).sum();
        let role = lines.first().map(|one| self.scene.agencies[one.notice.agency].role);
        let (odd_fen, code) = match role {
            Some(AgencyRole::Totals) => (self.scene.rng.between(1, 5_000), Some("F03")),
            Some(AgencyRole::CutOff) => (0, Some("F02")),
            _ => (0, None),
        };
        if let Some(code) = code {
            let file = name.to_owned();
            self.scene.truth.push(Truth { code, at_risk_fen: odd_fen, file, ..Truth::default() });
        }
        let total = (code != Some("F02")).then_some((lines.len(), sum + odd_fen));
        let look = self.look();
        self.give(Given::Agency, name, table.text(total, look).into_bytes());
    }

    fn bank(&mut self) {
        let mut credits = std::mem::take(&mut self.scene.credits);
        self.scene.rng.shuffle(&mut credits);
        let mut table = Table::new(&BANK);
        for (index, one) in credits.iter().enumerate() {
            let amount = if one.readable { one.amount_fen.to_string() } else { "9-9".to_owned() };
            table.push(vec![
                one.no.clone(),
                one.account.clone(),
                one.value_day.text(),
                amount,
                one.rail.clone(),
                one.merchant_no.clone(),
                one.payout_day.clone(),
                one.agency_code.clone(),
                one.item_code.clone(),
            ]);
            if !one.readable {
                self.scene.truth.push(unreadable("bank.csv", index + 2));
            }
        }
        let sum = credits.iter().map(|one| one.amount_fen).sum();
        let look = self.look();
        let text = table.text(Some((credits.len(), sum)), look);
        self.scene.credits = credits;
        self.give(Given::Bank, "bank.csv", text.into_bytes());
    }

    /// One file in two copies; the name that sorts later is the copy.
    fn copies(&mut self) {
        let kinds = [Given::Statement, Given::Bank, Given::Agency];
        let kind = kinds[usize::try_from(self.scene.seed % 3).unwrap_or(0)];
        let good: Vec<String> = self
            .scene
            .merchants
            .iter()
            .filter(|merchant| merchant.is_judged())
            .map(|merchant| merchant.no.clone())
            .collect();
        let is_good = |name: &str| match kind {
            Given::Statement => good.iter().any(|no| name.contains(no.as_str())),
            Given::Bank => true,
            Given::Agency => !name.contains("330109"),
        };
        let names: Vec<String> = self
            .given
            .iter()
            .filter(|(given, name)| *given == kind && is_good(name))
            .map(|(_, name)| name.clone())
            .collect();
        let name = self.scene.rng.pick(&names);
        let copy = format!("z-{name}");
        let bytes = self.folder[&name].clone();
        self.give(kind, &copy, bytes);
        self.scene.truth.push(Truth { code: "F04", file: copy, ..Truth::default() });
    }

    fn ledger(&mut self) {
        let mut rows: Vec<Row> = self.scene.rows.iter().flatten().cloned().collect();
        self.scene.rng.shuffle(&mut rows);
        let mut table = Table::new(&LEDGER);
        for row in &rows {
            table.push(ledger_row(self.scene, row));
        }
        let sum = rows.iter().map(|row| row.amount_fen).sum();
        let total = self.scene.rng.once_in(2).then_some((rows.len(), sum));
        let look = self.look();
        self.folder.insert("ledger.csv".to_owned(), table.text(total, look).into_bytes());
    }

    fn rules(&mut self) {
        let scene = &self.scene;
        let merchants: Vec<Value> = scene
            .merchants
            .iter()
            .map(|one| {
                json!({
                    "rail": one.rail.name(),
                    "merchant_no": one.no,
                    "app_ids": one.app_ids,
                    "fee_ppm": one.fee_ppm,
                    "account": one.account,
                    "item_codes": one.item_codes,
                })
            })
            .collect();
        let open: Vec<Value> = scene
            .open_payouts
            .iter()
            .map(|one| {
                let merchant = &scene.merchants[one.merchant];
                json!({
                    "rail": merchant.rail.name(),
                    "merchant_no": merchant.no,
                    "day": one.day.text(),
                    "net_fen": one.net_fen,
                })
            })
            .collect();
        let rules = json!({
            "day": scene.day.text(),
            "judged_at": rfc3339(scene.rules.judged_ms),
            "cut_minutes": scene.rules.cut_minutes,
            "write_off_due_minutes": scene.rules.write_off_due_minutes,
            "payout_due_days": scene.rules.payout_due_days,
            "fee_tolerance_fen": scene.rules.fee_tolerance_fen,
            "merchants": merchants,
            "open_payouts": open,
            "seen_files": self.seen,
            "expected_files": self.expected,
            "file_hashes": self.hashes,
        });
        self.folder.insert("rules.json".to_owned(), format!("{rules:#}\n").into_bytes());
    }

    fn truth(&mut self) {
        let mut truth = std::mem::take(&mut self.scene.truth);
        let row = |one: &Truth| {
            vec![
                one.code.to_owned(),
                one.at_risk_fen.to_string(),
                one.rail.clone(),
                one.merchant_no.clone(),
                one.order_no.clone(),
                one.refund_no.clone(),
                one.notice_no.clone(),
                one.txn_no.clone(),
                one.credit_no.clone(),
                one.file.clone(),
                one.line_no.clone(),
            ]
        };
        truth.sort_by_cached_key(row);
        let mut table = Table::new(&TRUTH);
        truth.iter().for_each(|one| table.push(row(one)));
        self.folder.insert("truth.csv".to_owned(), table.text(None, Look::default()).into_bytes());
        self.scene.truth = truth;
        let mut table = Table::new(&["order_no", "why"]);
        for (order_no, why) in &self.scene.clean {
            table.push(vec![order_no.clone(), (*why).to_owned()]);
        }
        self.folder.insert("clean.csv".to_owned(), table.text(None, Look::default()).into_bytes());
    }

    /// To be given to `bff match` in the folder itself, in any order.
    fn arguments(&mut self) {
        let mut given = std::mem::take(&mut self.given);
        self.scene.rng.shuffle(&mut given);
        let mut words = String::from("--ledger\nledger.csv\n");
        for (given, name) in &given {
            words.push_str(&format!("{}\n{name}\n", given.option()));
        }
        words.push_str("--rules\nrules.json\n--out\nverdicts\n--lines\n");
        self.folder.insert("args.txt".to_owned(), words.into_bytes());
    }
}

/// A line of the agencies or the bank that cannot be read, nor its amount.
fn unreadable(file: &str, line_no: usize) -> Truth {
    let (file, line_no) = (file.to_owned(), line_no.to_string());
    Truth { code: "F05", file, line_no, ..Truth::default() }
}

fn hash(rail: Rail, bytes: &[u8], honest: bool) -> String {
    let of = if honest { bytes } else { b"another file" };
    match rail {
        Rail::WechatPay => format!("sha1:{}", sha1_hex(of)),
        Rail::Alipay | Rail::Unionpay => format!("sha256:{}", sha256_hex(of)),
    }
}

fn ledger_row(scene: &Scene, row: &Row) -> Vec<String> {
    let merchant = &scene.merchants[row.merchant];
    let notices = match row.notices.as_slice() {
        [] => String::new(),
        [(notice, _)] => notice.no.clone(),
        many => {
            let parts: Vec<String> =
                many.iter().map(|(notice, fen)| format!("{}={fen}", notice.no)).collect();
            parts.join(";")
        }
    };
    // Who is owed is said where one is.
    let agency = match row.notices.as_slice() {
        [(notice, _)] => Some(&scene.agencies[notice.agency]),
        _ => None,
    };
    let of_agency = |text: fn(&super::book::Agency) -> &String| {
        agency.map(|agency| text(agency).clone()).unwrap_or_default()
    };
    vec![
        if row.refund_no.is_some() { "REFUND" } else { "PAY" }.to_owned(),
        row.order_no.clone(),
        row.refund_no.clone().unwrap_or_default(),
        notices,
        merchant.rail.name().to_owned(),
        merchant.no.clone(),
        row.app_id.clone(),
        if row.knows_txn { row.txn_no.clone() } else { String::new() },
        row.amount_fen.to_string(),
        row.state.to_owned(),
        rfc3339(row.at_ms),
        row.day.text(),
        row.settled_on.map(crate::clock::Day::text).unwrap_or_default(),
        of_agency(|agency| &agency.code),
        of_agency(|agency| &agency.item_code),
    ]
}
