//! One pass over the bytes, before any parser: how deep brackets nest, how many tokens there are,
//! and whether they are tokens at all. The parsers behind it recurse once per bracket, so that 6 KB of
//! brackets would end the process; and one of them goes back over a text that does not end as
//! often as it has quotes. What the language's own grammar has no token for never reaches them
//! (GraphQL, October 2021, section 2.1).

/// Brackets nest at most so deep; the deepest document of the clients has 12.
pub const MAX_NESTING: usize = 64;
/// Tokens of one document, comments and commas too; the largest of the clients has 700.
pub const MAX_TOKENS: usize = 4_000;
/// Tokens of the JSON around it, variables and all: a form of 50 answers has 700.
pub const MAX_JSON_TOKENS: usize = 8_000;
/// Bytes of a name or a number; the longest name of the schema has 30.
pub const MAX_NAME: usize = 64;

/// In which language brackets and tokens are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Texts in quotes.
    Json,
    /// Texts in quotes, in triple quotes, and comments.
    GraphQl,
}

/// More than any client sends, or nothing that has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Brackets nest deeper than [`MAX_NESTING`].
    #[error("brackets nest deeper than {MAX_NESTING}")]
    Nesting,
    /// There are more tokens than the language may have.
    #[error("there are more than {0} tokens")]
    Tokens(usize),
    /// A name or a number is longer than [`MAX_NAME`].
    #[error("the name or number at byte {0} is longer than {MAX_NAME} bytes")]
    Name(usize),
    /// A text has no end.
    #[error("the text that begins at byte {0} is not closed")]
    Unclosed(usize),
    /// Digits that are no number, or a number that leans on the next token.
    #[error("there is no number at byte {0}")]
    Number(usize),
    /// A character that only a text or a comment may have.
    #[error("the character at byte {0} may stand in texts and comments only")]
    Character(usize),
}

impl Unfit {
    /// The reason in one word, for counters.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Nesting => "NESTING",
            Self::Tokens(_) => "TOKENS",
            Self::Name(_) => "NAME",
            Self::Unclosed(_) | Self::Number(_) | Self::Character(_) => "SYNTAX",
        }
    }
}

/// Measures a text without understanding it. Bytes are counted from 0.
///
/// # Errors
/// [`Unfit`], at the first bracket or token that may not be.
pub fn scan(text: &str, language: Language) -> Result<(), Unfit> {
    match language {
        Language::Json => scan_json(text.as_bytes()),
        Language::GraphQl => scan_graphql(text.as_bytes()),
    }
}

/// What was counted so far.
#[derive(Default)]
struct Count {
    depth: usize,
    tokens: usize,
}

impl Count {
    fn token(&mut self, byte: u8, most: usize) -> Result<(), Unfit> {
        match byte {
            b'[' | b'{' | b'(' => self.depth += 1,
            b']' | b'}' | b')' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.tokens += 1;
        if self.depth > MAX_NESTING {
            return Err(Unfit::Nesting);
        }
        if self.tokens > most {
            return Err(Unfit::Tokens(most));
        }
        Ok(())
    }
}

/// What is no token here is refused by the parser of JSON, which does not go back.
fn scan_json(bytes: &[u8]) -> Result<(), Unfit> {
    let (mut count, mut at) = (Count::default(), 0);
    while at < bytes.len() {
        let byte = bytes[at];
        at = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => {
                at += 1;
                continue;
            }
            b'"' => text_end(bytes, at + 1).unwrap_or(bytes.len()),
            _ if is_json_word(byte) => after(bytes, at, is_json_word),
            _ => at + 1,
        };
        count.token(byte, MAX_JSON_TOKENS)?;
    }
    Ok(())
}

fn scan_graphql(bytes: &[u8]) -> Result<(), Unfit> {
    // A mark of byte order may stand at the beginning.
    let mut at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut count = Count::default();
    while at < bytes.len() {
        let byte = bytes[at];
        let end = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b':' => {
                at += 1;
                continue;
            }
            // Neither has a meaning, and both take the parser's time.
            b'#' => after(bytes, at, |byte| byte != b'\n' && byte != b'\r'),
            b',' => at + 1,
            b'"' => {
                let end = if bytes[at..].starts_with(b"\"\"\"") {
                    block_text_end(bytes, at + 3)
                } else {
                    text_end(bytes, at + 1)
                };
                end.ok_or(Unfit::Unclosed(at))?
            }
            b'[' | b']' | b'{' | b'}' | b'(' | b')' => at + 1,
            b'!' | b'$' | b'&' | b'=' | b'@' | b'|' => at + 1,
            b'.' if bytes[at..].starts_with(b"...") => at + 3,
            b'-' | b'0'..=b'9' => number_end(bytes, at).ok_or(Unfit::Number(at))?,
            _ if is_name(byte) => after(bytes, at, is_name),
            _ => return Err(Unfit::Character(at)),
        };
        if (is_name(byte) || byte == b'-') && end - at > MAX_NAME {
            return Err(Unfit::Name(at));
        }
        count.token(byte, MAX_TOKENS)?;
        at = end;
    }
    Ok(())
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Numbers, `true`, and what follows no known rule: a run of them is one token.
const fn is_json_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | 0x80..)
}

/// Behind the bytes that are `of_it`.
fn after(bytes: &[u8], at: usize, of_it: impl Fn(u8) -> bool) -> usize {
    let rest = &bytes[at..];
    at + rest.iter().position(|byte| !of_it(*byte)).unwrap_or(rest.len())
}

/// Behind a number that nothing leans on.
fn number_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let digits = |at: usize| {
        let end = after(bytes, at, |byte| byte.is_ascii_digit());
        (end > at).then_some(end)
    };
    let is = |at: usize, one_of: &[u8]| bytes.get(at).is_some_and(|byte| one_of.contains(byte));
    let whole = begin + usize::from(bytes[begin] == b'-');
    let mut end = digits(whole)?;
    if bytes[whole] == b'0' && end > whole + 1 {
        return None;
    }
    if is(end, b".") {
        end = digits(end + 1)?;
    }
    if is(end, b"eE") {
        end = digits(end + 1 + usize::from(is(end + 1, b"+-")))?;
    }
    let leans = bytes.get(end).is_some_and(|byte| is_name(*byte) || *byte == b'.');
    (!leans).then_some(end)
}

/// Behind the closing quote, if there is one in the same line.
fn text_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'\n' | b'\r' => return None,
            b'"' => return Some(at + 1),
            // What is escaped is never the end of the line.
            b'\\' if bytes.get(at + 1).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) => {
                at += 2
            }
            _ => at += 1,
        }
    }
}

/// Behind the closing triple quotes, if there are.
fn block_text_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        if rest.starts_with(b"\\\"\"\"") {
            at += 4;
        } else if rest.starts_with(b"\"\"\"") {
            return Some(at + 3);
        } else {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn too_deep(text: &str, language: Language) -> bool {
        scan(text, language) == Err(Unfit::Nesting)
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
        assert_eq!(scan("#", Language::GraphQl), Ok(()));
        assert!(too_deep(&"#[\n".repeat(100), Language::Json), "JSON has no comments");
    }

    #[test]
    fn tokens_are_counted_to_the_edge() {
        let most = |language| match language {
            Language::Json => MAX_JSON_TOKENS,
            Language::GraphQl => MAX_TOKENS,
        };
        for (language, units) in [
            (Language::Json, ["名字 ", "-1 ", "\"a b\" ", "! ", "{}"]),
            (Language::GraphQl, ["name ", "-1.5 ", "\"a b\" ", ",", "#\n"]),
        ] {
            for unit in units {
                let fits = most(language) / if unit == "{}" { 2 } else { 1 };
                assert_eq!(scan(&unit.repeat(fits), language), Ok(()), "{unit}");
                let too_many = Err(Unfit::Tokens(most(language)));
                assert_eq!(scan(&unit.repeat(fits + 1), language), too_many, "{unit}");
            }
        }
        let blank = " \n\t:".repeat(10_000);
        assert_eq!(scan(&blank, Language::GraphQl), Ok(()), "what is no token is not counted");
    }

    #[test]
    fn a_name_is_as_long_as_it_may_be() {
        for unit in ["a", "1"] {
            let fits = format!("{{b {}}}", unit.repeat(MAX_NAME));
            assert_eq!(scan(&fits, Language::GraphQl), Ok(()));
            let longer = format!("{{b {}}}", unit.repeat(MAX_NAME + 1));
            assert_eq!(scan(&longer, Language::GraphQl), Err(Unfit::Name(3)));
        }
    }

    #[test]
    fn a_text_without_an_end_never_reaches_the_parser() {
        for (text, begin) in [
            ("\"", 0),
            ("{a(b:\"\\\"", 5),
            ("{a(b:\"c\nd\")}", 5),
            ("{a(b:\"\\\n\")}", 5),
            ("\"\"\"", 0),
            ("{\"\"\"\\", 1),
            ("{\"\"\" \\\"\"\" \"\"", 1),
        ] {
            assert_eq!(scan(text, Language::GraphQl), Err(Unfit::Unclosed(begin)), "{text}");
        }
        for text in ["\"\"", "\"\"\"\"\"\"", "\"\\\\\"", "\"\"\"\"a\"\"\"", "\"\"\"a\nb\"\"\""] {
            assert_eq!(scan(text, Language::GraphQl), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_token_never_reaches_the_parser() {
        for number in ["0", "-0", "10", "-1.50", "1e9", "1E+9", "0.1e-9"] {
            assert_eq!(scan(number, Language::GraphQl), Ok(()), "{number}");
        }
        for number in
            ["-", "00", "-01", "1.", "1.e1", "1e", "1e+", "1.2.3", "1a", "0x1", "1_", "1..."]
        {
            assert_eq!(scan(number, Language::GraphQl), Err(Unfit::Number(0)), "{number}");
        }
        for text in
            ["{a\u{feff}}", "{a\0}", "{a;}", "{a..}", "{名}", "{a+1}", "{a\u{a0}}", "{a\u{c}}"]
        {
            let at = if text == "{名}" { 1 } else { 2 };
            assert_eq!(scan(text, Language::GraphQl), Err(Unfit::Character(at)), "{text:?}");
        }
        assert_eq!(scan("\u{feff}{a}", Language::GraphQl), Ok(()), "a mark at the beginning");
    }
}
