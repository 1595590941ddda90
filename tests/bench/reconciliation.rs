//! A day of a million payments: `bff match` beside DuckDB, which only joins, in turns.

use crate::median;
use adapters::store::{PersonalDataKeys, Store};
use domain::reconciliation::desk::{DeskBook as _, LineVerdict};
use domain::reconciliation::engine::Placed;
use sea_orm::{ConnectionTrait as _, Database};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use tests::app::Folder;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/reconciliation");
const ROUNDS: usize = 5;
const LINES: u64 = 1_000_000;
/// Ten times as many, once: time must grow as the lines do.
const MANY: u64 = 10 * LINES;
/// Of so many payments each has one of four things wrong.
const WRONG: u64 = 1_000;

const COLUMNS: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,\
交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,\
退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const TOTALS: &str =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
const RULES: &str = r#"{"day":"2026-09-30","judged_at":"2026-10-01T12:00:00+08:00","cut_minutes":10,
"write_off_due_minutes":60,"payout_due_days":1,"fee_tolerance_fen":0,"merchants":[{"rail":"WECHAT_PAY",
"merchant_no":"1900007291","app_ids":["wx0123456789abcdef"],"fee_ppm":6000,"account":"6222","item_codes":[]}],
"open_payouts":[],"seen_files":[]}"#;

/// What is planted in payment `n`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Planted {
    Nothing,
    OnlyRail,
    OnlyLedger,
    OtherAmount,
}

const fn planted(n: u64) -> Planted {
    match n % WRONG {
        1 => Planted::OnlyRail,
        2 => Planted::OnlyLedger,
        3 => Planted::OtherAmount,
        _ => Planted::Nothing,
    }
}

/// A permutation of `0..lines`: the bill is not in the ledger's order.
const fn shuffled(n: u64, lines: u64) -> u64 {
    (n * 7_368_787) % lines // A prime that divides no power of ten.
}

const fn fen_of(n: u64) -> u64 {
    100 + n * 7_919 % 200_000
}

fn yuan(fen: u64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

fn time_of(n: u64, lines: u64) -> String {
    // The last ten minutes of a day may belong to the next statement.
    let second = n * 85_000 / lines;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

fn day(folder: &Path, lines: u64) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("rules.json"), RULES).unwrap();
    let mut ledger = BufWriter::new(File::create(folder.join("ledger.csv")).unwrap());
    writeln!(
        ledger,
        "kind,order_no,refund_no,notice_no,rail,merchant_no,app_id,rail_txn_no,amount_fen,state,at,\
         accounting_day,settled_on,agency_code,item_code"
    )
    .unwrap();
    for n in (0..lines).filter(|n| planted(*n) != Planted::OnlyRail) {
        writeln!(
            ledger,
            "PAY,YW20260930{n:018},,{n:020},WECHAT_PAY,1900007291,wx0123456789abcdef,\
             42000022222026{n:014},{},PAID,2026-09-30T{}+08:00,2026-09-30,,330101,{:06}",
            fen_of(n),
            time_of(n, lines),
            n % 400
        )
        .unwrap();
    }
    ledger.flush().unwrap();
    let mut bill = BufWriter::new(File::create(folder.join("wechat.csv")).unwrap());
    write!(bill, "\u{feff}{COLUMNS}\r\n").unwrap();
    let (mut count, mut paid, mut fees) = (0, 0, 0);
    for n in (0..lines).map(|n| shuffled(n, lines)) {
        let fen = match planted(n) {
            Planted::OnlyLedger => continue,
            Planted::OtherAmount => fen_of(n) + 1,
            Planted::Nothing | Planted::OnlyRail => fen_of(n),
        };
        let fee = (fen * 6_000 + 500_000) / 1_000_000;
        (count, paid, fees) = (count + 1, paid + fen, fees + fee);
        let (amount, fee) = (yuan(fen), yuan(fee));
        write!(
            bill,
            "`2026-09-30 {},`wx0123456789abcdef,`1900007291,`0,`,`42000022222026{n:014},\
             `YW20260930{n:018},`oUpF8u{n:022},`JSAPI,`SUCCESS,`OTHERS,`CNY,`{amount},`0.00,`0,`0,`0.00,\
             `0.00,`,`,`省政务服务缴费,`,`{fee}000,`0.60%,`{amount},`0.00,`\r\n",
            time_of(n, lines)
        )
        .unwrap();
    }
    let (paid, fees) = (yuan(paid), yuan(fees));
    write!(bill, "{TOTALS}\r\n`{count},`{paid},`0.00,`0.00,`{fees}000,`{paid},`0.00\r\n").unwrap();
    bill.flush().unwrap();
}

fn python() -> PathBuf {
    let venv = Path::new(FOLDER).join(".venv");
    if !venv.join("bin/pip").exists() {
        ran(Command::new("python3").args(["-m", "venv"]).arg(&venv));
    }
    ran(Command::new(venv.join("bin/pip")).current_dir(FOLDER).args([
        "install",
        "--quiet",
        "-r",
        "requirements.txt",
    ]));
    venv.join("bin/python")
}

fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Seconds of the whole process, and the most memory that it held, in MiB.
fn ours(folder: &Path, lines: u64) -> (f64, f64) {
    let out = folder.join("verdicts");
    let begun = Instant::now();
    let mut command = Command::new("/usr/bin/env");
    command.current_dir(folder).args(["python3", "-c", MEASURED]).arg(tests::node::binary("bff"));
    command.args(["match", "--ledger", "ledger.csv", "--statement", "wechat.csv"]);
    command.args(["--rules", "rules.json", "--out"]).arg(&out);
    let said = ran(&mut command);
    let whole = begun.elapsed().as_secs_f64();
    let (seconds, mebibytes) = said.trim().split_once(' ').unwrap();
    let seconds: f64 = seconds.parse().unwrap();
    assert!(seconds <= whole);
    let verdicts = std::fs::read_to_string(out.join("verdicts.csv")).unwrap();
    for (code, planted_as) in
        [("L01", Planted::OnlyRail), ("L03", Planted::OnlyLedger), ("L05", Planted::OtherAmount)]
    {
        let found = verdicts.lines().filter(|line| line.starts_with(&format!("{code},"))).count();
        let wanted = (0..lines).filter(|n| planted(*n) == planted_as).count();
        assert_eq!(found, wanted, "{code}");
    }
    (seconds, mebibytes.parse().unwrap())
}

/// Runs the rest of its words; prints its seconds and the most MiB that it held.
const MEASURED: &str = "
import resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - begun
print(f'{seconds:.4f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f}')
";

fn duckdb(python: &Path, folder: &Path, lines: u64) -> f64 {
    let said = ran(Command::new(python)
        .arg(Path::new(FOLDER).join("duckdb_join.py"))
        .args([folder.join("wechat.csv"), folder.join("ledger.csv")]));
    let figures: Vec<&str> = said.split_whitespace().collect();
    let counted = |kind| (0..lines).filter(|n| planted(*n) == kind).count().to_string();
    let kinds = [Planted::Nothing, Planted::OnlyRail, Planted::OnlyLedger, Planted::OtherAmount];
    assert_eq!(figures[1..], kinds.map(counted), "it joined the same");
    figures[0].parse().unwrap()
}

/// Seconds of the whole process of `bff ingest` with an empty database, which then holds a verdict for every line.
async fn filed(folder: &Path, database: &str, lines: u64) -> f64 {
    let keys = Folder::fresh();
    let mut command = Command::new(tests::node::binary("bff"));
    command.current_dir(folder).env_clear();
    command.env("YIWANG_KEY_DIR", &keys.0).env("YIWANG_DATABASE_URL", database);
    command.args(["ingest", "--ledger", "ledger.csv", "--statement", "wechat.csv"]);
    let begun = Instant::now();
    let said = ran(&mut command);
    let seconds = begun.elapsed().as_secs_f64();
    let count = |kind| (0..lines).filter(|n| planted(*n) == kind).count() as u64;
    let [rail, ledger, amount] =
        [Planted::OnlyRail, Planted::OnlyLedger, Planted::OtherAmount].map(count);
    assert!(said.contains(&format!("差错{}条", rail + ledger + amount)), "{said}");
    let (mut matched, mut different) = (0_u64, 0_u64);
    let store = Store::connect(database, PersonalDataKeys::ephemeral().unwrap()).await.unwrap();
    let day = jiff::civil::date(2026, 9, 30);
    for file in store.judged_files(day, 1).await.unwrap() {
        let mut first = 1;
        loop {
            let part = store.line_verdicts(day, 1, file.position, first).await.unwrap();
            if part.is_empty() {
                break;
            }
            first += u32::try_from(part.len()).unwrap();
            for verdict in part.iter().filter_map(|byte| LineVerdict::from_byte(*byte)) {
                match verdict {
                    LineVerdict::Judged(Placed::Matched, None) => matched += 1,
                    LineVerdict::Judged(..) | LineVerdict::Quarantined => different += 1,
                }
            }
        }
    }
    let wrong = rail + ledger + 2 * amount;
    // Of every payment two lines, but of those that one side lacks.
    assert_eq!((matched, different), (2 * (lines - rail - ledger - amount), wrong));
    seconds
}

#[test]
fn a_day_beside_duckdb() {
    let python = python();
    let folder = Folder::fresh();
    let (million, ten) = (folder.0.join("million"), folder.0.join("ten"));
    day(&million, LINES);
    let bytes = std::fs::metadata(million.join("wechat.csv")).unwrap().len();
    ours(&million, LINES); // Both files are in memory from here on.
    duckdb(&python, &million, LINES);
    let (mut we, mut they, mut ratios, mut memory) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let (seconds, mebibytes) = ours(&million, LINES);
        let joined = duckdb(&python, &million, LINES);
        we.push(seconds);
        they.push(joined);
        ratios.push(seconds / joined);
        memory.push(mebibytes);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lite = (0..ROUNDS).map(|round| {
        let path = folder.0.join(format!("filed-{round}.db"));
        runtime.block_on(filed(&million, &format!("sqlite://{}", path.display()), LINES))
    });
    let lite: Vec<f64> = lite.collect();
    let server = tests::postgres::durable();
    let large = (0..ROUNDS).map(|round| {
        runtime.block_on(async {
            let name = format!("filed_{round}");
            let admin = Database::connect(&server.url).await.unwrap();
            admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
            let database = tests::postgres::with_database(&server.url, &name);
            filed(&million, &database, LINES).await
        })
    });
    let large: Vec<f64> = large.collect();
    day(&ten, MANY);
    let (ten_seconds, ten_memory) = ours(&ten, MANY);
    let linear = ten_seconds / median(we.clone()).0;
    let mut body = format!(
        "A trade bill of WeChat Pay with {LINES} lines ({} MB) and a ledger export, both in the page cache, in turns, {ROUNDS} \
         rounds. Ours is the whole process of `bff match`: hash and totals verified, every field checked, verdicts written. DuckDB \
         (two threads, typed columns) joins them and counts; its start and import are not counted. `bff ingest` is the whole process too, from an empty database and its migrations to a \
         committed run; every verdict is read back and counted.\n\n\
         | | median | least | most |\n|---|---|---|---|\n",
        bytes / 1_000_000
    );
    for (name, of) in [
        ("`bff match`, s", we),
        ("DuckDB, s", they),
        ("ratio of a round", ratios),
        ("memory of `bff match`, MiB", memory),
        ("`bff ingest`, every verdict kept, SQLite, s", lite),
        ("`bff ingest`, every verdict kept, PostgreSQL, s", large),
    ] {
        let (middle, least, most) = median(of);
        writeln!(body, "| {name} | {middle:.2} | {least:.2} | {most:.2} |").unwrap();
    }
    writeln!(
        body,
        "\n{MANY} lines, once: {ten_seconds:.1} s ({linear:.1} times as long), {ten_memory:.0} MiB."
    )
    .unwrap();
    tests::results::write("reconciliation", &body);
}
