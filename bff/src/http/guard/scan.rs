//! One pass over the bytes, before any parser: how deep brackets nest, and how many tokens there
//! are. The parsers behind it recurse once per bracket, so that 6 KB of brackets would end the
//! process.

/// Brackets nest at most so deep; the deepest document of the clients has 12.
pub const MAX_NESTING: usize = 64;
/// Tokens of one document; the largest of the clients has 700.
pub const MAX_TOKENS: usize = 4_000;
/// Tokens of the JSON around it, variables and all: a form of 50 answers has 700.
pub const MAX_JSON_TOKENS: usize = 8_000;

/// In which language brackets and tokens are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Texts in quotes.
    Json,
    /// Texts in quotes, in triple quotes, and comments.
    GraphQl,
}

/// More than any client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Oversize {
    /// Brackets nest deeper than [`MAX_NESTING`].
    #[error("brackets nest deeper than {MAX_NESTING}")]
    Nesting,
    /// There are more tokens than the language may have.
    #[error("there are more than {0} tokens")]
    Tokens(usize),
}

impl Oversize {
    /// The reason in one word, for counters.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Nesting => "NESTING",
            Self::Tokens(_) => "TOKENS",
        }
    }
}

/// Measures a text without understanding it.
///
/// # Errors
/// [`Oversize`], at the first bracket or token too many.
pub fn scan(text: &str, language: Language) -> Result<(), Oversize> {
    let bytes = text.as_bytes();
    let most = match language {
        Language::Json => MAX_JSON_TOKENS,
        Language::GraphQl => MAX_TOKENS,
    };
    let (mut depth, mut tokens, mut at) = (0_usize, 0_usize, 0_usize);
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => continue,
            b'#' if language == Language::GraphQl => {
                at = after(bytes, at, |byte| byte != b'\n' && byte != b'\r');
                continue;
            }
            b'"' if language == Language::GraphQl && bytes[at..].starts_with(b"\"\"") => {
                at = after_block_text(bytes, at + 2);
            }
            b'"' => at = after_text(bytes, at),
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => depth = depth.saturating_sub(1),
            _ if is_word(byte) => at = after(bytes, at, is_word),
            _ => {}
        }
        tokens += 1;
        if depth > MAX_NESTING {
            return Err(Oversize::Nesting);
        }
        if tokens > most {
            return Err(Oversize::Tokens(most));
        }
    }
    Ok(())
}

/// Names, numbers and what follows no known rule: a run of them is one token.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | 0x80..)
}

/// Behind the bytes that are `of_it`.
fn after(bytes: &[u8], at: usize, of_it: impl Fn(u8) -> bool) -> usize {
    let rest = &bytes[at..];
    at + rest.iter().position(|byte| !of_it(*byte)).unwrap_or(rest.len())
}

/// Behind the closing quote; a text that is not closed ends with its line.
fn after_text(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' | b'\n' | b'\r' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Behind the closing triple quotes.
fn after_block_text(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        if bytes[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if bytes[at..].starts_with(b"\"\"\"") {
            return at + 3;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn too_deep(text: &str, language: Language) -> bool {
        scan(text, language) == Err(Oversize::Nesting)
    }

    #[test]
    fn nesting_is_measured_to_the_edge() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for language in [Language::Json, Language::GraphQl] {
            assert_eq!(scan(&nested(MAX_NESTING), language), Ok(()));
            assert!(too_deep(&nested(MAX_NESTING + 1), language));
            assert_eq!(scan(&"{}".repeat(1_500), language), Ok(()));
            assert!(too_deep(&"[{(".repeat(3_000), language));
        }
    }

    #[test]
    fn brackets_hidden_in_texts_and_comments_neither_count_nor_cancel() {
        let hidden = [
            ("[\"]\"", "text"),
            ("[\"\\\"]\"", "escaped quote"),
            ("[#]\n", "comment"),
            ("[#]\r", "comment of an old line"),
            ("[\"\"\"]\"\"\"", "block text"),
            ("[\"\"\"\\\"\"\"]\"\"\"", "escaped block text"),
        ];
        for (unit, name) in hidden {
            assert!(too_deep(&unit.repeat(100), Language::GraphQl), "{name}");
        }
        let opening = "[".repeat(100);
        for (text, name) in [
            (format!("\"{opening}\""), "text"),
            (format!("# {opening}"), "comment"),
            (format!("\"\"\"{opening}\"\"\""), "block text"),
        ] {
            assert_eq!(scan(&text, Language::GraphQl), Ok(()), "{name}");
        }
        for unfinished in ["\"", "\"\\", "\"\"\"", "\"\"\"\\", "#"] {
            assert_eq!(scan(unfinished, Language::GraphQl), Ok(()), "{unfinished}");
        }
        assert!(too_deep(&"#[\n".repeat(100), Language::Json), "JSON has no comments");
    }

    #[test]
    fn tokens_are_counted_to_the_edge() {
        let most = |language| match language {
            Language::Json => MAX_JSON_TOKENS,
            Language::GraphQl => MAX_TOKENS,
        };
        for language in [Language::Json, Language::GraphQl] {
            for unit in ["名字 ", "-1.5 ", "\"a b\" ", "! ", "{}"] {
                let of_unit = if unit == "{}" { 2 } else { 1 + unit.matches('.').count() * 2 };
                let fits = most(language) / of_unit;
                assert_eq!(scan(&unit.repeat(fits), language), Ok(()), "{unit}");
                let too_many = Err(Oversize::Tokens(most(language)));
                assert_eq!(scan(&unit.repeat(fits + 1), language), too_many, "{unit}");
            }
        }
        let blank = " ,\n\t:".repeat(10_000);
        assert_eq!(scan(&blank, Language::GraphQl), Ok(()), "what is no token is not counted");
    }
}
