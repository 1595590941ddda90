//! One operation as it was sent, in the shapes of the GraphQL-over-HTTP draft.

use super::super::guard::{Language, scan};
use serde::Deserialize;
use serde_json::Value;

/// One operation as it was sent, its document unread.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// The document; may be left out where it is known by its hash.
    #[serde(default)]
    pub query: Option<String>,
    /// The document by its hash: SHA-256 of its UTF-8 bytes in hex, `sha256:` before it or not.
    #[serde(default)]
    pub document_id: Option<String>,
    /// Which operation of the document.
    #[serde(default)]
    pub operation_name: Option<String>,
    /// An object.
    #[serde(default)]
    pub variables: Option<Variables>,
    /// An object.
    #[serde(default)]
    pub extensions: Option<Extensions>,
}

/// Values of variables: an object, whatever is in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Variables(pub serde_json::Map<String, Value>);

/// What goes beside an operation. What is not known here is none of our business.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
    /// The document by its hash.
    #[serde(default)]
    pub persisted_query: Option<PersistedQuery>,
}

/// The document by its hash, as Apollo's clients send it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersistedQuery {
    /// Always 1.
    pub version: u32,
    /// SHA-256 of the document's UTF-8 bytes, 64 lower-case hex digits.
    pub sha256_hash: String,
}

/// The same in a query string, where objects are JSON texts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryString {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Not an operation: not JSON, not of that shape, or more than any client sends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Operation {
    /// # Errors
    /// [`Unreadable`] says what is wrong, in words for a developer.
    pub fn from_json(body: &[u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(body).map_err(|_| unreadable("the body is not UTF-8"))?;
        let operation: Self = measured(text, "the body")?;
        operation.with_document()
    }

    /// Itself, if it says which document.
    fn with_document(self) -> Result<Self, Unreadable> {
        let named = self.extensions.as_ref().is_some_and(|e| e.persisted_query.is_some());
        if self.query.is_none() && self.document_id.is_none() && !named {
            return Err(unreadable("`query` is missing"));
        }
        Ok(self)
    }
}

impl TryFrom<QueryString> for Operation {
    type Error = Unreadable;

    fn try_from(sent: QueryString) -> Result<Self, Unreadable> {
        let variables = part(sent.variables.as_deref(), "`variables`")?;
        let extensions = part(sent.extensions.as_deref(), "`extensions`")?;
        let QueryString { query, document_id, operation_name, .. } = sent;
        Self { query, document_id, operation_name, variables, extensions }.with_document()
    }
}

fn part<T: serde::de::DeserializeOwned>(
    text: Option<&str>,
    what: &str,
) -> Result<Option<T>, Unreadable> {
    match text.map(str::trim) {
        None | Some("" | "null") => Ok(None),
        Some(text) => measured(text, what).map(Some),
    }
}

/// Measured before it is read: the parser recurses.
pub(super) fn measured<T: serde::de::DeserializeOwned>(
    text: &str,
    what: &str,
) -> Result<T, Unreadable> {
    scan(text, Language::Json).map_err(|why| unreadable(&format!("{what}: {why}")))?;
    serde_json::from_str(text).map_err(|why| unreadable(&format!("{what}: {why}")))
}

fn unreadable(what: &str) -> Unreadable {
    Unreadable(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_an_object_with_a_query() {
        for (body, fault) in [
            (r#"{"query":"{a}"}"#, None),
            (r#"{"documentId":"00"}"#, None),
            (r#"{"query":"{a}","variables":null,"operationName":null,"extensions":null}"#, None),
            (r#"{"query":"{a}","variables":{"a":[1]},"extensions":{"else":1}}"#, None),
            ("{}", Some("`query` is missing")),
            ("{", Some("the body: EOF")),
            (r#"[{"query":"{a}"}]"#, Some("the body: ")),
            (r#"{"query":1}"#, Some("the body: ")),
            (r#"{"query":"{a}","variables":[]}"#, Some("the body: ")),
            (r#"{"query":"{a}","variables":"{}"}"#, Some("the body: ")),
            (r#"{"query":"{a}","extensions":"{}"}"#, Some("the body: ")),
            (r#"{"query":"{a}","operationName":{}}"#, Some("the body: ")),
        ] {
            let got = Operation::from_json(body.as_bytes()).err().map(|why| why.to_string());
            match fault {
                None => assert_eq!(got, None, "{body}"),
                Some(fault) => assert!(
                    got.as_ref().is_some_and(|got| got.starts_with(fault)),
                    "{body}: {got:?}"
                ),
            }
        }
        assert!(Operation::from_json(b"{\"query\":\"\xff\"}").is_err());
        let deep = format!(
            "{{\"query\":\"a\",\"variables\":{{\"a\":{}1{}}}}}",
            "[".repeat(90),
            "]".repeat(90)
        );
        assert!(Operation::from_json(deep.as_bytes()).unwrap_err().0.contains("nest"));
    }

    #[test]
    fn a_query_string_has_its_objects_as_text() {
        let sent = |query: Option<&str>, variables: Option<&str>, extensions: Option<&str>| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            Operation::try_from(QueryString {
                query: text(query),
                document_id: None,
                operation_name: None,
                variables: text(variables),
                extensions: text(extensions),
            })
        };
        assert!(sent(Some("{a}"), None, None).is_ok());
        assert!(sent(Some("{a}"), Some(""), Some("null")).is_ok());
        assert!(sent(Some("{a}"), Some(r#"{"x":1}"#), None).unwrap().variables.is_some());
        assert!(sent(Some("{a}"), Some("[1]"), None).is_err());
        assert!(sent(Some("{a}"), Some("{"), None).is_err());
        assert!(sent(None, None, None).is_err());
        let hash = r#"{"persistedQuery":{"version":1,"sha256Hash":"00"}}"#;
        assert!(sent(None, None, Some(hash)).is_ok());
    }
}
