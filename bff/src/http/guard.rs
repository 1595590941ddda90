//! What stands before the library's parser and executor, for every way in: POST, GET, sockets and
//! event streams. One pass over the bytes, then one over the parsed document; each is linear in
//! what was sent, and neither recurses deeper than [`MAX_NESTING`](scan::MAX_NESTING).

mod cost;
mod document;
mod prices;
mod scan;
mod spelling;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Response, ServerError};
use std::fmt;

pub use cost::{MAX_COST, TooDear};
pub use document::{
    MAX_ALIASES, MAX_DEPTH, MAX_DIRECTIVES, MAX_FRAGMENTS, MAX_ROOT_FIELDS, MAX_SELECTIONS,
    TooMuch, asks_for_the_schema, is_for_post,
};
pub use prices::Prices;
pub use scan::{Language, MAX_NESTING, MAX_TOKENS, Unfit, scan};

/// Why a document is not executed.
#[derive(Debug)]
pub enum Rejected {
    /// More or deeper than any document of a client, or no token of the language.
    Unfit(Unfit),
    /// Not GraphQL; the library says where.
    Syntax(Box<ServerError>),
    /// Once its fragments are spread it asks for more than one answer holds.
    TooMuch(TooMuch),
}

impl Rejected {
    /// The reason in one word, for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "SYNTAX",
            Self::Unfit(why) => why.reason(),
            Self::TooMuch(why) => why.reason(),
        }
    }

    /// What to tell the client, without a trace id.
    pub fn response(self) -> Response {
        let error = match self {
            Self::Syntax(error) => *error,
            Self::Unfit(why) => ServerError::new(why.to_string(), None),
            Self::TooMuch(why) => ServerError::new(why.to_string(), None),
        };
        Response::from_errors(vec![error])
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit(why) => why.fmt(f),
            Self::Syntax(error) => f.write_str(&error.message),
            Self::TooMuch(why) => why.fmt(f),
        }
    }
}

/// The document, if it is small enough to be executed.
///
/// # Errors
/// [`Rejected`] says why it is not.
pub fn admit(text: &str) -> Result<ExecutableDocument, Rejected> {
    scan(text, Language::GraphQl).map_err(Rejected::Unfit)?;
    let parsed = async_graphql::parser::parse_query(text);
    let mut document =
        parsed.map_err(|error| Rejected::Syntax(Box::new(ServerError::from(error))))?;
    document::measure(&document).map_err(Rejected::TooMuch)?;
    spelling::wrap_conditional_typenames(&mut document);
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_refused_for_what_is_wrong_with_it() {
        let deep = format!("{}a{}", "{a".repeat(100), "}".repeat(100));
        let aliases: String = (0..100).map(|n| format!("a{n}:__typename ")).collect();
        for (text, expected) in [
            ("{".to_owned(), "expected"),
            (deep, "nest"),
            (format!("{{x{{{aliases}}}}}"), "alias"),
            ("{a}".to_owned(), "fine"),
        ] {
            let got = match admit(&text) {
                Ok(_) => "fine".to_owned(),
                Err(rejected) => rejected.to_string(),
            };
            assert!(got.contains(expected), "{expected}: {got}");
        }
    }
}
