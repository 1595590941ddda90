//! The commands of the program: `serve` (default), `migrate`, `schema`, `staff-schema`,
//! `staff add NAME ROLE…`, `reconcile RAIL DATE`, `match …`, `ingest …`, `export …`, `verify-audit`, `apps …`, `documents …`.

mod apps;
mod desk;
mod documents;
mod export;
mod matching;

use adapters::followed_clock::FollowedClock;
use adapters::http::{Deadlines, HttpClient};
use adapters::system::{RandomIds, SystemClock};
use bff::application::Application;
use bff::demo::{BesideClock, channels_of};
use bff::graphql::error::chain;
use bff::passwords::random_password;
use bff::settings::{ChannelSettings, Environment, Mode, Settings};
use domain::clock::Clock;
use domain::identity::{AuditRecord, AuditTrail as _, StaffAccount, StaffRole, StaffStore as _};
use domain::outside::StoreError;
use domain::payment::{CheckLedger, LedgerBalances as _, Rail};
use jiff::civil::Date;
use mock_channels::{MockChannels, MockSettings};
use std::process::ExitCode;
use std::sync::Arc;

const USAGE: &str = "usage: bff [serve | migrate | schema | staff-schema | staff add NAME ROLE… | \
                     reconcile RAIL DATE | ledger check | ledger rebuild | match … | apps … | documents …]\n  RAIL: WECHAT_PAY ALIPAY \
                     UNIONPAY, or GATEWAY: clearing with finance   DATE: 2026-03-02\n  \
                     ROLE: CLERK CHECKER AGENCY:330101 FINANCE:LOCAL \
                     FINANCE:PROVINCE FINANCE:CENTRAL AUDITOR OPERATOR EDITOR";

/// In the place of a rail: the files that are exchanged with the non-tax gateway.
const GATEWAY: &str = "GATEWAY";

/// The process's environment; nobody else reads it.
#[expect(clippy::disallowed_methods, reason = "here it becomes settings, and nowhere else")]
pub fn environment() -> Environment {
    std::env::vars().collect()
}

/// Runs one command; the error is for the person at the terminal.
pub async fn run(words: &[String], environment: &Environment) -> Result<ExitCode, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["match", rest @ ..] => matching::run(rest),
        ["export", rest @ ..] => export::run(rest, environment).await,
        words => match desk::run(words, environment).await {
            Some(done) => done,
            None => done(words, environment).await.map(|()| ExitCode::SUCCESS),
        },
    }
}

async fn done(words: &[&str], environment: &Environment) -> Result<(), String> {
    match words {
        [] | ["serve"] => serve(environment).await,
        ["migrate"] => migrate(environment).await,
        ["schema"] => {
            print!("{}", bff::graphql::sdl());
            Ok(())
        }
        ["staff-schema"] => {
            print!("{}", bff::staff_graphql::sdl());
            Ok(())
        }
        ["staff", "add", name, roles @ ..] => add_staff(name, roles, environment).await,
        ["ledger", "check"] => check_ledger(environment).await,
        ["ledger", "rebuild"] => rebuild_ledger(environment).await,
        ["reconcile", rail, day] => reconcile(rail, day, environment).await,
        ["apps", rest @ ..] => match apps::run(rest, environment).await {
            Some(done) => done,
            None => Err(usage()),
        },
        ["documents", rest @ ..] => documents::run(rest).unwrap_or_else(|| Err(usage())),
        _ => Err(usage()),
    }
}

fn usage() -> String {
    let parts = [USAGE, matching::USAGE, desk::USAGE, export::USAGE, apps::USAGE, documents::USAGE];
    parts.join("\n  ")
}

/// Platforms and time: the mocks' where they are served beside, else those of the settings.
struct World {
    mocks: Option<MockChannels>,
    channels: ChannelSettings,
    clock: Arc<dyn Clock>,
}

async fn world(settings: &Settings) -> Result<World, String> {
    if let Some(addr) = settings.mock_addr {
        std::fs::create_dir_all(&settings.key_dir).map_err(|error| error.to_string())?;
        let mocks = MockChannels::start(MockSettings {
            addr: addr.to_string(),
            state_file: Some(settings.key_dir.join("mock-channels.json")),
            start_at_ms: None,
        });
        let mocks = mocks.await.map_err(|error| format!("mock channels: {}", chain(&error)))?;
        let (channels, clock) = (channels_of(&mocks.onboarding()), BesideClock::of(&mocks));
        return Ok(World { mocks: Some(mocks), channels, clock });
    }
    let channels = settings.channels.clone().ok_or("the settings name no platforms")?;
    let real: Arc<dyn Clock> = Arc::new(SystemClock);
    let clock = match &settings.follow_clock {
        None => real,
        Some(url) => {
            let http = HttpClient::new(Deadlines::USUAL).map_err(|error| chain(&error))?;
            let followed = FollowedClock::start(url, http, real).await;
            followed.map_err(|error| format!("clock {url}: {}", chain(&error)))?
        }
    };
    Ok(World { mocks: None, channels, clock })
}

fn load(environment: &Environment) -> Result<Settings, String> {
    let settings = Settings::load(environment).map_err(|refused| refused.to_string())?;
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(&settings.log))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    if let Some(at) = settings.crash_at {
        tracing::warn!(%at, "this process will crash on purpose");
        adapters::crash::arm(at);
    }
    Ok(settings)
}

async fn serve(environment: &Environment) -> Result<(), String> {
    let settings = load(environment)?;
    let world = world(&settings).await?;
    let built = Application::build(&settings, &world.channels, world.clock.clone()).await;
    let application = built.map_err(|error| chain(&error))?;
    if let Some(mocks) = &world.mocks {
        introduce(&settings, mocks).await?;
    }
    announce(&settings, &application, &world);
    let stopper = application.stopper();
    tokio::spawn(async move {
        stop_signal().await;
        println!("正在停止：等待处理中的请求完成……");
        stopper.stop().await;
    });
    application.run_until_stopped().await.map_err(|error| error.to_string())?;
    if let Some(mocks) = world.mocks {
        mocks.stop().await;
    }
    Ok(())
}

/// Tells the mock gateway where to call us, as an operator tells the real one in writing.
async fn introduce(settings: &Settings, mocks: &MockChannels) -> Result<(), String> {
    let http = HttpClient::new(Deadlines::USUAL).map_err(|error| chain(&error))?;
    let address = format!("{}/control/gateway/settings", mocks.base_url());
    let url = format!("{}/callbacks/non-tax", settings.public_url);
    let told = http.post_json(&address, serde_json::json!({ "notifyUrl": url }).to_string());
    told.await.map(drop).map_err(|error| chain(&error))
}

/// Ctrl-C at a terminal, or the signal by which a service manager stops.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            // Without the handler the system's own way of stopping stays.
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

fn announce(settings: &Settings, application: &Application, world: &World) {
    let addr = application.addr();
    println!("一网 已就绪 / ready");
    println!("  GraphQL   http://{addr}/graphql");
    println!("  契约      http://{addr}/schema.graphql");
    println!("  接口文档  http://{addr}/docs/");
    println!("  对账台    http://{addr}/staff/");
    if let Some(mocks) = &world.mocks {
        println!("  模拟渠道  {}/", mocks.base_url());
    }
    announce_password(application);
    if settings.mode == Mode::Demo {
        println!("试一试 / try:");
        println!(
            "  curl -s http://{addr}/graphql -H 'Content-Type: application/json' \
             -d '{{\"query\":\"{{categories{{slug name apps{{slug kind}}}}}}\"}}'"
        );
    }
}

/// Whichever command makes the staff account shows its password, or nobody ever could.
fn announce_password(application: &Application) {
    if let Some(account) = application.first_account() {
        println!("  对账台账号 {} 密码 {}（只显示这一次，请记下）", account.name, account.password);
        println!("  动态口令   {}（只显示这一次，请加入验证器应用）", account.otpauth());
    }
}

async fn migrate(environment: &Environment) -> Result<(), String> {
    let settings = load(environment)?;
    bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    println!("tables are up to date");
    Ok(())
}

/// Makes an account and shows its password, once.
async fn add_staff(name: &str, roles: &[&str], environment: &Environment) -> Result<(), String> {
    let role = |code: &&str| {
        StaffRole::from_code(code).ok_or_else(|| format!("`{code}` is not a role\n{USAGE}"))
    };
    let roles: Vec<_> = roles.iter().map(role).collect::<Result<_, _>>()?;
    if roles.is_empty() || !StaffAccount::is_name(name) {
        return Err(USAGE.to_owned());
    }
    let settings = load(environment)?;
    let world = running_or_own_world(&settings).await?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    let password = random_password(&RandomIds);
    let password_hash = adapters::password::hash(&password).map_err(|error| chain(&error))?;
    let (name, created_at) = (name.to_owned(), world.clock.now());
    let words: Vec<_> = roles.iter().map(StaffRole::code).collect();
    let record = AuditRecord::new(created_at, "command", "STAFF_ADD", &name, &words.join(" "));
    store.append(&record).await.map_err(|error| chain(&error))?;
    let account = StaffAccount { name, password_hash, roles, created_at };
    match store.insert(&account).await {
        Ok(()) => {
            let name = account.name;
            let record = AuditRecord::new(created_at, "command", "STAFF_TOTP", &name, "");
            let secret = store.enrol(&name, &RandomIds, &record).await;
            let secret = secret.map_err(|error| chain(&error))?;
            println!("账号 {name} 密码 {password}（只显示这一次，请记下）");
            println!("动态口令 {}（只显示这一次，请加入验证器应用）", bff::otpauth(&name, &secret));
            Ok(())
        }
        Err(StoreError::Conflict) => Err(format!("账号 {} 已经存在", account.name)),
        Err(error) => Err(chain(&error)),
    }
}

/// The outside world of a demo that is running already, else one of our own.
async fn running_or_own_world(settings: &Settings) -> Result<World, String> {
    let Some(addr) = settings.mock_addr else { return world(settings).await };
    let http = HttpClient::new(Deadlines::USUAL).map_err(|error| chain(&error))?;
    let Ok(body) = http.get_bytes(&format!("http://{addr}/control/onboarding")).await else {
        return world(settings).await;
    };
    let onboarding = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let clock = format!("http://{addr}/control/clock");
    let clock = FollowedClock::start(&clock, http, Arc::new(SystemClock)).await;
    let clock = clock.map_err(|error| chain(&error))?;
    Ok(World { mocks: None, channels: channels_of(&onboarding), clock })
}

async fn reconcile(rail: &str, day: &str, environment: &Environment) -> Result<(), String> {
    let known = Rail::from_code(rail);
    if known.is_none() && rail != GATEWAY {
        return Err(format!("`{rail}` is not a rail\n{USAGE}"));
    }
    let day: Date = day.parse().map_err(|_| format!("`{day}` is not a date\n{USAGE}"))?;
    let settings = load(environment)?;
    let world = running_or_own_world(&settings).await?;
    // A second listener would collide with the running server's.
    let settings = Settings { http_addr: ([127, 0, 0, 1], 0).into(), ..settings };
    let built = Application::build(&settings, &world.channels, world.clock.clone()).await;
    let application = built.map_err(|error| chain(&error))?;
    announce_password(&application);
    let Some(rail) = known else { return clear(&application, day).await };
    let reconcile = application
        .reconcile(rail)
        .ok_or_else(|| format!("rail {} is not connected", rail.code()))?;
    let result = reconcile.run(day).await.map_err(|error| chain(&error))?;
    println!(
        "{} {}: {:?}, {} lines, {} differences",
        result.rail.code(),
        result.day,
        result.state,
        result.lines.len(),
        result.discrepancies.len()
    );
    Ok(())
}

/// Every balance beside what its entries add up to; fails where they differ.
async fn check_ledger(environment: &Environment) -> Result<(), String> {
    let settings = load(environment)?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    let ledger = CheckLedger { ledger: Arc::new(store.clone()), clock: Arc::new(SystemClock) };
    for of in store.sums().await.map_err(|error| chain(&error))? {
        let (added, kept) = (of.added, of.kept);
        let mark = if added == kept { "" } else { "  !" };
        println!("{:>18} {:>18}  {}{mark}", added.debits, added.credits, of.account.code());
    }
    let check = ledger.run().await.map_err(|error| chain(&error))?;
    if check.faults.is_empty() {
        println!("{} accounts, the ledger is whole", check.accounts);
        return Ok(());
    }
    Err(check.faults.join("\n"))
}

async fn rebuild_ledger(environment: &Environment) -> Result<(), String> {
    let settings = load(environment)?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    store.rebuild().await.map_err(|error| chain(&error))?;
    println!("balances are what the entries add up to");
    Ok(())
}

async fn clear(application: &Application, day: Date) -> Result<(), String> {
    let cleared = application.clear().run(day).await.map_err(|error| chain(&error))?;
    println!(
        "{GATEWAY} {}: {}, {} lines, finance agrees in {}, {} differences",
        cleared.day,
        cleared.state.code(),
        cleared.orders,
        cleared.agreed,
        cleared.differences.len()
    );
    for found in &cleared.differences {
        let (kind, order) = (found.kind.code(), &found.order_no);
        println!(
            "  {kind} {order} {} {} {} {}",
            found.notice_no, found.amount, found.code, found.reason
        );
    }
    Ok(())
}
