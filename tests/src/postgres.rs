//! A throw-away PostgreSQL. `YIWANG_TEST_POSTGRES_URL` names one that is there already;
//! otherwise the first who asks starts one on a free port, which ends with this process.

use sea_orm::{ConnectionTrait, Database};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs as a user who may run PostgreSQL, in a group of its own so that Ctrl-C ends the tests
/// first: when their end of standard input closes, the server stops and its folder goes.
const SCRIPT: &str = r#"
set -eu
bin=$1 port=$2
shift 2
dir=$(mktemp -d "${TMPDIR:-/tmp}/yiwang-postgres.XXXXXX")
cd "$dir"
trap 'rm -rf "$dir"' EXIT
"$bin/initdb" -D "$dir/data" -U yiwang -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || {
    cat "$dir/log"; exit 1; }
"$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c max_connections=300 "$@" >"$dir/log" 2>&1 </dev/null &
server=$!
tries=0
until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ] || ! kill -0 $server 2>/dev/null; then cat "$dir/log"; exit 1; fi
    sleep 0.1
done
echo ready
cat >/dev/null || true
kill -INT $server
wait $server || true
"#;

/// For suites: what a power cut would take is of no interest to them.
const FAST: &[&str] = &["fsync=off", "full_page_writes=off", "synchronous_commit=off"];
/// For figures: as production runs it. The log says which database a line is of.
const DURABLE: &[&str] = &[
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
    "log_line_prefix=[%d %p] ",
];

/// A running server, which ends with this value.
pub struct Server {
    /// The address, with a database in which others can be made.
    pub url: String,
    /// Its standard input is the string by which the server hangs.
    _process: Child,
}

static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The address of an empty database that nobody else uses.
///
/// # Panics
/// When there is no PostgreSQL: a suite that cannot run has failed.
pub async fn fresh_database() -> String {
    let server = server_url();
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let name = format!("yiwang_test_{}_{number}", std::process::id());
    let admin = Database::connect(&server).await;
    let admin = admin.unwrap_or_else(|error| panic!("no PostgreSQL at {server}: {error}"));
    let create = format!("CREATE DATABASE {name} TEMPLATE template0");
    let created = admin.execute_unprepared(&create).await;
    created.unwrap_or_else(|error| panic!("no database of our own at {server}: {error}"));
    let _ = admin.close().await;
    with_database(&server, &name)
}

/// Removes a database that nobody needs any more.
pub async fn drop_database(url: &str) {
    let address = url.split('?').next().unwrap_or(url);
    let name = address.rsplit('/').next().unwrap_or_default();
    let admin = Database::connect(&server_url()).await.unwrap();
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    admin.execute_unprepared(&drop).await.unwrap();
    let _ = admin.close().await;
}

/// The address of the server, with a database in which others can be made.
#[expect(clippy::disallowed_methods, reason = "tests/run names its server here")]
fn server_url() -> String {
    if let Ok(url) = std::env::var("YIWANG_TEST_POSTGRES_URL") {
        return url;
    }
    match SERVER.get_or_init(|| start(FAST)) {
        Ok(server) => server.url.clone(),
        Err(why) => panic!(
            "PostgreSQL cannot be started, and the suite does not skip it.\n{why}\n\
             Install it (apt-get install postgresql) or set YIWANG_TEST_POSTGRES_URL."
        ),
    }
}

/// The address of another database of the same server.
pub fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let host = rest.split('/').next().unwrap_or(rest);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{host}/{name}{mark}{query}")
}

/// A server that keeps what it confirmed, for figures.
///
/// # Panics
/// When there is no PostgreSQL.
pub fn durable() -> Server {
    start(DURABLE).unwrap_or_else(|why| panic!("PostgreSQL cannot be started.\n{why}"))
}

/// A server of one's own that does not wait for the disk.
///
/// # Panics
/// When there is no PostgreSQL.
pub fn fast() -> Server {
    start(FAST).unwrap_or_else(|why| panic!("PostgreSQL cannot be started.\n{why}"))
}

fn start(options: &[&str]) -> Result<Server, String> {
    let bin = newest_bin().ok_or("There is no initdb under /usr/lib/postgresql or in PATH.")?;
    let port = free_port().map_err(|error| format!("no free port: {error}"))?;
    let mut process = as_other_than_root()?;
    process.args(["sh", "-c", SCRIPT, "postgres"]).arg(&bin).arg(port.to_string());
    options.iter().for_each(|option| {
        process.args(["-c", option]);
    });
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    let mut process = process.spawn().map_err(|error| format!("{process:?}: {error}"))?;
    let mut said = BufReader::new(process.stdout.take().ok_or("no standard output")?);
    let mut first = String::new();
    said.read_line(&mut first).map_err(|error| error.to_string())?;
    if first.trim() == "ready" {
        let url = format!("postgres://yiwang@127.0.0.1:{port}/postgres");
        return Ok(Server { url, _process: process });
    }
    said.read_to_string(&mut first).map_err(|error| error.to_string())?;
    Err(first)
}

/// `env`, under a user that PostgreSQL accepts: it refuses to run as root.
pub(crate) fn as_other_than_root() -> Result<Command, String> {
    if id(&["-u"])? != "0" {
        return Ok(Command::new("env"));
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| id(&["-u", user]).is_ok());
    let user = user.ok_or("There is neither a user postgres nor nobody to run it as.")?;
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", &id(&["-g", user])?, "--clear-groups"]);
    Ok(command)
}

fn id(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("id").args(arguments).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(format!("id {arguments:?} failed"))
    }
}

/// Where the newest PostgreSQL keeps its programs.
pub fn newest_bin() -> Option<PathBuf> {
    let version = |path: &PathBuf| -> Option<u32> { path.file_name()?.to_str()?.parse().ok() };
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed.map(|entry| entry.path()).max_by_key(version);
    let in_path = std::env::var_os("PATH").into_iter();
    let in_path = in_path.flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut candidates = newest.map(|version| version.join("bin")).into_iter().chain(in_path);
    candidates.find(|bin: &PathBuf| Path::new(bin).join("initdb").exists())
}

pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
