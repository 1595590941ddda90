//! Reads settings one by one, and remembers every fault and every key that was asked for.

use domain::money::{Fen, PayableFen};
use domain::payment::Ceilings;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use toml::{Table, Value};

/// The process's environment, as handed over by `main`.
pub type Environment = BTreeMap<String, String>;

const PREFIX: &str = "YIWANG_";

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    /// `YIWANG_MODE`, or `settings.toml: we_chat_pay.merchant_no`.
    pub place: String,
    /// What, and what to do.
    pub why: String,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub struct SettingsRefused(pub Vec<SettingFault>);

impl fmt::Display for SettingsRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fault(s) in the settings:", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {}: {}", fault.place, fault.why))
    }
}

/// A public key of a platform, from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// Its id.
    pub id: String,
    /// What it is of; empty where the platform has one algorithm.
    pub algorithm: String,
    /// PEM.
    pub pem: String,
}

/// A department whose own pages ask who came with a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoClientSettings {
    /// Issued by us.
    pub id: String,
    /// 32 bytes, base64.
    pub key: super::Secret,
    /// Slugs of the apps whose tickets it may show.
    pub apps: Vec<String>,
}

/// See the module.
pub struct Reader<'a> {
    environment: &'a Environment,
    file_name: String,
    table: Table,
    used: BTreeSet<String>,
    faults: Vec<SettingFault>,
}

impl<'a> Reader<'a> {
    /// Opens the file that `YIWANG_SETTINGS` names, if it names one.
    pub fn new(environment: &'a Environment, keys: &[&str]) -> Self {
        let file_name = environment.get("YIWANG_SETTINGS").cloned().unwrap_or_default();
        let (used, faults) = (BTreeSet::new(), Vec::new());
        let mut reader = Self { environment, file_name, table: Table::new(), used, faults };
        for name in environment.keys().filter(|name| name.starts_with(PREFIX)) {
            let known = keys.iter().any(|key| name[PREFIX.len()..] == key.to_ascii_uppercase());
            if !known {
                let why = "no such setting".to_owned();
                reader.faults.push(SettingFault { place: name.clone(), why });
            }
        }
        if !reader.file_name.is_empty() {
            reader.open();
        }
        reader
    }

    fn open(&mut self) {
        let read = std::fs::read_to_string(&self.file_name).map_err(|error| error.to_string());
        let table = read.and_then(|text| {
            text.parse::<Table>().map_err(|error| error.to_string().trim().to_owned())
        });
        match table {
            Ok(table) => self.table = table,
            Err(why) => {
                let place = self.file_name.clone();
                self.faults.push(SettingFault { place, why });
            }
        }
    }

    fn place(&self, key: &str) -> String {
        let name = format!("{PREFIX}{}", key.to_ascii_uppercase());
        if self.environment.contains_key(&name) || self.file_name.is_empty() {
            name
        } else {
            format!("{}: {key}", self.file_name)
        }
    }

    /// Notes what is wrong with a key.
    pub fn fault(&mut self, key: &str, why: String) {
        let place = self.place(key);
        self.faults.push(SettingFault { place, why });
    }

    /// A variable of the environment whose name is not ours to choose; empty is absent.
    pub fn foreign(&self, name: &str) -> Option<String> {
        self.environment.get(name).filter(|text| !text.is_empty()).cloned()
    }

    /// Notes what is wrong with it.
    pub fn foreign_fault(&mut self, name: &str, why: &str) {
        self.faults.push(SettingFault { place: name.to_owned(), why: why.to_owned() });
    }

    /// Does the file have this table?
    pub fn has_table(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    fn value(&mut self, key: &str) -> Option<Value> {
        self.used.insert(key.to_owned());
        let mut parts = key.split('.');
        let first = parts.next().and_then(|part| self.table.get(part));
        parts.fold(first, |value, part| value.and_then(|value| value.get(part))).cloned()
    }

    /// A text, from the environment or the file.
    pub fn text(&mut self, key: &str) -> Option<String> {
        let name = format!("{PREFIX}{}", key.to_ascii_uppercase());
        if let Some(text) = self.environment.get(&name) {
            self.used.insert(key.to_owned());
            return Some(text.clone());
        }
        match self.value(key)? {
            Value::String(text) => Some(text),
            Value::Boolean(flag) => Some(flag.to_string()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
                self.fault(key, "must be a text".to_owned());
                None
            }
        }
    }

    /// A text that must be there.
    pub fn required(&mut self, key: &str) -> String {
        match self.text(key) {
            Some(text) if !text.is_empty() => text,
            Some(_) | None => {
                self.fault(key, "is missing".to_owned());
                String::new()
            }
        }
    }

    /// An amount in fen that can be asked of somebody; `default` where the key is absent.
    pub fn payable(&mut self, key: &str, default: PayableFen) -> PayableFen {
        let Some(text) = self.text(key) else { return default };
        let read = text.parse::<i64>().ok().and_then(|fen| PayableFen::new(fen).ok());
        read.unwrap_or_else(|| {
            self.fault(key, format!("`{text}` is not an amount in fen"));
            default
        })
    }

    /// What a rail may give back by rule on one day, in fen; nought sends all of it to staff.
    pub fn ceiling(&mut self, key: &str) -> Fen {
        let Some(text) = self.text(key) else { return Ceilings::USUAL };
        let most = i64::try_from(PayableFen::MAX).unwrap_or(i64::MAX);
        let read = text.parse::<i64>().ok().filter(|fen| (0..=most).contains(fen));
        read.map(Fen::new).unwrap_or_else(|| {
            self.fault(key, format!("`{text}` is not an amount in fen, nor 0"));
            Ceilings::USUAL
        })
    }

    /// The content of the file that a key names; it must be for its owner only.
    pub fn secret_file(&mut self, key: &str) -> super::Secret {
        let path = self.required(key);
        if path.is_empty() {
            return super::Secret::new("");
        }
        if open_to_others(Path::new(&path)) {
            self.fault(key, format!("{path} can be read by others; it needs mode 0600"));
        }
        self.file(key, &path)
    }

    /// Is this key of a table there?
    pub fn has(&self, key: &str) -> bool {
        let mut parts = key.split('.');
        let first = parts.next().and_then(|part| self.table.get(part));
        parts.fold(first, |value, part| value.and_then(|value| value.get(part))).is_some()
    }

    /// The content of the file that a key names, where it need not be secret.
    pub fn pem_file(&mut self, key: &str) -> String {
        let path = self.required(key);
        if path.is_empty() { path } else { self.file(key, &path).expose().to_owned() }
    }

    /// The content of a file that need not be secret.
    pub fn file(&mut self, key: &str, path: &str) -> super::Secret {
        match std::fs::read_to_string(path) {
            Ok(text) => super::Secret::new(text.trim()),
            Err(error) => {
                self.fault(key, format!("{path}: {error}"));
                super::Secret::new("")
            }
        }
    }

    /// A list of `{ id = "…", file = "…" }`.
    pub fn key_files(&mut self, key: &str) -> Vec<(String, String)> {
        let files = self.agile_key_files(key, "");
        files.into_iter().map(|file| (file.id, file.pem)).collect()
    }

    /// A list of `{ id = "…", algorithm = "…", file = "…" }`; `usual` where none is named.
    pub fn agile_key_files(&mut self, key: &str, usual: &str) -> Vec<KeyFile> {
        let mut found = Vec::new();
        let entries = match self.value(key) {
            Some(Value::Array(entries)) => entries,
            Some(_) | None => Vec::new(),
        };
        for entry in &entries {
            let part = |name| entry.get(name).and_then(Value::as_str).map(str::to_owned);
            match (part("id"), part("file")) {
                (Some(id), Some(path)) => {
                    let pem = self.file(key, &path);
                    let algorithm = part("algorithm").unwrap_or_else(|| usual.to_owned());
                    found.push(KeyFile { id, algorithm, pem: pem.expose().to_owned() });
                }
                _ => self.fault(key, "each entry needs `id` and `file`".to_owned()),
            }
        }
        if entries.is_empty() {
            self.fault(key, "needs at least one { id, file }".to_owned());
        }
        found
    }

    /// A table of texts; empty where there is none.
    pub fn texts(&mut self, key: &str) -> BTreeMap<String, String> {
        let entries = match self.value(key) {
            None => return BTreeMap::new(),
            Some(Value::Table(entries)) => entries,
            Some(_) => {
                self.fault(key, "must be a table of texts".to_owned());
                return BTreeMap::new();
            }
        };
        let mut texts = BTreeMap::new();
        for (name, value) in entries {
            match value.as_str().filter(|text| !text.is_empty()) {
                Some(text) => {
                    texts.insert(name, text.to_owned());
                }
                None => self.fault(key, format!("`{name}` must be a text")),
            }
        }
        texts
    }

    /// A list of `{ id = "…", key_file = "…", apps = "…, …" }`; it may be absent.
    pub fn sso_clients(&mut self, key: &str) -> Vec<SsoClientSettings> {
        let entries = match self.value(key) {
            Some(Value::Array(entries)) => entries,
            Some(_) | None => Vec::new(),
        };
        let mut found = Vec::new();
        for entry in &entries {
            let part = |name| entry.get(name).and_then(Value::as_str).map(str::to_owned);
            let (Some(id), Some(path), Some(apps)) = (part("id"), part("key_file"), part("apps"))
            else {
                self.fault(key, "each entry needs `id`, `key_file` and `apps`".to_owned());
                continue;
            };
            if open_to_others(Path::new(&path)) {
                self.fault(key, format!("{path} can be read by others; it needs mode 0600"));
            }
            let secret = self.file(key, &path);
            let apps = apps.split(',').map(str::trim).filter(|app| !app.is_empty());
            let apps = apps.map(str::to_owned).collect();
            found.push(SsoClientSettings { id, key: secret, apps });
        }
        found
    }

    /// A parsed value.
    pub fn parsed<T: FromStr>(&mut self, key: &str, shape: &str) -> Option<T> {
        let text = self.text(key)?;
        self.parse(key, &text, shape)
    }

    /// A parsed value that no file may set.
    pub fn parsed_from_environment<T: FromStr>(&mut self, key: &str, shape: &str) -> Option<T> {
        let text = self.environment.get(&format!("{PREFIX}{}", key.to_ascii_uppercase()))?;
        self.parse(key, text, shape)
    }

    /// A table of whole numbers, by their names.
    pub fn numbers(&mut self, key: &str) -> Vec<(String, u64)> {
        let table = match self.value(key) {
            None => return Vec::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.fault(key, "must be a table of whole numbers".to_owned());
                return Vec::new();
            }
        };
        let mut numbers = Vec::new();
        for (name, value) in table {
            match value.as_integer().and_then(|number| u64::try_from(number).ok()) {
                Some(number) => numbers.push((name, number)),
                None => self.fault(key, format!("`{name}` must be a whole number")),
            }
        }
        numbers
    }

    /// Parses, or notes the fault.
    pub fn parse<T: FromStr>(&mut self, key: &str, text: &str, shape: &str) -> Option<T> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.fault(key, format!("`{text}` is not {shape}"));
        }
        parsed
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &str) -> Option<bool> {
        self.parsed(key, "true or false")
    }

    /// Parts separated by commas; empty parts are left out.
    pub fn list<T: FromStr>(&mut self, key: &str, shape: &str) -> Vec<T> {
        let text = self.text(key).unwrap_or_default();
        let parts: Vec<_> = text.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
        parts.into_iter().filter_map(|part| self.parse(key, part, shape)).collect()
    }

    /// All faults, those of keys that nobody asked for included.
    pub fn finish(mut self) -> Result<(), SettingsRefused> {
        let mut unknown = Vec::new();
        for (name, value) in &self.table {
            match value.as_table() {
                Some(table) => unknown.extend(table.keys().map(|key| format!("{name}.{key}"))),
                None => unknown.push(name.clone()),
            }
        }
        for key in unknown.into_iter().filter(|key| !self.used.contains(key)).collect::<Vec<_>>() {
            let place = format!("{}: {key}", self.file_name);
            self.faults.push(SettingFault { place, why: "no such setting".to_owned() });
        }
        if self.faults.is_empty() { Ok(()) } else { Err(SettingsRefused(self.faults)) }
    }
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_path: &Path) -> bool {
    false
}
