//! All legs together, judged.

use super::opened::Opened;
use super::standing::{Standing, checked, file_faults, settle, trusted};
use super::texts::{Second, Texts, raws};
use super::{BillBlock, Detail, Framed, Outcome, Reading};
use crate::day_files::filed::seen_in;
use crate::day_files::ledger::Ledger;
use crate::day_files::others::{self, AGENCY, BANK, BadRow, SmallStatement};
use crate::day_files::table::Table;
use crate::day_files::wechat::{Bill, Unread};
use crate::day_files::{legs, places};
use domain::money::Fen;
use domain::payment::Rail;
use domain::reconciliation::engine::{
    DayInput, FileFact, FileKey, FileRole, LedgerRecord, Origin, QuarantinedRecord, RailLine,
    Sifted,
};
use std::collections::{BTreeMap, HashMap, HashSet};

pub(super) type Bills<'b, 'r> =
    (&'b Ledger, &'b [(usize, &'b Bill<'r>, &'b [BillBlock])], &'b [Framed], &'b [Vec<BillBlock>]);

/// A leg of small tables, read.
pub(super) struct Tables<'t> {
    pub(super) tables: Vec<(usize, Result<Table<'t>, String>)>,
}

impl<'t> Tables<'t> {
    pub(super) fn read<const N: usize>(
        files: &[Opened],
        role: &FileRole,
        bytes: &'t [(usize, Result<Vec<u8>, String>)],
        names: [&str; N],
    ) -> Self {
        let of = bytes.iter().filter(|(place, _)| files[*place].role == *role);
        let table = |bytes: &'t Result<Vec<u8>, String>| match bytes {
            Ok(bytes) => Table::read(bytes, names),
            Err(reason) => Err(reason.clone()),
        };
        Self { tables: of.map(|(place, bytes)| (*place, table(bytes))).collect() }
    }
}

impl Reading<'_> {
    pub(super) fn judge(
        &self,
        files: &[Opened],
        texts: &Texts,
        (ledger, bills, framed, bill_blocks): Bills<'_, '_>,
        small: &[(usize, SmallStatement)],
        (mut standings, unused): (BTreeMap<usize, Standing>, &HashMap<usize, String>),
    ) -> Result<Outcome, Vec<String>> {
        let names: Vec<FileFact> = files
            .iter()
            .map(|file| FileFact {
                name: file.name.clone(),
                sha256: file.sha256.clone(),
                role: file.role.clone(),
            })
            .collect();
        let second = Second { reading: self, files, ledger, ledger_blocks: &[] };
        let mut records: Vec<LedgerRecord<'_>> = Vec::with_capacity(texts.ledger.len());
        for (line_no, text) in &texts.ledger {
            let origin = Origin { file: 0, line_no: *line_no };
            let values = second.values(text).ok_or_else(Vec::new)?;
            records.push(Ledger::record(&values, origin).map_err(|reason| vec![reason])?);
        }
        let mut lines: Vec<RailLine<'_>> = Vec::new();
        for (place, of) in &texts.lines {
            let bill = bills.iter().find(|(at, ..)| at == place).map(|(_, bill, _)| *bill);
            for (line_no, line) in of {
                let origin = Origin { file: file_key(*place), line_no: *line_no };
                lines.extend(bill.and_then(|bill| bill.rail_line(line, origin)));
            }
        }
        let usable = |place: &usize, standings: &BTreeMap<usize, Standing>| {
            !unused.contains_key(place)
                && standings.get(place).is_none_or(|standing| standing.fault.is_none())
        };
        let mut quarantined: Vec<QuarantinedRecord<'_>> = Vec::new();
        let no_name = String::new();
        let owners: Vec<String> = (0..files.len())
            .map(|place| {
                let owner = standings.get(&place).and_then(|standing| standing.owner.as_ref());
                owner.map_or_else(|| no_name.clone(), |(_, no)| no.clone())
            })
            .collect();
        for (place, statement) in small.iter().filter(|(place, _)| usable(place, &standings)) {
            let rail = statement.rail;
            lines.extend(
                statement.lines.iter().map(|line| others::rail_line(rail, line, file_key(*place))),
            );
            quarantined.extend(statement.set_aside.iter().map(|aside| QuarantinedRecord {
                origin: Origin { file: file_key(*place), line_no: aside.line.line_no },
                owner: Some((rail, &owners[*place])),
                amount: aside.amount,
                fee: aside.fee,
                order_no: "",
                refund_no: "",
                raw: aside.line.raw.as_bytes(),
                reason: aside.line.reason.clone(),
            }));
        }
        for (frame, blocks) in framed.iter().zip(bill_blocks) {
            if !usable(&frame.place, &standings) {
                continue;
            }
            let mut before = 2_u32;
            for block in blocks {
                for unread in &block.sums.unread {
                    let origin = Origin {
                        file: file_key(frame.place),
                        line_no: before.saturating_add(unread.place.1),
                    };
                    quarantined.push(unread_record(unread, origin, &owners[frame.place]));
                }
                before = before.saturating_add(block.lines);
            }
        }
        // The legs of bank and agencies.
        let bytes: Vec<(usize, Result<Vec<u8>, String>)> = (1..files.len())
            .filter(|place| matches!(files[*place].role, FileRole::Bank | FileRole::Agency))
            .map(|place| (place, files[place].whole()))
            .collect();
        let bank = Tables::read(files, &FileRole::Bank, &bytes, BANK);
        let agency = Tables::read(files, &FileRole::Agency, &bytes, AGENCY);
        let mut bad: Vec<(usize, BadRow)> = Vec::new();
        let mut credits = Vec::new();
        let mut bank_waits = false;
        for (place, table) in &bank.tables {
            let rows = table
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|table| others::credits(table, file_key(*place)));
            let summed = rows.map(|rows| {
                let sum = rows.rows.iter().map(|row| i128::from(row.amount.value())).sum();
                (checked(&rows, sum), rows)
            });
            match settle(summed, *place, &mut standings, unused) {
                Some(rows) => {
                    credits.extend(rows.rows);
                    bad.extend(rows.bad.into_iter().map(|row| (*place, row)));
                }
                None if unused.get(place).is_some_and(|why| why.starts_with('与')) => {}
                None => bank_waits = true,
            }
        }
        let mut confirmations = Vec::new();
        let mut agency_waits = false;
        for (place, table) in &agency.tables {
            let rows = table
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|table| others::confirmations(table, file_key(*place)));
            let summed = rows.map(|rows| {
                let sum = rows.rows.iter().map(|row| i128::from(row.amount.value())).sum();
                (checked(&rows, sum), rows)
            });
            match settle(summed, *place, &mut standings, unused) {
                Some(rows) => {
                    confirmations.extend(rows.rows);
                    bad.extend(rows.bad.into_iter().map(|row| (*place, row)));
                }
                None if unused.get(place).is_some_and(|why| why.starts_with('与')) => {}
                None => agency_waits = true,
            }
        }
        quarantined.extend(bad.iter().map(|(place, row)| QuarantinedRecord {
            origin: Origin { file: file_key(*place), line_no: row.line_no },
            owner: None,
            amount: row.amount.map(Fen::new),
            fee: None,
            order_no: "",
            refund_no: "",
            raw: row.raw.as_bytes(),
            reason: row.reason.clone(),
        }));
        let heard: HashSet<&str> = confirmations.iter().map(|line| line.agency_code).collect();
        let mut silent: Vec<String> = Vec::new();
        for expected in &self.rules.expected_files {
            if let Some(code) =
                expected.strip_prefix("AGENCY:").filter(|code| !heard.contains(code))
            {
                silent.push(code.to_owned());
            }
        }
        if agency_waits {
            let others = records.iter().map(|record| record.agency_code);
            let unheard = others.filter(|code| !code.is_empty() && !heard.contains(code));
            silent.extend(unheard.map(str::to_owned));
        }
        silent.sort();
        silent.dedup();
        let statements = trusted(&standings, unused);
        let bank_given = !bank.tables.is_empty() && !bank_waits;
        let agency_given = !agency.tables.is_empty();
        let mut faults = file_faults(files, &standings, unused);
        faults.extend(self.missing(
            files,
            &standings,
            (bank.tables.is_empty(), &heard, agency_waits),
        ));
        let sifted = self.sifted(bills, &lines, texts.plain);
        let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
        let input = DayInput {
            rules: self.rules,
            files: &names,
            faults: &faults,
            owners: &owners,
            statements: &statements,
            ledger: &records,
            lines: &lines,
            credits: bank_given.then_some(credits.as_slice()),
            confirmations: agency_given.then_some(confirmations.as_slice()),
            silent_agencies: &silent,
            quarantined: &quarantined,
            sifted: &sifted,
        };
        let verdicts = domain::reconciliation::engine::judge(&input);
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        verdicts.canonical(&input, &mut |piece| digest.update(piece));
        let digest = crate::crypto::hex(digest.finish().as_ref());
        let counts = counts(files, &input, bill_blocks, framed, texts);
        let rows =
            (self.detail == Detail::Lines).then(|| places::rows(&input, &verdicts, &texts.aside));
        let (mut bytes_of_lines, mut legs) = (Vec::new(), Vec::new());
        if self.detail == Detail::Filed {
            bytes_of_lines = places::bytes(&input, &verdicts, &texts.aside);
            legs =
                legs::legs(&input, &verdicts.findings, |wanted| raws(wanted, texts, small, &bytes));
        }
        let aside = sifted.iter().fold(Sifted::default(), |sum, (.., of)| Sifted {
            orders: sum.orders + of.orders,
            paid: Fen::new(sum.paid.value().saturating_add(of.paid.value())),
            fees: Fen::new(sum.fees.value().saturating_add(of.fees.value())),
        });
        let seen = seen_in(&input);
        let places = bytes_of_lines;
        Ok(Outcome { verdicts, digest, lines: rows, counts, aside, seen, places, legs })
    }

    /// What was put aside, by merchant: all that might be, less what was judged after all.
    pub(super) fn sifted(
        &self,
        bills: &[(usize, &Bill<'_>, &[BillBlock])],
        lines: &[RailLine<'_>],
        plain: u64,
    ) -> Vec<(Rail, String, Sifted)> {
        if plain == 0 {
            return Vec::new();
        }
        let mut sums: BTreeMap<String, (u64, i64, i64)> = BTreeMap::new();
        for (merchant_no, (orders, paid, fees)) in bills
            .iter()
            .flat_map(|(_, _, blocks)| blocks.iter())
            .flat_map(|block| &block.sums.plain)
        {
            let of = sums.entry(merchant_no.clone()).or_default();
            *of = (of.0 + orders, of.1.saturating_add(*paid), of.2.saturating_add(*fees));
        }
        let Some((_, bill, _)) = bills.first() else { return Vec::new() };
        for line in lines.iter().filter(|line| line.rail == Rail::WeChatPay) {
            let rule = self.rules.merchants.iter().find(|rule| {
                rule.rail == Rail::WeChatPay
                    && rule.merchant_no == line.merchant_no
                    && rule.app_ids.iter().any(|app| app == line.app_id)
            });
            let (amount, fee) = (line.amount.value(), line.fee.value());
            if bill.is_plain(line.kind, amount, fee, rule)
                && let Some(of) = sums.get_mut(line.merchant_no)
            {
                *of =
                    (of.0.saturating_sub(1), of.1.saturating_sub(amount), of.2.saturating_sub(fee));
            }
        }
        let one = |(merchant_no, (orders, paid, fees))| {
            let sifted = Sifted { orders, paid: Fen::new(paid), fees: Fen::new(fees) };
            (Rail::WeChatPay, merchant_no, sifted)
        };
        sums.into_iter().map(one).collect()
    }
}

pub(super) fn unread_record<'a>(
    unread: &'a Unread,
    origin: Origin,
    owner: &'a str,
) -> QuarantinedRecord<'a> {
    QuarantinedRecord {
        origin,
        owner: Some((Rail::WeChatPay, owner)),
        amount: unread.amount.map(Fen::new),
        fee: unread.fee.map(Fen::new),
        order_no: &unread.nos.0,
        refund_no: &unread.nos.1,
        raw: &unread.raw,
        reason: unread.reason.clone(),
    }
}

/// Lines of each file, and how many of them were put aside.
pub(super) fn counts(
    files: &[Opened],
    input: &DayInput<'_>,
    bill_blocks: &[Vec<BillBlock>],
    framed: &[Framed],
    texts: &Texts,
) -> Vec<(u64, u64)> {
    let mut counts = vec![(0_u64, 0_u64); files.len()];
    let mut add = |file: FileKey| counts[usize::from(file)].0 += 1;
    input.ledger.iter().for_each(|record| add(record.origin.file));
    input.lines.iter().for_each(|line| add(line.origin.file));
    input.credits.unwrap_or_default().iter().for_each(|credit| add(credit.origin.file));
    input.confirmations.unwrap_or_default().iter().for_each(|line| add(line.origin.file));
    counts[0].0 += texts.plain;
    for (frame, blocks) in framed.iter().zip(bill_blocks) {
        let read: i64 = blocks.iter().map(|block| block.sums.count).sum();
        counts[frame.place].0 = u64::try_from(read).unwrap_or_default();
    }
    for line in input.quarantined {
        counts[usize::from(line.origin.file)].1 += 1;
    }
    counts
}

#[expect(clippy::cast_possible_truncation, reason = "there are no more files than keys")]
pub(super) const fn file_key(place: usize) -> FileKey {
    place as FileKey
}
