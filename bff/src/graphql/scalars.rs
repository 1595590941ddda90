//! Scalars of the contract.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use domain::clock::beijing;
use jiff::Timestamp;
use jiff::civil::Date;

/// Integer fen (1 yuan = 100 fen), a JSON number up to 2^53; may be zero.
#[derive(Debug, Clone, Copy)]
pub struct Fen(pub domain::money::Fen);

/// The largest integer that every JSON reader keeps exactly.
const EXACT: i64 = 1 << 53;

/// Integer fen (1 yuan = 100 fen), a JSON number up to 2^53; may be zero.
#[Scalar]
impl ScalarType for Fen {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::Number(number) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        match number.as_i64() {
            Some(fen) if fen.unsigned_abs() <= EXACT.unsigned_abs() => {
                Ok(Self(domain::money::Fen::new(fen)))
            }
            Some(_) | None => Err(InputValueError::custom("金额须为整数分，不超过2^53")),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.value())
    }
}

/// Declares a scalar that is a text for the executor; its use case checks it.
macro_rules! text_scalar {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub String);

        $(#[$doc])*
        #[Scalar]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) => Ok(Self(text)),
                    other => Err(InputValueError::expected_type(other)),
                }
            }

            fn to_value(&self) -> Value {
                Value::from(self.0.as_str())
            }
        }
    };
}

text_scalar!(
    /// GB/T 2260 code, six digits. Where not given: that of the enclosing argument, else the
    /// person's, else 330000.
    RegionCode
);
text_scalar!(
    /// RFC 3339 with an offset; the server answers in +08:00.
    DateTime
);

impl From<Timestamp> for DateTime {
    fn from(at: Timestamp) -> Self {
        let zoned = at.to_zoned_datetime(beijing());
        Self(zoned.strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string())
    }
}

/// A calendar day, `2026-03-02`.
#[derive(Debug, Clone, Copy)]
pub struct Day(pub Date);

/// A calendar day, `2026-03-02`.
#[Scalar(name = "Date")]
impl ScalarType for Day {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        match text.parse() {
            Ok(date) => Ok(Self(date)),
            Err(_) => Err(InputValueError::custom("日期须为 YYYY-MM-DD")),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.to_string())
    }
}

/// An amount, for computing and for showing.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct Money {
    /// In fen.
    fen: Fen,
    /// As citizens read it: `¥206.00`.
    display: String,
}

impl From<domain::money::Fen> for Money {
    fn from(fen: domain::money::Fen) -> Self {
        Self { fen: Fen(fen), display: format!("¥{fen}") }
    }
}
