//! The door of the desk: HTTP Basic over one account, its password kept hashed.

use crate::graphql::error::chain;
use crate::passwords::random_password;
use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::clock::{Clock, IdSource};
use domain::identity::{PasswordCheck, StaffAccount, StaffRole, StaffStore};
use domain::outside::StoreError;
use std::sync::Arc;

/// The one account of a fresh installation.
const CLERK: &str = "clerk";

/// Lets clerks in.
pub struct StaffDoor {
    staff: Arc<dyn StaffStore>,
    passwords: Arc<dyn PasswordCheck>,
}

impl StaffDoor {
    /// Over these accounts.
    pub fn new(staff: Arc<dyn StaffStore>, passwords: Arc<dyn PasswordCheck>) -> Self {
        Self { staff, passwords }
    }

    /// `Ok` for a clerk; else the answer to give.
    pub async fn open(&self, request: &HttpRequest) -> Result<(), HttpResponse> {
        let Some((name, password)) = credentials(request) else { return Err(closed()) };
        let found = self.staff.find(&name).await.map_err(|error| {
            tracing::error!(error = %chain(&error), "staff account not readable");
            HttpResponse::ServiceUnavailable().body("database not reachable\n")
        })?;
        let phc = found.as_ref().map(|account| account.password_hash.as_str());
        let matches = self.passwords.matches(&password, phc).await;
        if matches && found.is_some_and(|account| account.has(&StaffRole::Clerk)) {
            return Ok(());
        }
        tracing::warn!("staff sign-in refused");
        Err(closed())
    }
}

fn credentials(request: &HttpRequest) -> Option<(String, String)> {
    let sent = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(sent.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (name, password) = text.split_once(':')?;
    let fits = name.len() <= 64 && password.len() <= 256;
    fits.then(|| (name.to_owned(), password.to_owned()))
}

fn closed() -> HttpResponse {
    HttpResponse::Unauthorized()
        .insert_header((WWW_AUTHENTICATE, "Basic realm=\"staff\", charset=\"UTF-8\""))
        .content_type("text/plain; charset=utf-8")
        .body("请输入账号和密码。密码在服务首次启动时显示过一次。\n")
}

/// Makes the account of a fresh installation; answers its name and password, this once.
pub async fn first_password(
    staff: &dyn StaffStore,
    ids: &dyn IdSource,
    clock: &dyn Clock,
) -> Result<Option<(String, String)>, StoreError> {
    if staff.find(CLERK).await?.is_some() {
        return Ok(None);
    }
    let password = random_password(ids);
    let password_hash = adapters::password::hash(&password)
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    let name = CLERK.to_owned();
    let (roles, created_at) = (vec![StaffRole::Clerk], clock.now());
    let account = StaffAccount { name: name.clone(), password_hash, roles, created_at };
    match staff.insert(&account).await {
        Ok(()) => Ok(Some((name, password))),
        // Another node was first, and has shown its password.
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error),
    }
}
