//! The ROOT document: parameters of a request, details of an answer, their texts.

use super::xml::{self, Element};

/// The named parameters of a request.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn of(root: &Element) -> Self {
        let request = root.child("REQUEST");
        let params = request.into_iter().flat_map(|request| request.children("PARAM"));
        Self(
            params
                .map(|param| (param.attribute("NAME").to_owned(), param.text.trim().to_owned()))
                .collect(),
        )
    }

    /// Whether a name comes twice: which of them is meant, nobody can know.
    pub(super) fn is_ambiguous(&self) -> bool {
        let names: std::collections::BTreeSet<&String> = self.0.iter().map(|(n, _)| n).collect();
        names.len() != self.0.len()
    }

    /// Empty when absent: the platform makes no difference.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// A parameter of 1 to `most` characters.
    pub(super) fn required(&self, name: &str, most: usize) -> Result<&str, Exception> {
        let value = self.get(name);
        let length = value.chars().count();
        if (1..=most).contains(&length) { Ok(value) } else { Err(Exception::invalid(name)) }
    }

    /// An amount above zero.
    pub(super) fn money(&self, name: &str) -> Result<i64, Exception> {
        fen(self.get(name)).filter(|fen| *fen > 0).ok_or_else(|| Exception::invalid(name))
    }

    /// Those that an answer repeats, as far as they were there.
    pub(super) fn repeated(&self, names: &[&str]) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned().collect()
    }
}

/// Why the gateway answers `99`: a code, a colon, words; sometimes details.
#[derive(Debug)]
pub(super) struct Exception {
    pub(super) words: String,
    pub(super) details: Vec<String>,
}

impl Exception {
    pub(super) fn new(code: &str, words: &str) -> Self {
        Self { words: format!("{code}:{words}"), details: Vec::new() }
    }

    pub(super) fn not_found() -> Self {
        Self::new("NOT_FOUND", "缴款单不存在")
    }

    pub(super) fn invalid(name: &str) -> Self {
        Self::new("INVALID", &format!("{name}缺失或格式不正确"))
    }

    pub(super) fn busy() -> Self {
        Self::new("BUSY", "系统繁忙，请稍后重试")
    }

    /// Whether nothing happened and the message has to come again, so that it did not pass.
    pub(super) fn is_provisional(&self) -> bool {
        ["INVALID:", "BUSY:", "OUT_OF_ORDER:"].iter().any(|code| self.words.starts_with(code))
    }
}

/// What an operation answers: the content of each DETAIL.
pub(super) type Details = Result<Vec<String>, Exception>;

pub(super) fn request(params: &[(String, String)]) -> String {
    let params: String = params
        .iter()
        .map(|(name, value)| format!("<PARAM NAME=\"{name}\">{}</PARAM>", xml::escape(value)))
        .collect();
    format!("<REQUEST>{params}</REQUEST>")
}

pub(super) fn reply(repeated: &[(String, String)], details: Details) -> String {
    let (code, words, details) = match details {
        Ok(details) => ("00", String::new(), details),
        Err(Exception { words, details }) => ("99", words, details),
    };
    let details: String =
        details.iter().map(|detail| format!("<DETAIL>{detail}</DETAIL>")).collect();
    format!(
        "<ROOT><IS_SUCCESS CODE=\"{code}\"/><ERRMSG>{}</ERRMSG>{}\
         <RESPONSE><RESULT>{details}</RESULT></RESPONSE></ROOT>",
        xml::escape(&words),
        request(repeated)
    )
}

/// One element of an answer.
pub(super) fn field(name: &str, value: &str) -> String {
    format!("<{name}>{}</{name}>", xml::escape(value))
}

pub(super) fn fields(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| field(name, value)).collect()
}

/// Yuan with two decimals, and a sign where it is negative.
pub(crate) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

/// Reads yuan with exactly two decimals.
pub(super) fn fen(text: &str) -> Option<i64> {
    let (yuan, cents) = text.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(yuan) || !digits(cents) || cents.len() != 2 || yuan.len() > 13 {
        return None;
    }
    Some(yuan.parse::<i64>().ok()? * 100 + cents.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_decimals() {
        assert_eq!(fen("206.05"), Some(20_605));
        assert_eq!((yuan(20_605), yuan(-5)), ("206.05".to_owned(), "-0.05".to_owned()));
        for bad in ["206", "206.5", "206.050", "-1.00", "1e2.00", ".50", "", "1.-5"] {
            assert_eq!(fen(bad), None, "{bad}");
        }
    }
}
