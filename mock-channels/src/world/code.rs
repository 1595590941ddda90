//! Login codes, phone codes and access tokens of the mini-program platform.

use serde::{Deserialize, Serialize};

use crate::clock::MINUTE_MS;

/// What a code was made for. The two kinds are not interchangeable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum CodeKind {
    Login,
    Phone,
}

/// A code that a client got from WeChat and hands to its own server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) kind: CodeKind,
    pub(crate) citizen_id: String,
    pub(crate) made_ms: i64,
    pub(crate) used: bool,
}

impl Code {
    const LIFE_MS: i64 = 5 * MINUTE_MS;

    pub(crate) fn is_expired(&self, now_ms: i64) -> bool {
        now_ms >= self.made_ms + Self::LIFE_MS
    }
}

/// Which endpoint issued a token: the two live apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TokenKind {
    Plain,
    Stable,
}

/// An access token of the mini-program platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) value: String,
    pub(crate) kind: TokenKind,
    pub(crate) expires_ms: i64,
    /// Replaced by a forced refresh: refused as "not latest", not as "expired".
    pub(crate) revoked: bool,
}
