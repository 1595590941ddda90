//! Reads the audit chain, the seals, the proposals and the steps of exceptions as an auditor does: with SQL, texts and
//! hashes of its own, sharing nothing with what writes them. What it finds is told in Chinese, all of it.

use super::{Store, unavailable};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use domain::outside::StoreError;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, QueryResult, Statement};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// So many rows are read at once.
const PAGE: i64 = 5_000;

/// What was checked, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Entries of the audit trail.
    pub entries: u64,
    /// Seals of days.
    pub seals: u64,
    /// Heads that were kept outside.
    pub heads: u64,
    /// Proposals.
    pub proposals: u64,
    /// Exceptions.
    pub exceptions: u64,
    /// Every fault, in Chinese; empty: all is as it was written.
    pub faults: Vec<String>,
}

struct SealRow {
    day: String,
    version: i64,
    previous: String,
    content: String,
    exceptions: String,
    hash: String,
    signature: String,
    key: String,
}

fn hash_of(text: &str) -> String {
    let sum = digest(&SHA256, text.as_bytes());
    sum.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}

fn is_signed(row: &SealRow, key: &str) -> bool {
    let (Some(key), Some(signature)) = (from_hex(key), from_hex(&row.signature)) else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key).verify(row.content.as_bytes(), &signature).is_ok()
}

/// A part with its length before it.
fn sized(part: &str) -> String {
    format!("{}:{part}", part.len())
}

struct Auditor {
    moment: DatabaseTransaction,
    report: AuditReport,
    /// Hashes of audit entries by number.
    chain: HashMap<i64, String>,
}

impl Store {
    /// Checks everything that must never change. `heads`: the lines that were kept outside the database; empty where there
    /// are none, which proves less.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; what is wrong with the content is in the report.
    pub async fn verify_audit(&self, heads: &str) -> Result<AuditReport, StoreError> {
        let moment = self.snapshot().await?;
        let mut auditor = Auditor { moment, report: AuditReport::default(), chain: HashMap::new() };
        auditor.audit_chain().await?;
        auditor.exceptions().await?;
        auditor.proposals().await?;
        auditor.seals(heads).await?;
        Ok(auditor.report)
    }
}

impl Auditor {
    fn fault(&mut self, text: String) {
        self.report.faults.push(text);
    }

    async fn rows(&self, sql: &str) -> Result<Vec<QueryResult>, StoreError> {
        let backend = self.moment.get_database_backend();
        let ask = Statement::from_string(backend, sql.to_owned());
        self.moment.query_all_raw(ask).await.map_err(unavailable)
    }

    /// The trail: every number once, every hash over its entry and the hash before.
    async fn audit_chain(&mut self) -> Result<(), StoreError> {
        let (mut last, mut hash) = (0_i64, String::new());
        loop {
            let sql = format!(
                "SELECT number, at, actor, act, subject, detail, hash FROM audit_entry \
                 WHERE number > {last} ORDER BY number LIMIT {PAGE}"
            );
            let rows = self.rows(&sql).await?;
            let ended = rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            for row in rows {
                let number: i64 = row.try_get("", "number").map_err(unavailable)?;
                let at: i64 = row.try_get("", "at").map_err(unavailable)?;
                let kept: String = row.try_get("", "hash").map_err(unavailable)?;
                if number != last + 1 {
                    self.fault(format!("审计记录缺少第{}至{}条", last + 1, number - 1));
                }
                let mut text = String::new();
                for part in [hash.clone(), number.to_string(), at.to_string()] {
                    text.push_str(&format!("{},", sized(&part)));
                }
                for column in ["actor", "act", "subject", "detail"] {
                    let part: String = row.try_get("", column).map_err(unavailable)?;
                    text.push_str(&format!("{},", sized(&part)));
                }
                if hash_of(&text) != kept {
                    self.fault(format!("审计记录第{number}条与哈希不符，内容或顺序被改动"));
                }
                // Goes on from what is kept: one changed entry is one fault.
                hash.clone_from(&kept);
                self.chain.insert(number, kept);
                self.report.entries += 1;
                last = number;
            }
            if ended {
                break;
            }
        }
        let head = self.rows("SELECT number, hash FROM audit_head WHERE id = 1").await?;
        let head = head.first().map(|row| (row.try_get("", "number"), row.try_get("", "hash")));
        let kept = match head {
            Some((Ok(number), Ok(hash))) => Some((number, hash)),
            _ => None,
        };
        if kept != Some((last, hash)) {
            self.fault(format!("审计记录的末尾与链头不符，第{last}条之后可能被删"));
        }
        Ok(())
    }

    /// Exceptions: their steps have no gaps, and the last says how each stands.
    async fn exceptions(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT x.no, x.revision, x.state, x.at_risk, \
                   COUNT(e.revision) AS steps, MAX(e.revision) AS newest, \
                   SUM(CASE WHEN e.revision = x.revision AND e.state = x.state \
                       AND e.at_risk = x.at_risk THEN 1 ELSE 0 END) AS same \
                   FROM desk_exception x LEFT JOIN desk_event e ON e.exception_no = x.no \
                   GROUP BY x.no, x.revision, x.state, x.at_risk ORDER BY x.no";
        for row in self.rows(sql).await? {
            let no: String = row.try_get("", "no").map_err(unavailable)?;
            let revision: i64 = row.try_get("", "revision").map_err(unavailable)?;
            let steps: i64 = row.try_get("", "steps").map_err(unavailable)?;
            let newest: Option<i64> = row.try_get("", "newest").map_err(unavailable)?;
            let same: i64 = row.try_get("", "same").map_err(unavailable)?;
            if steps != revision || newest != Some(revision) || same != 1 {
                self.fault(format!("差错{no}的状态与它的经过不符"));
            }
            self.report.exceptions += 1;
        }
        Ok(())
    }

    /// Proposals: their digests follow from their content, and other persons decided.
    async fn proposals(&mut self) -> Result<(), StoreError> {
        let mut persons: HashMap<String, String> = HashMap::new();
        for row in self.rows("SELECT name, person FROM staff_person").await? {
            let name: String = row.try_get("", "name").map_err(unavailable)?;
            persons.insert(name, row.try_get("", "person").map_err(unavailable)?);
        }
        let person = |name: &str| persons.get(name).cloned().unwrap_or_else(|| name.to_owned());
        let mut marks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut weights: BTreeMap<String, i64> = BTreeMap::new();
        let sql = "SELECT proposal_no, exception_no, revision, at_risk FROM desk_mark \
                   ORDER BY proposal_no, exception_no";
        for row in self.rows(sql).await? {
            let of: String = row.try_get("", "proposal_no").map_err(unavailable)?;
            let no: String = row.try_get("", "exception_no").map_err(unavailable)?;
            let revision: i64 = row.try_get("", "revision").map_err(unavailable)?;
            let fen: i64 = row.try_get("", "at_risk").map_err(unavailable)?;
            marks.entry(of.clone()).or_default().push(format!("{no} {revision} {fen}\n"));
            let weight = weights.entry(of).or_default();
            *weight = weight.saturating_add(fen.saturating_abs());
        }
        let mut said: BTreeMap<String, Vec<[String; 4]>> = BTreeMap::new();
        let sql = "SELECT proposal_no, kind, by_whom, acting_for, digest FROM desk_decision \
                   ORDER BY proposal_no, position";
        for row in self.rows(sql).await? {
            let of: String = row.try_get("", "proposal_no").map_err(unavailable)?;
            let mut parts = [const { String::new() }; 4];
            for (part, column) in parts.iter_mut().zip(["kind", "by_whom", "acting_for", "digest"])
            {
                *part = row.try_get("", column).map_err(unavailable)?;
            }
            said.entry(of).or_default().push(parts);
        }
        let done = self.rows("SELECT proposal_no FROM desk_execution").await?;
        let done: Result<BTreeSet<String>, _> =
            done.iter().map(|row| row.try_get("", "proposal_no")).collect();
        let done = done.map_err(unavailable)?;
        let sql = "SELECT no, kind, COALESCE(day, '') AS day, state_of_day, reason, evidence, \
                   maker, maker_for, needs, digest FROM desk_proposal ORDER BY no";
        for row in self.rows(sql).await? {
            let part = |column: &str| row.try_get::<String>("", column).map_err(unavailable);
            let needs: i64 = row.try_get("", "needs").map_err(unavailable)?;
            let no = part("no")?;
            let set = marks.remove(&no).unwrap_or_default();
            let mut text = String::from("yiwang-proposal-1\n");
            for column in ["no", "kind", "day", "state_of_day", "reason", "evidence"] {
                text.push_str(&format!("{}\n", sized(&part(column)?)));
            }
            text.push_str(&format!("{needs} of {}\n{}", set.len(), set.concat()));
            let kept = part("digest")?;
            if hash_of(&text) != kept {
                self.fault(format!("提案{no}的内容与摘要不符，提出后被改动"));
            }
            let weight = weights.get(&no).copied().unwrap_or_default();
            if needs < 2 && (weight > 200_000 || part("kind")? == "REOPEN_DAY") {
                self.fault(format!("提案{no}应由两人复核"));
            }
            let (maker, maker_for) = (part("maker")?, part("maker_for")?);
            let mut known: BTreeSet<String> = [maker, maker_for]
                .iter()
                .filter(|name| !name.is_empty())
                .map(|name| person(name))
                .collect();
            let mut agreed = 0;
            for [kind, by, acting_for, digest] in said.remove(&no).unwrap_or_default() {
                if digest != kept {
                    self.fault(format!("提案{no}：{by}同意的不是这份内容"));
                }
                if kind == "WITHDRAW" {
                    continue;
                }
                let names = [by.clone(), acting_for];
                let hands: Vec<String> =
                    names.iter().filter(|name| !name.is_empty()).map(|name| person(name)).collect();
                if hands.iter().any(|hand| known.contains(hand)) {
                    self.fault(format!("提案{no}：{by}与提出人或另一复核人是同一人"));
                }
                known.extend(hands);
                agreed += i64::from(kind == "APPROVE");
            }
            if done.contains(&no) && agreed < needs {
                self.fault(format!("提案{no}没有足够的人同意就被执行"));
            }
            self.report.proposals += 1;
        }
        for lost in marks.keys().chain(said.keys()) {
            self.fault(format!("提案{lost}已被删除，它的明细或复核还在"));
        }
        Ok(())
    }

    /// Seals: the chain, the signatures, what they vouch for, and the heads that were kept outside.
    async fn seals(&mut self, heads: &str) -> Result<(), StoreError> {
        let sql = "SELECT number, day, version, previous, content, exceptions, hash, signature, key \
                   FROM desk_seal ORDER BY number";
        let mut seals: BTreeMap<i64, SealRow> = BTreeMap::new();
        for row in self.rows(sql).await? {
            let part = |column: &str| row.try_get::<String>("", column).map_err(unavailable);
            let seal = SealRow {
                day: part("day")?,
                version: row.try_get("", "version").map_err(unavailable)?,
                previous: part("previous")?,
                content: part("content")?,
                exceptions: part("exceptions")?,
                hash: part("hash")?,
                signature: part("signature")?,
                key: part("key")?,
            };
            seals.insert(row.try_get("", "number").map_err(unavailable)?, seal);
        }
        self.report.seals = u64::try_from(seals.len()).unwrap_or(u64::MAX);
        let mut previous = String::new();
        for (expected, (number, seal)) in (1..).zip(&seals) {
            if *number != expected {
                self.fault(format!("封存记录缺少第{expected}号"));
            }
            if seal.previous != previous {
                self.fault(format!("封存第{number}号没有接在前一号之后"));
            }
            previous.clone_from(&seal.hash);
            self.seal(*number, seal).await?;
        }
        let sql = "SELECT day FROM desk_day d WHERE standing = 'CLOSED' AND NOT EXISTS \
                   (SELECT 1 FROM desk_seal s WHERE s.day = d.day AND s.version = d.version)";
        for row in self.rows(sql).await? {
            let day: String = row.try_get("", "day").map_err(unavailable)?;
            self.fault(format!("{day}已关账，却没有封存"));
        }
        self.heads(heads, &seals);
        Ok(())
    }

    async fn seal(&mut self, number: i64, seal: &SealRow) -> Result<(), StoreError> {
        if hash_of(&seal.content) != seal.hash {
            self.fault(format!("封存第{number}号的内容与哈希不符"));
        }
        if !is_signed(seal, &seal.key) {
            self.fault(format!("封存第{number}号的签名不成立"));
        }
        let fields: HashMap<&str, &str> =
            seal.content.lines().filter_map(|line| line.split_once(':')).collect();
        let field = |name: &str| fields.get(name).copied().unwrap_or_default().to_owned();
        let told = [
            ("number", number.to_string()),
            ("previous", seal.previous.clone()),
            ("day", seal.day.clone()),
            ("version", seal.version.to_string()),
        ];
        if told.iter().any(|(name, value)| field(name) != *value) {
            self.fault(format!("封存第{number}号的内容与它的编号、日期或前一号不符"));
        }
        let audit: i64 = field("audit-number").parse().unwrap_or(-1);
        let known = self.chain.get(&audit).map_or("", String::as_str);
        if audit != 0 && known != field("audit-hash") {
            self.fault(format!(
                "封存第{number}号时审计记录有第{audit}条，现在没有或不同：审计链被截断或重算"
            ));
        }
        let backend = self.moment.get_database_backend();
        let ask = |sql: &str, values: [sea_orm::Value; 2]| {
            Statement::from_sql_and_values(backend, sql, values)
        };
        let run: i64 = field("run").parse().unwrap_or(-1);
        let sql = "SELECT digest, inputs FROM desk_run WHERE day = $1 AND number = $2";
        let ask_run = ask(sql, [seal.day.clone().into(), run.into()]);
        let row = self.moment.query_one_raw(ask_run).await.map_err(unavailable)?;
        let kept = row
            .map(|row| (row.try_get::<String>("", "digest"), row.try_get::<String>("", "inputs")));
        let same = matches!(&kept, Some((Ok(digest), Ok(inputs)))
            if *digest == field("run-digest") && *inputs == field("run-inputs"));
        if !same {
            self.fault(format!("封存第{number}号所依据的对账结果被改动"));
        }
        // How every exception of the day stood then: as its step of that revision still says.
        let mut steps: BTreeSet<String> = BTreeSet::new();
        let sql = "SELECT x.no, e.state, e.revision, e.at_risk FROM desk_exception x \
                   JOIN desk_event e ON e.exception_no = x.no \
                   WHERE x.day = $1 AND e.revision >= $2 ORDER BY x.no";
        let ask_steps = ask(sql, [seal.day.clone().into(), 1_i64.into()]);
        for row in self.moment.query_all_raw(ask_steps).await.map_err(unavailable)? {
            let no: String = row.try_get("", "no").map_err(unavailable)?;
            let state: String = row.try_get("", "state").map_err(unavailable)?;
            let revision: i64 = row.try_get("", "revision").map_err(unavailable)?;
            let fen: i64 = row.try_get("", "at_risk").map_err(unavailable)?;
            steps.insert(format!("{no} {state} {revision} {fen}"));
        }
        let kept = seal.exceptions.lines().all(|line| steps.contains(line));
        if hash_of(&seal.exceptions) != field("exceptions") || !kept {
            self.fault(format!("封存第{number}号之后，{}当时的差错经过被改动", seal.day));
        }
        Ok(())
    }

    /// Every head has its seal, to the letter; every seal has its head.
    fn heads(&mut self, heads: &str, seals: &BTreeMap<i64, SealRow>) {
        if heads.trim().is_empty() {
            return;
        }
        let mut with_head = BTreeSet::new();
        for (line_no, line) in (1..).zip(heads.lines()) {
            let parts: Vec<&str> = line.split(' ').collect();
            let &[number, day, version, hash, signature, key] = parts.as_slice() else {
                self.fault(format!("库外存根第{line_no}行不完整"));
                continue;
            };
            self.report.heads += 1;
            let found = number.parse().ok().and_then(|number: i64| {
                with_head.insert(number);
                seals.get(&number)
            });
            let Some(seal) = found else {
                self.fault(format!("库外存根有第{number}号（{day}），库里没有：封存被删除"));
                continue;
            };
            let same = seal.day == day
                && seal.version.to_string() == version
                && seal.hash == hash
                && seal.signature == signature
                && seal.key == key;
            if !same || !is_signed(seal, key) {
                self.fault(format!("封存第{number}号与库外存根不同：封存链被重算"));
            }
        }
        for number in seals.keys().filter(|number| !with_head.contains(number)) {
            self.report.faults.push(format!("封存第{number}号没有库外存根，请补记"));
        }
    }
}
