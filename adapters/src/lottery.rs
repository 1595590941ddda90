//! What a draw needs of outside: the hash, and the number that is drawn in public.

use async_trait::async_trait;
use aws_lc_rs::digest;
use domain::casework::lottery::{PublicValueTerms, PublicValues, Sha256};
use domain::engine::{DepartmentExchange, ExchangeCall, ExchangeRow, ExchangeValue};
use domain::outside::OutsideError;
use jiff::civil::Date;
use std::sync::Arc;

/// SHA-256.
#[derive(Debug, Clone, Copy)]
pub struct AwsSha256;

impl Sha256 for AwsSha256 {
    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        let digest = digest::digest(&digest::SHA256, bytes);
        let mut out = [0; 32];
        out.copy_from_slice(digest.as_ref());
        out
    }
}

/// Public numbers, asked for over the departments' exchange.
pub struct ExchangePublicValues {
    /// The exchange.
    pub exchange: Arc<dyn DepartmentExchange>,
}

#[async_trait]
impl PublicValues for ExchangePublicValues {
    async fn of_day(
        &self,
        terms: &PublicValueTerms,
        day: Date,
    ) -> Result<Option<String>, OutsideError> {
        let mut parameters = terms.parameters.clone();
        parameters.push((terms.day_parameter.clone(), day.to_string()));
        let operation = terms.operation.clone();
        let call = ExchangeCall { operation, subject: None, parameters };
        let rows = self.exchange.call(&call).await?.rows;
        // More rows than one are no answer: nobody must be able to choose among them.
        let [row] = rows.as_slice() else { return Ok(None) };
        Ok(value(row, &terms.from))
    }
}

/// The values of these keys, joined by blanks; `None` unless each is a text on one line.
fn value(row: &ExchangeRow, keys: &[String]) -> Option<String> {
    let text = |key: &String| match row.get(key) {
        Some(ExchangeValue::Text(text)) => {
            let text = text.trim();
            let fits = !text.is_empty() && text.len() <= 200 && !text.chars().any(char::is_control);
            fits.then_some(text)
        }
        Some(_) | None => None,
    };
    let texts: Option<Vec<&str>> = keys.iter().map(text).collect();
    texts.map(|texts| texts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_standard() {
        let digest = domain::casework::lottery::Digest(AwsSha256.sha256(b"abc"));
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), known);
    }

    #[test]
    fn a_public_value_is_whole_or_not_there() {
        let text = |text: &str| ExchangeValue::Text(text.to_owned());
        let row = ExchangeRow::from([
            ("issue".to_owned(), text("2026074")),
            ("numbers".to_owned(), text(" 3 5 8 ")),
            ("note".to_owned(), text("a\nb")),
        ]);
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        assert_eq!(value(&row, &keys(&["issue", "numbers"])).unwrap(), "2026074 3 5 8");
        assert_eq!(value(&row, &keys(&["issue", "missing"])), None);
        assert_eq!(value(&row, &keys(&["note"])), None);
    }
}
