//! The same SQL without the product: a script for `pgbench`.

use super::capture::{Said, Settlement};
use super::target::Target;
use super::{CLIENTS, PAYMENTS};
use sea_orm::Database;
use std::fmt::Write as _;
use std::process::Command;
use tests::app::Folder;

const NO: &str = "('YW' || lpad(:i::text, 26, '0'))";
/// In no order, as the hashes that they stand for.
fn id(back: u32) -> String {
    format!("(md5((:i - {back})::text) || md5((:i - {back} + 1)::text))")
}

/// Settles all payments once; answers how many a second.
pub async fn run(template: &Target, seen: &Settlement, batch: u32) -> f64 {
    let copy = template.copy().await;
    let folder = Folder::fresh();
    let path = folder.0.join("settle.sql");
    std::fs::write(&path, script(seen, batch)).unwrap();
    let (address, name) = copy.url.rsplit_once('/').unwrap();
    let port = address.rsplit_once(':').unwrap().1;
    let per = PAYMENTS / CLIENTS;
    assert_eq!(per * CLIENTS, PAYMENTS, "each client has as many");
    let mut command = Command::new(tests::postgres::newest_bin().unwrap().join("pgbench"));
    command.args(["-h", "127.0.0.1", "-p", port, "-U", "yiwang", "-n", "-M", "prepared"]);
    command.args(["-c", &CLIENTS.to_string(), "-j", "2", "-t", &per.to_string()]);
    command.args(["-D", "n=0", "-D", &format!("per={per}"), "-f"]).arg(&path).arg(name);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("failed transactions: 0 "), "{said}");
    let database = Database::connect(&copy.url).await.unwrap();
    template.everything_is_there(&database).await;
    database.close().await.unwrap();
    copy.remove().await;
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")).unwrap();
    rate.split(' ').next().unwrap().parse().unwrap()
}

fn script(seen: &Settlement, batch: u32) -> String {
    let mut text =
        String::from("\\set n :n + 1\n\\set i :client_id * :per + :n\n\\set s :i % 16\n");
    for said in &seen.each {
        writeln!(text, "{};", filled(seen, said)).unwrap();
    }
    let mut lease = seen.lease.clone();
    lease.bound[1] = Some(batch.to_string());
    let finish = filled(seen, &seen.finish);
    let ids: Vec<String> = (0..batch).map(id).collect();
    let finish = finish.replace(&format!("({})", id(0)), &format!("({})", ids.join(", ")));
    let lease = filled(seen, &lease);
    writeln!(text, "\\if :n % {batch} = 0\n{lease};\n{finish};\n\\endif").unwrap();
    text
}

/// The statement with what was bound to it, or what varies from callback to callback.
fn filled(seen: &Settlement, said: &Said) -> String {
    let mut sql = said.sql.clone();
    let balances = sql.starts_with("INSERT INTO \"ledger_balance\" (\"account\", \"shard\",");
    // From the last one on: `$1` is the beginning of `$12`.
    for (at, bound) in said.bound.iter().enumerate().rev() {
        let value = match bound {
            None => "NULL".to_owned(),
            Some(_) if balances && at % 4 == 1 => ":s::bigint".to_owned(),
            Some(value) if *value == seen.payment_no => NO.to_owned(),
            Some(value) if *value == seen.inbox_id => id(0),
            Some(value) => {
                let plain = !value.contains(['\'', '\\']) && !value.contains(&seen.payment_no);
                assert!(plain, "{value}");
                // A colon would be the beginning of a variable.
                if value.contains(':') {
                    format!("U&'{}'", value.replace(':', "\\003a"))
                } else {
                    format!("'{value}'")
                }
            }
        };
        sql = sql.replace(&format!("${}", at + 1), &value);
    }
    sql
}
