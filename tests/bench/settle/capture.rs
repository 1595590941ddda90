//! The SQL of one settlement, read from the log of PostgreSQL.

use super::letters::{Letters, deliver, payment_no};
use super::target::{Target, number, until_paid};
use sea_orm::{ConnectionTrait, Database};
use tests::app::Folder;
use tests::levers::eventually;
use tests::node::{Process, free_port};

/// A statement with what was bound to it.
#[derive(Debug, Clone)]
pub struct Said {
    process: String,
    pub sql: String,
    /// `None`: NULL.
    pub bound: Vec<Option<String>>,
}

/// What the product says to the database for one callback.
pub struct Settlement {
    /// For each callback, in order: to keep it, to read the payment, to settle.
    pub each: Vec<Said>,
    /// For each batch: to lease it, and to mark it as done.
    pub lease: Said,
    pub finish: Said,
    /// The number of the payment, and the key of the callback, among what is bound.
    pub payment_no: String,
    pub inbox_id: String,
}

/// Has the product settle payment 0 and writes down what it said.
pub async fn one_settlement(template: &Target, world: &Letters) -> Settlement {
    let copy = template.copy().await;
    let (server, name) = copy.url.rsplit_once('/').unwrap();
    let admin = Database::connect(format!("{server}/postgres")).await.unwrap();
    let log = format!("ALTER DATABASE {name} SET log_statement = 'all'");
    admin.execute_unprepared(&log).await.unwrap();
    let (keys, port) = (Folder::fresh(), free_port());
    let process = Process::with(&copy.url, &keys, port, &world.onboarding(), None).await;
    let letter = world.sign(0..1).await;
    deliver(&format!("127.0.0.1:{port}"), &letter);
    let database = Database::connect(&copy.url).await.unwrap();
    until_paid(&database, 1).await;
    eventually("marked as done", || async {
        let done = "SELECT COUNT(*) FROM callback_inbox WHERE outcome IS NOT NULL";
        (number(&database, done).await == 1).then_some(())
    })
    .await;
    process.terminate().await;
    let folder = admin.query_one_raw(sea_orm::Statement::from_string(
        admin.get_database_backend(),
        "SHOW data_directory",
    ));
    let folder: String = folder.await.unwrap().unwrap().try_get_by_index(0).unwrap();
    let log = std::fs::read_to_string(format!("{folder}/../log")).unwrap();
    database.close().await.unwrap();
    let settlement = Settlement::of(&read(&log, name));
    copy.remove().await;
    settlement
}

/// The statements of this database, in order.
fn read(log: &str, database: &str) -> Vec<Said> {
    let mark = format!("[{database} ");
    let mut said: Vec<Said> = Vec::new();
    for line in log.lines() {
        let Some((process, line)) = line.strip_prefix(&mark).and_then(|l| l.split_once("] "))
        else {
            continue;
        };
        if let Some(bound) = bound_in(line) {
            let last = said.iter_mut().rev().find(|said| said.process == process);
            last.unwrap().bound = parameters(bound);
        } else if let Some(statement) = line.strip_prefix("LOG:  ") {
            let sql = statement.strip_prefix("statement: ").or_else(|| {
                statement
                    .strip_prefix("execute ")
                    .and_then(|named| named.split_once(": "))
                    .map(|n| n.1)
            });
            let (process, bound) = (process.to_owned(), Vec::new());
            said.extend(sql.map(|sql| Said { process, sql: sql.to_owned(), bound }));
        }
    }
    said
}

/// What was bound to the statement above. The word is written small before PostgreSQL 16.
fn bound_in(line: &str) -> Option<&str> {
    let said = line.strip_prefix("DETAIL:  ")?;
    said.strip_prefix("Parameters: ").or_else(|| said.strip_prefix("parameters: "))
}

/// `$1 = 'a''b', $2 = NULL`.
fn parameters(text: &str) -> Vec<Option<String>> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((_, value)) = rest.split_once(" = ") {
        if let Some(after) = value.strip_prefix("NULL") {
            all.push(None);
            rest = after;
            continue;
        }
        let (mut content, mut chars) = (String::new(), value.char_indices().skip(1).peekable());
        let mut end = value.len();
        while let Some((at, char)) = chars.next() {
            if char != '\'' {
                content.push(char);
            } else if chars.peek().is_some_and(|(_, next)| *next == '\'') {
                content.push('\'');
                chars.next();
            } else {
                end = at + 1;
                break;
            }
        }
        all.push(Some(content));
        rest = &value[end..];
    }
    all
}

impl Settlement {
    fn of(said: &[Said]) -> Self {
        let begins = |start: &'static str| move |said: &Said| said.sql.starts_with(start);
        let kept = said.iter().position(begins("INSERT INTO \"callback_inbox\"")).unwrap();
        let said = &said[kept..];
        let done = said.iter().position(begins("UPDATE \"callback_inbox\"")).unwrap();
        let (said, finish) = (&said[..done], said[done].clone());
        let (payment_no, inbox_id) = (payment_no(0), said[0].bound[0].clone().unwrap());
        let lease = said.iter().rev().find(|said| said.sql.contains("callback_inbox SET"));
        let lease = lease.unwrap().clone();
        let mut each = Vec::new();
        for (at, one) in said.iter().enumerate() {
            let ours = one.bound.iter().flatten();
            let ours = ours.into_iter().any(|value| *value == payment_no || *value == inbox_id);
            let settles = said.iter().any(|other| {
                other.process == one.process && other.sql.starts_with("INSERT INTO \"journal\"")
            });
            let before = said[..at].iter().rev().find(|other| other.process == one.process);
            let frame = match one.sql.as_str() {
                // Of the transaction that books, and of no other on the same connection.
                "BEGIN" => settles && opens_ours(&said[at..], &payment_no),
                "COMMIT" => {
                    before.is_some_and(|last| last.sql.starts_with("INSERT INTO \"outbox\""))
                }
                _ => false,
            };
            if ours || frame || (settles && one.sql.starts_with("INSERT INTO \"ledger_balance\"")) {
                each.push(one.clone());
            }
        }
        let count = |start: &str| each.iter().filter(|said| said.sql.starts_with(start)).count();
        let frame = (count("BEGIN"), count("COMMIT"), count("INSERT INTO \"callback_inbox\""));
        assert_eq!(frame, (1, 1, 1), "{each:#?}");
        Self { each, lease, finish, payment_no, inbox_id }
    }

    /// For readers.
    pub fn described(&self) -> String {
        let lines = |all: &[Said]| {
            all.iter().map(|said| format!("{};\n", said.sql)).collect::<Vec<_>>().concat()
        };
        format!(
            "For each callback:\n\n```sql\n{}```\n\nFor each lease of callbacks:\n\n```sql\n{}```\n",
            lines(&self.each),
            lines(&[self.lease.clone(), self.finish.clone()]),
        )
    }
}

/// Is the next statement of this connection one about our payment?
fn opens_ours(from: &[Said], payment_no: &str) -> bool {
    let next = from.iter().skip(1).find(|said| said.process == from[0].process);
    next.is_some_and(|said| said.bound.iter().flatten().any(|value| value == payment_no))
}
