//! Departments whose own pages ask who came with a ticket: their keys, and what they may ask.

use crate::crypto::{MacKey, from_base64, sha256_hex};
use crate::http::ConfigFault;
use domain::catalogue::AppSlug;
use domain::ids::PersonId;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A signature is of now, give or take so much.
const WINDOW_S: u64 = 300;
const KEY_BYTES: usize = 32;

/// Plain values of the settings.
#[derive(Clone)]
pub struct SsoClientConfig {
    /// Issued by us.
    pub id: String,
    /// 32 bytes, as base64.
    pub key_base64: String,
    /// Slugs of the apps whose tickets it may show; `None`: of all, in a demo.
    pub apps: Option<Vec<String>>,
}

impl fmt::Debug for SsoClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsoClientConfig").field("id", &self.id).finish_non_exhaustive()
    }
}

/// One department's system.
#[derive(Debug)]
pub struct SsoClient {
    key: MacKey,
    apps: Option<BTreeSet<AppSlug>>,
}

/// All of them.
#[derive(Debug)]
pub struct SsoClients {
    known: BTreeMap<String, SsoClient>,
    /// Signs nothing: who is unknown is refused after the same work.
    nobody: SsoClient,
}

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct SsoRequest<'a> {
    /// `X-Sso-Client`.
    pub client: &'a str,
    /// `X-Sso-Timestamp`, Unix seconds.
    pub timestamp: &'a str,
    /// `X-Sso-Signature`.
    pub signature: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

impl SsoClients {
    /// # Errors
    /// [`ConfigFault`] names the first field that cannot be used.
    pub fn new(configs: &[SsoClientConfig]) -> Result<Self, ConfigFault> {
        let mut known = BTreeMap::new();
        for config in configs {
            ConfigFault::unless_filled("sso.clients.id", &config.id)?;
            let key = from_base64(config.key_base64.trim())
                .map_err(|error| ConfigFault::new("sso.clients.key", error))?;
            if key.len() != KEY_BYTES {
                return Err(ConfigFault::new("sso.clients.key", "not 32 bytes long"));
            }
            let apps = config.apps.as_ref().map(|apps| apps.iter().map(|app| AppSlug::new(app)));
            let apps = apps.map(Iterator::collect::<Result<BTreeSet<_>, _>>).transpose();
            let apps = apps.map_err(|error| ConfigFault::new("sso.clients.apps", error))?;
            let client = SsoClient { key: MacKey::new(&key), apps };
            if known.insert(config.id.clone(), client).is_some() {
                return Err(ConfigFault::new("sso.clients.id", "is there twice"));
            }
        }
        let nobody = SsoClient { key: MacKey::new(&[0; KEY_BYTES]), apps: None };
        Ok(Self { known, nobody })
    }

    /// Who sent this; `None`: nobody whom we know, or not at this time.
    pub fn sender(&self, sent: SsoRequest<'_>, now: Timestamp) -> Option<&SsoClient> {
        let known = self.known.get(sent.client);
        let hash = sha256_hex(sent.body);
        let signed = format!("POST\n/sso/verify\n{}\n{hash}\n", sent.timestamp);
        let key = &known.unwrap_or(&self.nobody).key;
        let genuine = key.verify(signed.as_bytes(), sent.signature).is_ok();
        let seconds: i64 = sent.timestamp.parse().ok()?;
        let fresh = now.as_second().abs_diff(seconds) <= WINDOW_S;
        known.filter(|_| genuine && fresh)
    }
}

impl SsoClient {
    /// May it show tickets of this app?
    pub fn serves(&self, app: &AppSlug) -> bool {
        self.apps.as_ref().is_none_or(|apps| apps.contains(app))
    }

    /// What this system calls a person: the same at every visit, and another one at every other
    /// system, so that two of them cannot put together what they know.
    pub fn handle(&self, person: &PersonId) -> String {
        self.key.code_hex(format!("handle:{person}").as_bytes()).chars().take(32).collect()
    }

    /// The signature of an answer.
    pub fn sign(&self, status: u16, timestamp: i64, body: &[u8]) -> String {
        let signed = format!("{status}\n{timestamp}\n{}\n", sha256_hex(body));
        self.key.code(signed.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_772_417_740;

    fn clients() -> SsoClients {
        let config = |id: &str, fill: &str, apps: Option<Vec<String>>| SsoClientConfig {
            id: id.to_owned(),
            key_base64: fill.repeat(43) + "=",
            apps,
        };
        let apps = vec!["sample_app".to_owned()];
        SsoClients::new(&[config("hrss", "A", Some(apps)), config("demo", "E", None)]).unwrap()
    }

    fn sent<'a>(client: &'a str, timestamp: &'a str, signature: &'a str) -> SsoRequest<'a> {
        SsoRequest { client, timestamp, signature, body: b"{}" }
    }

    fn signature(clients: &SsoClients, client: &str, timestamp: &str) -> String {
        let text = format!("POST\n/sso/verify\n{timestamp}\n{}\n", sha256_hex(b"{}"));
        clients.known[client].key.code(text.as_bytes())
    }

    #[test]
    fn a_sender_is_who_signed_this_body_not_long_ago() {
        let (clients, now) = (clients(), Timestamp::from_second(NOW).unwrap());
        let seen = |client: &str, timestamp: &str, signature: &str| {
            clients.sender(sent(client, timestamp, signature), now).is_some()
        };
        for (offset, fresh) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
            let at = (NOW + offset).to_string();
            assert_eq!(seen("hrss", &at, &signature(&clients, "hrss", &at)), fresh, "{offset}");
        }
        let at = NOW.to_string();
        let good = signature(&clients, "hrss", &at);
        assert!(!seen("demo", &at, &good), "another's key");
        assert!(!seen("nobody", &at, &good), "unknown");
        assert!(!seen("hrss", &(NOW + 1).to_string(), &good), "another time");
        for bad in ["", "=", "AAAA"] {
            assert!(!seen("hrss", &at, bad), "{bad}");
        }
        assert!(!seen("hrss", "now", &good));
        let nobody = MacKey::new(&[0; KEY_BYTES]);
        let text = format!("POST\n/sso/verify\n{at}\n{}\n", sha256_hex(b"{}"));
        assert!(!seen("nobody", &at, &nobody.code(text.as_bytes())));
        let other = SsoRequest { body: b"{ }", ..sent("hrss", &at, &good) };
        assert!(clients.sender(other, now).is_none(), "another body");
    }

    #[test]
    fn a_client_serves_its_apps_and_has_handles_of_its_own() {
        let clients = clients();
        let (hrss, demo) = (&clients.known["hrss"], &clients.known["demo"]);
        let app = |slug: &str| AppSlug::new(slug).unwrap();
        assert!(hrss.serves(&app("sample_app")) && !hrss.serves(&app("other_app")));
        assert!(demo.serves(&app("other_app")));
        let person = PersonId::new("P1").unwrap();
        assert_eq!(hrss.handle(&person), hrss.handle(&person));
        assert_ne!(hrss.handle(&person), demo.handle(&person));
        assert_eq!(hrss.handle(&person).len(), 32);
    }

    #[test]
    fn bad_settings_name_their_field() {
        let good = || SsoClientConfig {
            id: "hrss".to_owned(),
            key_base64: "A".repeat(43) + "=",
            apps: None,
        };
        let fault = |configs: &[SsoClientConfig]| SsoClients::new(configs).unwrap_err().field;
        let short = SsoClientConfig { key_base64: "AAAA".to_owned(), ..good() };
        let app = SsoClientConfig { apps: Some(vec!["Not A Slug".to_owned()]), ..good() };
        assert_eq!(fault(&[short]), "sso.clients.key");
        assert_eq!(fault(&[app]), "sso.clients.apps");
        assert_eq!(fault(&[SsoClientConfig { id: String::new(), ..good() }]), "sso.clients.id");
        assert_eq!(fault(&[good(), good()]), "sso.clients.id");
        assert!(!format!("{:?}", good()).contains("AAAA"));
    }
}
