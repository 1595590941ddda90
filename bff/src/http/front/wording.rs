//! Errors in the language that was asked for. What the domain says of a citizen's own affairs is
//! Chinese in both.

use crate::graphql::error::FailureCode;
use crate::http::requester::Wording;
use async_graphql::{ServerError, Value};

/// The name of the seconds after which to come again, in an error's extensions.
pub const RETRY_AFTER: &str = "retryAfterSeconds";

/// The error, worded.
pub fn worded(error: &ServerError, wording: Wording) -> ServerError {
    let mut error = error.clone();
    let said = |name: &str| error.extensions.as_ref().and_then(|all| all.get(name));
    let code = match said("code") {
        Some(Value::String(code)) => {
            FailureCode::ALL.into_iter().find(|known| known.words().0 == code)
        }
        Some(_) | None => None,
    };
    let message = match (code, wording, said(RETRY_AFTER)) {
        (Some(FailureCode::RateLimited), Wording::Chinese, Some(seconds)) => {
            Some(format!("操作太频繁，请在{seconds}秒后再试"))
        }
        (Some(FailureCode::RateLimited), Wording::English, Some(seconds)) => {
            Some(format!("Too many requests; try again in {seconds} seconds"))
        }
        (Some(code), Wording::English, _) if error.message == code.words().1 => {
            Some(code.english().to_owned())
        }
        // What the library and the front say of a document is for developers, and English.
        (Some(FailureCode::BadInput), Wording::Chinese, _) if error.message.is_ascii() => {
            Some(format!("{}：{}", FailureCode::BadInput.words().1, error.message))
        }
        _ => None,
    };
    if let Some(message) = message {
        error.message = message;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::ErrorExtensionValues;

    fn said(code: FailureCode, message: &str, wording: Wording) -> String {
        let mut error = ServerError::new(message, None);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code.words().0);
        error.extensions = Some(extensions);
        worded(&error, wording).message
    }

    #[test]
    fn every_failure_is_said_in_both_languages() {
        for code in FailureCode::ALL {
            let (word, chinese) = code.words();
            let english = said(code, chinese, Wording::English);
            assert!(english.is_ascii() && english.len() > 8, "{word}: {english}");
            assert_eq!(said(code, chinese, Wording::Chinese), chinese);
            // Apollo's clients wait for these words.
            let apollos = code == FailureCode::PersistedQueryNotFound;
            assert_eq!(chinese.is_ascii(), apollos, "{word}");
        }
    }

    #[test]
    fn what_the_library_says_has_a_chinese_frame_and_what_the_domain_says_stays() {
        let unknown = "Unknown field \"x\" on type \"Query\"";
        let framed = said(FailureCode::BadInput, unknown, Wording::Chinese);
        assert_eq!(framed, format!("请求有误：{unknown}"));
        assert_eq!(said(FailureCode::BadInput, unknown, Wording::English), unknown);
        for wording in [Wording::Chinese, Wording::English] {
            assert_eq!(said(FailureCode::BadInput, "车牌号有误", wording), "车牌号有误");
            assert_eq!(said(FailureCode::NotFound, "没有这个应用", wording), "没有这个应用");
        }
    }

    #[test]
    fn whoever_asks_too_much_is_told_when_to_come_again() {
        let mut error = ServerError::new("", None);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", "RATE_LIMITED");
        extensions.set(RETRY_AFTER, 7);
        error.extensions = Some(extensions);
        assert_eq!(worded(&error, Wording::Chinese).message, "操作太频繁，请在7秒后再试");
        let english = worded(&error, Wording::English).message;
        assert_eq!(english, "Too many requests; try again in 7 seconds");
    }
}
