//! A clock elsewhere that this process follows: that of mock channels. Production refuses it.

use crate::http::{HttpClient, unknown};
use domain::clock::Clock;
use domain::outside::OutsideError;
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

#[derive(Deserialize)]
struct ShownWire {
    now: String,
}

/// The clock of mock channels in another process: asked five times a second, so that moving it
/// is seen at once by people, and soon by tests.
pub struct FollowedClock {
    real: Arc<dyn Clock>,
    ahead_ms: Arc<AtomicI64>,
}

const ASK_EVERY: Duration = Duration::from_millis(200);

impl FollowedClock {
    /// Follows `url` from now on; `real` is the clock that runs between two answers.
    ///
    /// # Errors
    /// When the other clock cannot be asked even once.
    pub async fn start(
        url: &str,
        http: HttpClient,
        real: Arc<dyn Clock>,
    ) -> Result<Arc<dyn Clock>, OutsideError> {
        let ahead_ms = Arc::new(AtomicI64::new(ahead(url, &http, real.as_ref()).await?));
        let followed = Self { real: Arc::clone(&real), ahead_ms: Arc::clone(&ahead_ms) };
        let url = url.to_owned();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(ASK_EVERY).await;
                // While the other clock is silent, time goes on from where it was.
                if let Ok(ahead) = ahead(&url, &http, real.as_ref()).await {
                    ahead_ms.store(ahead, Ordering::Relaxed);
                }
            }
        });
        Ok(Arc::new(followed))
    }
}

async fn ahead(url: &str, http: &HttpClient, real: &dyn Clock) -> Result<i64, OutsideError> {
    let shown: ShownWire = serde_json::from_slice(&http.get_bytes(url).await?).map_err(unknown)?;
    let now: Timestamp = shown.now.parse().map_err(|error: jiff::Error| unknown(error))?;
    Ok(now.as_millisecond() - real.now().as_millisecond())
}

impl Clock for FollowedClock {
    fn now(&self) -> Timestamp {
        let ms = self.real.now().as_millisecond() + self.ahead_ms.load(Ordering::Relaxed);
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
