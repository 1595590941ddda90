//! The door of the console: sessions in a cookie that no script reads and no other site sends, and a mark in every form.

use crate::graphql::error::chain;
use crate::parts::Parts;
use crate::passwords::random_password;
use actix_web::http::header::{COOKIE, HOST, LOCATION, ORIGIN};
use actix_web::{HttpRequest, HttpResponse};
use adapters::crypto::sha256_hex;
use domain::clock::{Clock, IdSource};
use domain::identity::{AuditRecord, STAFF_LIFE, Secret, StaffAccount, StaffRole, StaffStore as _};
use domain::outside::StoreError;

/// The one account of a fresh installation.
const CLERK: &str = "clerk";
/// Where somebody signs in.
pub const SIGN_IN: &str = "/staff/sign-in";

/// An account that was just made: its holder sees this once.
#[derive(Debug, Clone)]
pub struct FirstAccount {
    /// Sign-in name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// The secret of its one-time codes, base32.
    pub totp_secret: String,
}

impl FirstAccount {
    /// What an authenticator app reads (the key URI format).
    pub fn otpauth(&self) -> String {
        otpauth(&self.name, &self.totp_secret)
    }
}

/// What an authenticator app reads (the key URI format).
pub fn otpauth(name: &str, secret: &str) -> String {
    let name: String = name.bytes().fold(String::new(), |text, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text + &char::from(byte).to_string(),
        other => text + &format!("%{other:02X}"),
    });
    format!("otpauth://totp/Yiwang:{name}?secret={secret}&issuer=Yiwang")
}

/// Somebody who is signed in.
pub struct SignedIn {
    /// Who.
    pub account: StaffAccount,
    /// The session.
    pub token: Secret,
}

impl SignedIn {
    /// What every form of this session carries: nobody else can work it out.
    pub fn mark(&self) -> String {
        sha256_hex(format!("yiwang-form:{}", self.token.expose()).as_bytes())
    }

    /// Whether the form came from a page of this session.
    pub fn sent(&self, mark: &str) -> bool {
        let expected = self.mark();
        adapters::crypto::same(expected.as_bytes(), mark.as_bytes())
    }
}

/// Whether the account works at the desk of reconciliation: on its pages and in the staff's schema alike.
pub fn is_of_desk(account: &StaffAccount) -> bool {
    account.roles.iter().any(|role| match role {
        StaffRole::Clerk
        | StaffRole::Checker
        | StaffRole::Finance(_)
        | StaffRole::Auditor
        | StaffRole::Operator => true,
        StaffRole::Agency(_) | StaffRole::Editor => false,
    })
}

/// The cookie's name: bound to this host where the connection is safe.
pub fn cookie_name(parts: &Parts) -> &'static str {
    if parts.is_https { "__Host-staff" } else { "staff" }
}

/// The session's cookie; an empty token takes it away.
pub fn cookie(parts: &Parts, token: &str) -> String {
    let name = cookie_name(parts);
    let safe = if parts.is_https { "; Secure" } else { "" };
    let age = if token.is_empty() { 0 } else { STAFF_LIFE.as_secs() };
    format!("{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{safe}")
}

/// The token of the cookie, if there is one.
pub fn token_of(request: &HttpRequest, parts: &Parts) -> Option<Secret> {
    let name = cookie_name(parts);
    let cookies = request.headers().get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).and_then(|(_, token)| Secret::new(token).ok())
}

/// Whoever is signed in; else the answer to give: to the sign-in page, and back here afterwards.
pub async fn open(request: &HttpRequest, parts: &Parts) -> Result<SignedIn, HttpResponse> {
    let token = token_of(request, parts).ok_or_else(|| to_sign_in(request))?;
    let now = parts.clock.now();
    let found = parts.staff_sessions.account_of(&token, now).await;
    let account = found.map_err(|error| unreachable_store(&error))?;
    let account = account.ok_or_else(|| to_sign_in(request))?;
    // Who works stays signed in; who has left does not.
    let longer = parts.staff_sessions.extend(&token, now + STAFF_LIFE).await;
    longer.map_err(|error| unreachable_store(&error))?;
    Ok(SignedIn { account, token })
}

/// Whoever is signed in and works at the desk.
pub async fn open_desk(request: &HttpRequest, parts: &Parts) -> Result<SignedIn, HttpResponse> {
    let who = open(request, parts).await?;
    if is_of_desk(&who.account) {
        return Ok(who);
    }
    let page = crate::staff::page::missing("你的账号没有对账工作台的岗位，请联系管理员。");
    Err(HttpResponse::Forbidden().content_type("text/html; charset=utf-8").body(page.into_string()))
}

/// Whether a form may come from where it says: browsers always say so.
pub fn is_own_page(request: &HttpRequest) -> bool {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    match (text(ORIGIN), text(HOST)) {
        (Some(origin), Some(host)) => {
            origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")) == Some(host)
        }
        (None, _) => true,
        (Some(_), None) => false,
    }
}

fn to_sign_in(request: &HttpRequest) -> HttpResponse {
    let path = request.uri().path_and_query().map_or("/staff/", |path| path.as_str());
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    HttpResponse::SeeOther().insert_header((LOCATION, format!("{SIGN_IN}?next={next}"))).finish()
}

fn unreachable_store(error: &StoreError) -> HttpResponse {
    tracing::error!(error = %chain(error), "staff session not readable");
    let page = crate::staff::page::missing("数据库暂时没有应答，请稍后刷新。");
    HttpResponse::ServiceUnavailable()
        .content_type("text/html; charset=utf-8")
        .body(page.into_string())
}

/// Makes the account of a fresh installation; answers what its holder must know, this once.
pub async fn first_account(
    store: &adapters::store::Store,
    ids: &dyn IdSource,
    clock: &dyn Clock,
) -> Result<Option<FirstAccount>, StoreError> {
    if store.find(CLERK).await?.is_some() {
        return Ok(None);
    }
    let password = random_password(ids);
    let password_hash = adapters::password::hash(&password)
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    let (name, now) = (CLERK.to_owned(), clock.now());
    let roles = vec![StaffRole::Clerk];
    let account = StaffAccount { name: name.clone(), password_hash, roles, created_at: now };
    match store.insert(&account).await {
        Ok(()) => {
            let audit = AuditRecord::new(now, "start", "STAFF_TOTP", &name, "");
            let totp_secret = store.enrol(&name, ids, &audit).await?;
            Ok(Some(FirstAccount { name, password, totp_secret }))
        }
        // Another node was first, and has shown its password.
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error),
    }
}
