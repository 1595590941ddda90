//! The door of the desk: HTTP Basic over one account, its password kept hashed.

use crate::graphql::error::chain;
use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::clock::{Clock, IdSource};
use domain::identity::{StaffAccount, StaffStore};
use domain::outside::StoreError;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The one account of a fresh installation.
const CLERK: &str = "clerk";
/// Hashing is made expensive on purpose: guessers wait here, not on the threads that hash.
const HASHES_AT_ONCE: usize = 1;

/// Lets staff in.
pub struct StaffDoor {
    staff: Arc<dyn StaffStore>,
    hashing: Semaphore,
}

impl StaffDoor {
    /// Over these accounts.
    pub fn new(staff: Arc<dyn StaffStore>) -> Self {
        Self { staff, hashing: Semaphore::new(HASHES_AT_ONCE) }
    }

    /// `Ok` for staff; else the answer to give.
    pub async fn open(&self, request: &HttpRequest) -> Result<(), HttpResponse> {
        let Some((name, password)) = credentials(request) else { return Err(closed()) };
        let found = self.staff.find(&name).await.map_err(|error| {
            tracing::error!(error = %chain(&error), "staff account not readable");
            HttpResponse::ServiceUnavailable().body("database not reachable\n")
        })?;
        let Ok(_turn) = self.hashing.acquire().await else { return Err(closed()) };
        // An unknown name costs as much time as a wrong password.
        let hash = found.map_or_else(|| UNKNOWN.to_owned(), |account| account.password_hash);
        let checked =
            tokio::task::spawn_blocking(move || adapters::password::verify(&password, &hash));
        match checked.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => {
                tracing::warn!("staff sign-in refused");
                Err(closed())
            }
        }
    }
}

/// The hash of no password, with the cost of every other.
const UNKNOWN: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

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
    let bytes = ids.random_bytes();
    let letters = b"abcdefghjkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| char::from(letters[usize::from(*byte) % letters.len()]);
    let password: String = bytes.iter().take(20).map(letter).collect();
    let password_hash = adapters::password::hash(&password)
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    let name = CLERK.to_owned();
    let account = StaffAccount { name: name.clone(), password_hash, created_at: clock.now() };
    match staff.insert(&account).await {
        Ok(()) => Ok(Some((name, password))),
        // Another node was first, and has shown its password.
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error),
    }
}
