//! What a method answers, before version 2 or 3 of the interface puts it on the wire.

use serde_json::{Map, Value, json};

/// The fields of a success, without `code` and `msg`.
pub(crate) type Fields = Map<String, Value>;
pub(crate) type Answer = Result<Fields, Refusal>;

/// The broad class of a refusal: `code` with its `msg` in version 2, the HTTP status in 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// 20000: nobody knows what happened.
    Unavailable,
    /// 20001
    Token,
    /// 40001
    Missing,
    /// 40002
    Invalid,
    /// 40004
    Business,
}

impl Code {
    pub(crate) fn number(self) -> &'static str {
        match self {
            Self::Unavailable => "20000",
            Self::Token => "20001",
            Self::Missing => "40001",
            Self::Invalid => "40002",
            Self::Business => "40004",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Unavailable => "Service Currently Unavailable",
            Self::Token => "Insufficient Token Permissions",
            Self::Missing => "Missing Required Arguments",
            Self::Invalid => "Invalid Arguments",
            Self::Business => "Business Failed",
        }
    }

    pub(crate) fn http_status(self) -> u16 {
        match self {
            Self::Unavailable => 500,
            Self::Token => 401,
            Self::Missing | Self::Invalid | Self::Business => 400,
        }
    }
}

/// Why a call did not succeed, or is said not to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) sub_code: &'static str,
    pub(crate) sub_msg: String,
    /// The platform does not sign what it cannot attribute to an app.
    pub(crate) signed: bool,
    /// Under `error_response` instead of the method's own name.
    pub(crate) nameless: bool,
}

impl Refusal {
    pub(crate) fn new(code: Code, sub_code: &'static str, sub_msg: &str) -> Self {
        Self { code, sub_code, sub_msg: sub_msg.to_owned(), signed: true, nameless: false }
    }

    pub(crate) fn business(sub_code: &'static str, sub_msg: &str) -> Self {
        Self::new(Code::Business, sub_code, sub_msg)
    }

    pub(crate) fn missing(sub_code: &'static str, sub_msg: &str) -> Self {
        Self::new(Code::Missing, sub_code, sub_msg)
    }

    pub(crate) fn invalid(sub_code: &'static str, sub_msg: &str) -> Self {
        Self::new(Code::Invalid, sub_code, sub_msg)
    }

    /// A field of a trade breaks its rule.
    pub(crate) fn parameter(sub_msg: &str) -> Self {
        Self::business("ACQ.INVALID_PARAMETER", sub_msg)
    }

    /// The answer that says nothing about what happened.
    pub(crate) fn system_error() -> Self {
        Self::business("ACQ.SYSTEM_ERROR", "系统错误")
    }

    /// The gateway's own way of saying that nothing is known. Spelt as the platform spells it.
    pub(crate) fn unavailable() -> Self {
        Self::new(Code::Unavailable, "isp.unknow-error", "系统繁忙")
    }

    pub(crate) fn unsigned(self) -> Self {
        Self { signed: false, ..self }
    }

    pub(crate) fn nameless(self) -> Self {
        Self { nameless: true, ..self }
    }

    pub(crate) fn fields(&self) -> Fields {
        fields(json!({"sub_code": self.sub_code, "sub_msg": self.sub_msg}))
    }
}

/// The object of a `json!`.
pub(crate) fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Fields::new()
        }
    }
}
