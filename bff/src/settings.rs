//! Settings: one TOML file plus the environment `YIWANG_*`, the environment winning.
//! All faults are reported at once; nothing starts on any.

mod channels;
mod fairness;
mod files;
mod gateway;
mod observe;
mod portal;
mod rails;
mod reader;
mod secret;
mod trusted;

pub use channels::{
    ChannelSettings, ExchangeSettings, ExpressSettings, MessagePushSettings, MiniProgramSettings,
};
pub use files::FileSettings;
pub use gateway::{GatewaySettings, SealSettings};
pub use observe::ObserveSettings;
pub use rails::{
    AlipayAppSettings, AlipaySettings, AlipayTrust, UnionPaySettings, WeChatPaySettings,
};
pub use reader::{Environment, KeyFile, SettingFault, SettingsRefused, SsoClientSettings};
pub use secret::Secret;
pub use trusted::TrustedSettings;

use crate::http::fairness::{Limits, Proxies};
use crate::portal::PortalMode;
use adapters::crash::CrashAt;
use reader::Reader;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything on one laptop, with mock channels beside.
    Demo,
    /// For citizens.
    Production,
}

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Demo or production.
    pub mode: Mode,
    /// Where the server listens.
    pub http_addr: SocketAddr,
    /// Where counters are shown, apart from the public address; `None`: nowhere.
    pub metrics_addr: Option<SocketAddr>,
    /// How platforms reach the server; callbacks come to `{public_url}/callbacks/…`.
    pub public_url: String,
    /// `sqlite://path` or `postgres://…`.
    pub database_url: String,
    /// Folder of the keys for personal data.
    pub key_dir: PathBuf,
    /// Where heads of seals are kept outside the database; `None`: `seal-heads.txt` beside the keys.
    pub seal_heads: Option<PathBuf>,
    /// Folder of app definitions; `None`: those that the binary carries.
    pub apps_dir: Option<PathBuf>,
    /// The font of documents: a TrueType or OpenType file, or a collection, with Chinese.
    pub font: Option<PathBuf>,
    /// Where mock channels are served beside; `None`: no mocks.
    pub mock_addr: Option<SocketAddr>,
    /// Clock of mock channels that run elsewhere.
    pub follow_clock: Option<String>,
    /// How much of the portal for client developers there is.
    pub portal: PortalMode,
    /// Answer introspection queries.
    pub introspection: bool,
    /// Proxies that are believed when they say whom they were asked by.
    pub trusted_proxies: Proxies,
    /// How much one may ask in a minute.
    pub limits: Limits,
    /// Departments whose own pages ask who came with a ticket.
    pub sso_clients: Vec<SsoClientSettings>,
    /// So many requests may be under way at once; half of them may browse, see docs/reliability.md.
    pub max_in_flight: usize,
    /// So long each part of the home page may take before it is left out.
    pub home_deadline: Duration,
    /// Limits of what citizens upload.
    pub files: FileSettings,
    /// What is seen of the front.
    pub observe: ObserveSettings,
    /// Which documents are known before they are asked for.
    pub trusted: TrustedSettings,
    /// Filter of the log, `info` or `bff=debug,warn`.
    pub log: String,
    /// Where the process is to die, for tests of what it leaves behind.
    pub crash_at: Option<CrashAt>,
    /// Platforms, as named in the file; `None` where mocks are served beside.
    pub channels: Option<ChannelSettings>,
}

/// The database has ten connections, and a request needs one for some 5 to 50 ms: with so many
/// under way nobody waits much longer than a second for it, and with more nobody is served sooner.
const MAX_IN_FLIGHT: usize = 256;
/// A page that takes longer is felt to be slow.
const HOME_DEADLINE_MS: u64 = 250;
/// Each class needs a turn of its own.
const FEWEST_IN_FLIGHT: usize = 8;

const KEYS: &[&str] = &[
    "mode",
    "http_addr",
    "metrics_addr",
    "public_url",
    "database_url",
    "allow_sqlite",
    "key_dir",
    "seal_heads",
    "apps_dir",
    "font",
    "mock_addr",
    "follow_clock",
    "introspection",
    "portal",
    "trusted_proxies",
    "forwarded_header",
    "rate_limits",
    "rate_person",
    "rate_session",
    "rate_money",
    "rate_address",
    "rate_staff",
    "max_in_flight",
    "home_deadline_ms",
    "file_max_mb",
    "file_quota_mb",
    "trusted_documents",
    "trusted_documents_mode",
    "log",
    "slow_ms",
    "crash_at",
    "settings",
];

impl Settings {
    /// Reads file and environment.
    ///
    /// # Errors
    /// [`SettingsRefused`] with every fault and where it is.
    pub fn load(environment: &Environment) -> Result<Self, SettingsRefused> {
        let mut reader = Reader::new(environment, KEYS);
        let mode = match reader.text("mode").as_deref() {
            None | Some("demo") => Mode::Demo,
            Some("production") => Mode::Production,
            Some(other) => {
                reader.fault("mode", format!("`{other}` is neither demo nor production"));
                Mode::Production
            }
        };
        let demo = mode == Mode::Demo;
        let http_addr = reader
            .parsed::<SocketAddr>("http_addr", "an address like 127.0.0.1:8080")
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let database_url =
            reader.text("database_url").unwrap_or_else(|| default_database(demo, &mut reader));
        let mock_addr = match reader.text("mock_addr").as_deref() {
            Some("") => None,
            Some(text) => reader.parse("mock_addr", text, "an address, or empty for no mocks"),
            None => (demo && !reader.has_table("we_chat_pay"))
                .then(|| SocketAddr::from(([127, 0, 0, 1], 8090))),
        };
        let metrics_addr = reader.text("metrics_addr").filter(|text| !text.is_empty());
        let metrics_addr = metrics_addr.and_then(|text| {
            reader.parse("metrics_addr", &text, "an address, or empty for no metrics")
        });
        let key_dir = reader.text("key_dir").map_or_else(|| beside(&database_url), PathBuf::from);
        let settings = Self {
            mode,
            http_addr,
            metrics_addr,
            public_url: reader.text("public_url").unwrap_or_else(|| format!("http://{http_addr}")),
            key_dir,
            seal_heads: reader.text("seal_heads").map(PathBuf::from),
            apps_dir: apps_dir(&mut reader),
            font: font(&mut reader, demo),
            mock_addr,
            follow_clock: reader.text("follow_clock").filter(|url| !url.is_empty()),
            portal: portal::mode(&mut reader, mode),
            introspection: reader.flag("introspection").unwrap_or(demo),
            trusted_proxies: fairness::proxies(&mut reader),
            limits: fairness::limits(&mut reader),
            sso_clients: reader.sso_clients("sso.clients"),
            crash_at: reader.parsed_from_environment("crash_at", "a crash point"),
            max_in_flight: reader
                .parsed::<usize>("max_in_flight", "a whole number")
                .unwrap_or(MAX_IN_FLIGHT),
            home_deadline: home_deadline(&mut reader),
            files: FileSettings::read(&mut reader),
            observe: ObserveSettings::read(&mut reader),
            trusted: TrustedSettings::read(&mut reader),
            log: reader.text("log").unwrap_or_else(|| "info,actix_server=warn".to_owned()),
            channels: match mock_addr {
                Some(_) => None,
                None => ChannelSettings::read(&mut reader),
            },
            database_url,
        };
        let allow_sqlite = reader.flag("allow_sqlite").unwrap_or(false);
        settings.check(&mut reader, allow_sqlite);
        reader.finish().map(|()| settings)
    }

    fn check(&self, reader: &mut Reader<'_>, allow_sqlite: bool) {
        let sqlite = self.database_url.starts_with("sqlite:");
        if !sqlite && !self.database_url.starts_with("postgres") {
            reader.fault("database_url", "must begin with sqlite:// or postgres://".to_owned());
        }
        let apart = |addr: SocketAddr| addr.port() == 0 || addr.port() != self.http_addr.port();
        if !self.metrics_addr.is_none_or(apart) {
            let why =
                "must be another port than that of http_addr: counters are not for the public";
            reader.fault("metrics_addr", why.to_owned());
        }
        if !self.public_url.starts_with("http") {
            reader.fault("public_url", "must be an address that begins with http".to_owned());
        }
        if self.max_in_flight < FEWEST_IN_FLIGHT {
            reader.fault("max_in_flight", format!("must be at least {FEWEST_IN_FLIGHT}"));
        }
        match self.mode {
            Mode::Demo => self.check_demo(reader),
            Mode::Production => {
                if sqlite && !allow_sqlite {
                    let why = "SQLite in production needs YIWANG_ALLOW_SQLITE=true";
                    reader.fault("database_url", why.to_owned());
                }
                self.check_production(reader);
            }
        }
    }

    /// A demo has known passwords and keys: only this machine may reach it.
    fn check_demo(&self, reader: &mut Reader<'_>) {
        let listeners = [
            ("http_addr", Some(self.http_addr)),
            ("metrics_addr", self.metrics_addr),
            ("mock_addr", self.mock_addr),
        ];
        for (key, addr) in listeners {
            if addr.is_some_and(|addr| !addr.ip().is_loopback()) {
                reader.fault(key, "a demo listens on this machine only (127.0.0.1)".to_owned());
            }
        }
    }

    fn check_production(&self, reader: &mut Reader<'_>) {
        if self.mock_addr.is_some() {
            reader.fault("mock_addr", "production runs no mock channels".to_owned());
        }
        if self.follow_clock.is_some() {
            reader.fault("follow_clock", "production follows no other clock".to_owned());
        }
        if self.crash_at.is_some() {
            reader.fault("crash_at", "production does not crash on purpose".to_owned());
        }
        if !self.public_url.starts_with("https://") {
            reader.fault("public_url", "production is reached by https".to_owned());
        }
        for name in ["data.key", "index.key", "tokens.key", "documents.key"] {
            if !self.key_dir.join(name).is_file() {
                let why = format!("production makes no keys: {name} is missing there");
                reader.fault("key_dir", why);
            }
        }
        if let Some(channels) = &self.channels {
            channels.check_production(reader);
        }
    }
}

fn default_database(demo: bool, reader: &mut Reader<'_>) -> String {
    if !demo {
        reader.fault("database_url", "production needs a database".to_owned());
    }
    "sqlite://.yiwang/yiwang.db".to_owned()
}

/// Where the package fonts-wqy-microhei of Debian and Ubuntu puts its font.
pub(crate) const DEMO_FONT: &str = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc";

/// A demo without the font starts all the same; production names one that is there.
fn font(reader: &mut Reader<'_>, demo: bool) -> Option<PathBuf> {
    let named = reader.text("font").filter(|path| !path.is_empty()).map(PathBuf::from);
    if demo {
        return named.or_else(|| Some(PathBuf::from(DEMO_FONT)));
    }
    if !named.as_ref().is_some_and(|path| path.is_file()) {
        let why = "production prints documents: name a font file with Chinese, for instance \
                   that of the package fonts-noto-cjk";
        reader.fault("font", why.to_owned());
    }
    named
}

fn home_deadline(reader: &mut Reader<'_>) -> Duration {
    let shape = "a whole number of milliseconds";
    let ms = reader.parsed::<u64>("home_deadline_ms", shape).unwrap_or(HOME_DEADLINE_MS);
    if !(50..=5_000).contains(&ms) {
        reader.fault("home_deadline_ms", "must be 50 to 5000".to_owned());
    }
    Duration::from_millis(ms)
}

/// A folder that is not there would start a server without apps, were it not refused here.
fn apps_dir(reader: &mut Reader<'_>) -> Option<PathBuf> {
    let folder = reader.text("apps_dir").filter(|path| !path.is_empty()).map(PathBuf::from)?;
    if !folder.is_dir() {
        reader.fault("apps_dir", format!("`{}` is not a folder", folder.display()));
    }
    Some(folder)
}

/// The folder of the SQLite file, else `.yiwang`.
fn beside(database_url: &str) -> PathBuf {
    let file = database_url.strip_prefix("sqlite://").map(Path::new);
    let folder = file.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or_else(|| PathBuf::from(".yiwang"), Path::to_path_buf)
}

#[cfg(test)]
mod tests;
