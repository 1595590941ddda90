//! `ingest`, `verify-audit`, `seal-key`, and what of `staff` concerns the desk of reconciliation.

use super::matching;
use adapters::day_files::{Detail, arguments, as_run, judge};
use adapters::seals::SealKeeper;
use adapters::system::RandomIds;
use bff::application::Application;
use bff::graphql::error::chain;
use bff::settings::{Environment, Settings};
use domain::identity::{AuditRecord, StaffStore as _};
use domain::reconciliation::desk::{Delegation, DeskBook as _, DeskError, FileRun};
use jiff::Timestamp;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// What follows the program's name.
pub const USAGE: &str = "ingest --ledger FILE --statement FILE… --bank FILE… --agency FILE… [--rules FILE]\n  \
                         day-files DAY --out DIR\n  verify-audit [--heads FILE]\n  seal-key\n  \
                         staff totp NAME | staff same-person NAME PERSON | staff delegate GIVER TAKER UNTIL REASON";

/// The chain is broken, or was cut.
const BROKEN: u8 = 2;

/// `None`: no command of the desk.
pub async fn run(words: &[&str], environment: &Environment) -> Option<Result<ExitCode, String>> {
    Some(match words {
        ["ingest", rest @ ..] => ingest(rest, environment).await,
        ["day-files", day, "--out", out] => day_files(day, Path::new(out), environment).await,
        ["verify-audit"] => verify(None, environment).await,
        ["verify-audit", "--heads", path] => verify(Some(Path::new(path)), environment).await,
        ["seal-key"] => seal_key(environment),
        ["staff", "totp", name] => totp(name, environment).await,
        ["staff", "same-person", name, person] => same_person(name, person, environment).await,
        ["staff", "delegate", giver, taker, until, reason @ ..] if !reason.is_empty() => {
            delegate((giver, taker), until, &reason.join(" "), environment).await
        }
        _ => return None,
    })
}

/// Judges the files of a day and files the run: its discrepancies become exceptions of the desk.
async fn ingest(words: &[&str], environment: &Environment) -> Result<ExitCode, String> {
    let paths = matching::paths(words).map_err(|faults| {
        let faults = faults.join("\n");
        format!("{faults}\nusage: bff {USAGE}")
    })?;
    let judged = judge(&paths, Detail::Filed).map_err(|faults| faults.join("\n"))?;
    let settings = super::load(environment)?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    let now = super::running_or_own_world(&settings).await?.clock.now();
    let run = as_run(&judged, now, "command");
    let filed = FileRun { book: Arc::new(store) }.run(&run).await;
    let filed = filed.map_err(|error| match error {
        DeskError::Refused(refusal) => refusal.say(),
        DeskError::Store(_) | DeskError::Signer(_) => chain(&error),
    })?;
    println!("{}第{}次对账已登记，差错{}条", filed.run.day, filed.run.number, filed.run.findings);
    for (what, count) in &filed.changes {
        println!("  {what} {count}");
    }
    if run.holds {
        return Ok(ExitCode::SUCCESS);
    }
    println!("恒等式不成立：这次对账只登记，不改变任何差错");
    Ok(ExitCode::from(BROKEN))
}

/// Writes what a day is judged by into a folder: anybody can judge it again by `match`.
async fn day_files(day: &str, out: &Path, environment: &Environment) -> Result<ExitCode, String> {
    let day = day.parse().map_err(|_| format!("`{day}`不是日期，应如2026-10-08"))?;
    let settings = super::load(environment)?;
    let world = super::running_or_own_world(&settings).await?;
    let settings = Settings { http_addr: ([127, 0, 0, 1], 0).into(), ..settings };
    let built = Application::build(&settings, &world.channels, world.clock.clone()).await;
    let application = built.map_err(|error| chain(&error))?;
    super::announce_password(&application);
    let judging = &application.jobs().judge_due;
    let rules = judging.rules.in_force().await.map_err(|error| chain(&error))?;
    let order = judging.inputs.of(day, &rules.rules).await.map_err(|error| chain(&error))?;
    let told = |error: std::io::Error| format!("{}：写不进去：{error}", out.display());
    std::fs::create_dir_all(out).map_err(told)?;
    let written = application.kept_days().write(&order, out).await;
    let paths = written.map_err(|error| chain(&error))?;
    std::fs::write(out.join("args.txt"), arguments(&paths)).map_err(told)?;
    println!("{day}的对账文件已写入{}，参数见args.txt", out.display());
    Ok(ExitCode::SUCCESS)
}

/// Everything that must never change, beside the heads that were kept outside.
async fn verify(heads: Option<&Path>, environment: &Environment) -> Result<ExitCode, String> {
    let heads = match heads {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("{}：打不开：{error}", path.display()))?,
        None => String::new(),
    };
    let settings = super::load(environment)?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    let report = store.verify_audit(&heads).await.map_err(|error| chain(&error))?;
    println!(
        "审计记录{}条，封存{}个，库外存根{}行，提案{}件，差错{}条",
        report.entries, report.seals, report.heads, report.proposals, report.exceptions
    );
    if report.heads == 0 && report.seals > 0 {
        println!(
            "没有给出库外存根：只能查出改动，查不出整链重算和末尾被删。请用--heads给出存根文件"
        );
    }
    if report.faults.is_empty() {
        println!("全部相符");
        return Ok(ExitCode::SUCCESS);
    }
    for fault in &report.faults {
        println!("不符：{fault}");
    }
    Ok(ExitCode::from(BROKEN))
}

/// The public key by which seals are checked: for the auditor's own notes.
fn seal_key(environment: &Environment) -> Result<ExitCode, String> {
    let settings = super::load(environment)?;
    let keeper = keeper(&settings)?;
    println!("{}", keeper.public_key());
    Ok(ExitCode::SUCCESS)
}

fn keeper(settings: &Settings) -> Result<SealKeeper, String> {
    bff::application::seal_keeper(settings).map_err(|error| chain(&error))
}

/// Gives an account a new second factor: the phone was lost, or there was none.
async fn totp(name: &str, environment: &Environment) -> Result<ExitCode, String> {
    let settings = super::load(environment)?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    known(&store, name).await?;
    let now = super::running_or_own_world(&settings).await?.clock.now();
    let audit = AuditRecord::new(now, "command", "STAFF_TOTP", name, "");
    let secret = store.enrol(name, &RandomIds, &audit).await.map_err(|error| chain(&error))?;
    println!("动态口令 {}（只显示这一次，请加入验证器应用）", bff::otpauth(name, &secret));
    Ok(ExitCode::SUCCESS)
}

/// Notes that an account is another one of a person's.
async fn same_person(
    name: &str,
    person: &str,
    environment: &Environment,
) -> Result<ExitCode, String> {
    let settings = super::load(environment)?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    known(&store, name).await?;
    let now = super::running_or_own_world(&settings).await?.clock.now();
    let audit = AuditRecord::new(now, "command", "STAFF_PERSON", name, person);
    match store.note_person(name, person, &audit).await {
        Ok(()) => println!("账号{name}属于{person}"),
        Err(domain::outside::StoreError::Conflict) => {
            return Err(format!("账号{name}已经记过属于谁，不能改"));
        }
        Err(error) => return Err(chain(&error)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn known(store: &adapters::store::Store, name: &str) -> Result<(), String> {
    let found = store.find(name).await.map_err(|error| chain(&error))?;
    found.map(drop).ok_or_else(|| format!("没有账号{name}"))
}

/// Lets one account act for another until then.
async fn delegate(
    (giver, taker): (&str, &str),
    until: &str,
    reason: &str,
    environment: &Environment,
) -> Result<ExitCode, String> {
    let until: Timestamp =
        until.parse().map_err(|_| format!("`{until}`不是时间，应如2026-10-08T18:00:00+08:00"))?;
    let settings = super::load(environment)?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    for name in [giver, taker] {
        known(&store, name).await?;
    }
    let now = super::running_or_own_world(&settings).await?.clock.now();
    if until <= now || giver == taker {
        return Err("授权的截止时间已经过去，或授权给了自己".to_owned());
    }
    let (of, to) = (giver.to_owned(), taker.to_owned());
    let given = Delegation { giver: of, taker: to, from: now, until, reason: reason.to_owned() };
    let detail = format!("{taker}代理至{until}：{reason}");
    let audit = AuditRecord::new(now, "command", "STAFF_DELEGATE", giver, &detail);
    store.delegate(&given, &audit).await.map_err(|error| chain(&error))?;
    println!("{taker}可代理{giver}至{until}");
    Ok(ExitCode::SUCCESS)
}
