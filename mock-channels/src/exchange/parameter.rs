//! What a department takes for a parameter.

use super::template::Template;
use crate::clock::Day;
use crate::world::company::is_uscc;
use crate::world::people::is_id_card;

/// One parameter of an operation.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) kind: Kind,
}

/// Its shape.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Text,
    Number,
    Fen,
    Flag,
    Date,
    Month,
    Year,
    Region,
    IdCard,
    Phone,
    Uscc,
    Plate,
    /// `choice A|B`
    Choice(Vec<String>),
    /// `same TEMPLATE`: what the department has; anything else finds nothing.
    Same(Template),
}

impl Parameter {
    /// Reads `text`, `optional date`, `choice A|B`, `same {own:exam_no}`.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let (required, shape) = match text.strip_prefix("optional ") {
            Some(shape) => (false, shape),
            None => (true, text),
        };
        let (word, argument) = shape.split_once(' ').unwrap_or((shape, ""));
        let kind = match (word, argument) {
            ("text", "") => Kind::Text,
            ("number", "") => Kind::Number,
            ("fen", "") => Kind::Fen,
            ("flag", "") => Kind::Flag,
            ("date", "") => Kind::Date,
            ("month", "") => Kind::Month,
            ("year", "") => Kind::Year,
            ("region", "") => Kind::Region,
            ("id_card", "") => Kind::IdCard,
            ("phone", "") => Kind::Phone,
            ("uscc", "") => Kind::Uscc,
            ("plate", "") => Kind::Plate,
            ("choice", options) if options.contains('|') => {
                Kind::Choice(options.split('|').map(str::to_owned).collect())
            }
            ("same", template) if !template.is_empty() => Kind::Same(Template::parse(template)?),
            _ => return Err(format!("`{text}` is no shape of a parameter")),
        };
        if matches!(kind, Kind::Fen) != name.ends_with("_fen") {
            return Err("names of amounts, and no others, end in _fen".to_owned());
        }
        Ok(Self { name: name.to_owned(), required, kind })
    }
}

impl Kind {
    /// What is wrong with a value, in words for the caller.
    pub(super) fn fault(&self, value: &str) -> Option<&'static str> {
        const LONGEST: usize = 500;
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let (fits, words) = match self {
            Self::Text | Self::Same(_) => (value.chars().count() <= LONGEST, "过长"),
            Self::Number => (digits && value.len() <= 9, "应为非负整数"),
            Self::Fen => (digits && value.len() <= 15, "应为以分为单位的金额"),
            Self::Flag => (matches!(value, "true" | "false"), "应为 true 或 false"),
            Self::Date => (Day::from_text(value).is_some(), "应为 YYYY-MM-DD"),
            Self::Month => (is_month(value), "应为 YYYY-MM"),
            Self::Year => (digits && value.len() == 4, "应为四位年份"),
            Self::Region => (digits && value.len() == 6, "应为六位行政区划代码"),
            Self::IdCard => (is_id_card(value), "不是身份证号"),
            Self::Phone => (digits && value.len() == 11, "应为11位数字"),
            Self::Uscc => (is_uscc(value), "不是统一社会信用代码"),
            Self::Plate => ((7..=8).contains(&value.chars().count()), "不是号牌号码"),
            Self::Choice(options) => {
                (options.iter().any(|option| option == value), "不在可选范围内")
            }
        };
        (!fits).then_some(words)
    }
}

fn is_month(text: &str) -> bool {
    text.len() == 7 && Day::from_text(&format!("{text}-01")).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_take_their_own_kind_only() {
        for (shape, good, bad) in [
            ("text", "文三路", &*"长".repeat(501)),
            ("number", "12", "-1"),
            ("flag", "true", "是"),
            ("date", "2026-03-02", "2026-13-02"),
            ("month", "2026-03", "2026-3"),
            ("year", "2026", "26"),
            ("region", "330106", "33010"),
            ("id_card", "33010619000101099X", "330106190001010991"),
            ("phone", "13800138000", "1380013800"),
            ("uscc", "91330100XXXXXX019U", "91330100XXXXXX0191"),
            ("plate", "浙A0001X", "浙A"),
            ("choice A|B", "A", "C"),
        ] {
            let kind = Parameter::parse("p", shape).unwrap().kind;
            assert_eq!(kind.fault(good), None, "{shape}");
            assert!(kind.fault(bad).is_some(), "{shape}");
        }
        assert!(!Parameter::parse("p", "optional date").unwrap().required);
        for (name, bad) in [
            ("p", "words"),
            ("p", "choice A"),
            ("p", "same"),
            ("p", "fen"),
            ("p_fen", "number"),
            ("p", "text long"),
            ("p", "same {x}"),
        ] {
            assert!(Parameter::parse(name, bad).is_err(), "{bad}");
        }
    }
}
