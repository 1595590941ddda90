//! What WeChat takes as the value of a field of a subscription message. A field's kind is the
//! beginning of its name; a value that does not fit is refused there with 47003, and with it the
//! whole message, so it is found out here.

use std::fmt;

/// Kind of a field, by the beginning of its name: `thing3`, `character_string4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeChatField {
    /// Any words, at most 20 characters.
    Thing,
    /// At most 32 digits, with decimals.
    Number,
    /// At most 32 letters.
    Letter,
    /// At most 5 symbols.
    Symbol,
    /// At most 32 digits, letters and symbols.
    CharacterString,
    /// A time of 24 hours, a date before it if wanted, or two of them with `~` between.
    Time,
    /// A date, a time behind it if wanted, or two of them with `~` between.
    Date,
    /// A sign of currency, at most 10 digits, decimals, 元; the sign and what follows if wanted.
    Amount,
    /// At most 17 digits and symbols.
    PhoneNumber,
    /// At most 8; the first and the last may be Chinese.
    CarNumber,
    /// At most 10 characters with Chinese, at most 20 without.
    Name,
    /// At most 5 Chinese characters.
    Phrase,
}

/// A value that the platform would refuse. Says nothing of the value: it may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} takes {}", .kind.takes())]
pub struct ValueRefused {
    /// The field's whole name.
    pub field: String,
    /// Its kind.
    pub kind: WeChatField,
}

const CURRENCY: [char; 6] = ['¥', '￥', '$', '€', '£', '₩'];

impl WeChatField {
    /// Every kind, longest names first where one begins another.
    pub const ALL: [Self; 12] = [
        Self::Thing,
        Self::Number,
        Self::Letter,
        Self::Symbol,
        Self::CharacterString,
        Self::Time,
        Self::Date,
        Self::Amount,
        Self::PhoneNumber,
        Self::CarNumber,
        Self::Name,
        Self::Phrase,
    ];

    /// The beginning of its fields' names.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Thing => "thing",
            Self::Number => "number",
            Self::Letter => "letter",
            Self::Symbol => "symbol",
            Self::CharacterString => "character_string",
            Self::Time => "time",
            Self::Date => "date",
            Self::Amount => "amount",
            Self::PhoneNumber => "phone_number",
            Self::CarNumber => "car_number",
            Self::Name => "name",
            Self::Phrase => "phrase",
        }
    }

    const fn takes(self) -> &'static str {
        match self {
            Self::Thing => "1 to 20 characters of one line",
            Self::Number => "at most 32 digits, with decimals",
            Self::Letter => "1 to 32 letters",
            Self::Symbol => "1 to 5 symbols",
            Self::CharacterString => "1 to 32 digits, letters and symbols",
            Self::Time => "a time like 15:01 or 2019年10月1日 15:01",
            Self::Date => "a date like 2019年10月1日",
            Self::Amount => "at most 10 digits and decimals, like 100.00元",
            Self::PhoneNumber => "1 to 17 digits and symbols",
            Self::CarNumber => "1 to 8 letters and digits, Chinese at both ends only",
            Self::Name => "10 characters with Chinese or 20 without",
            Self::Phrase => "1 to 5 Chinese characters",
        }
    }

    /// The kind of the field of this name: its beginning and one or two digits.
    pub fn of(field: &str) -> Option<Self> {
        let prefix = field.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = field.len() - prefix.len();
        let kind = Self::ALL.into_iter().find(|kind| kind.prefix() == prefix);
        kind.filter(|_| (1..=2).contains(&digits))
    }

    /// The value as it is sent: words that are too long are cut, all else must fit as it is.
    ///
    /// # Errors
    /// [`ValueRefused`] for what the platform would refuse.
    pub fn fit(self, field: &str, value: &str) -> Result<String, ValueRefused> {
        let value = value.trim();
        let cut = match self {
            Self::Thing if value.chars().count() > 20 => {
                let kept: String = value.chars().take(19).collect();
                format!("{kept}…")
            }
            Self::Thing
            | Self::Number
            | Self::Letter
            | Self::Symbol
            | Self::CharacterString
            | Self::Time
            | Self::Date
            | Self::Amount
            | Self::PhoneNumber
            | Self::CarNumber
            | Self::Name
            | Self::Phrase => value.to_owned(),
        };
        if self.takes_value(&cut) {
            Ok(cut)
        } else {
            Err(ValueRefused { field: field.to_owned(), kind: self })
        }
    }

    fn takes_value(self, value: &str) -> bool {
        let count = value.chars().count();
        let all = |known: fn(char) -> bool| value.chars().all(known);
        let within = |most: usize| (1..=most).contains(&count);
        match self {
            Self::Thing => within(20) && !value.chars().any(char::is_control),
            Self::Number => is_number(value, 32),
            Self::Letter => within(32) && all(|c| c.is_ascii_alphabetic()),
            Self::Symbol => within(5) && all(is_symbol),
            Self::CharacterString => within(32) && all(|c| c.is_ascii_graphic()),
            Self::Time => is_range(value, is_time),
            Self::Date => is_range(value, is_date),
            Self::Amount => is_amount(value),
            Self::PhoneNumber => {
                within(17) && all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')'))
            }
            Self::CarNumber => within(8) && is_car(value),
            Self::Name if value.chars().any(is_han) => {
                within(10) && all(|c| is_han(c) || c.is_ascii_alphabetic() || c == '·')
            }
            Self::Name => within(20) && all(|c| c.is_ascii_alphabetic() || is_symbol(c)),
            Self::Phrase => within(5) && all(is_han),
        }
    }
}

impl fmt::Display for WeChatField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix())
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{323af}')
}

fn is_symbol(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_control() && !c.is_whitespace()
}

fn digits_within(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_number(text: &str, most: usize) -> bool {
    match text.split_once('.') {
        None => digits_within(text, most),
        Some((whole, part)) => {
            digits_within(whole, most)
                && digits_within(part, most)
                && whole.len() + part.len() <= most
        }
    }
}

fn is_amount(text: &str) -> bool {
    let text = text.strip_prefix(CURRENCY).unwrap_or(text);
    let text = text.strip_suffix('元').unwrap_or(text);
    match text.split_once('.') {
        None => digits_within(text, 10),
        Some((whole, part)) => digits_within(whole, 10) && digits_within(part, 2),
    }
}

fn is_car(text: &str) -> bool {
    let last = text.chars().count() - 1;
    text.chars()
        .enumerate()
        .all(|(at, c)| c.is_ascii_alphanumeric() || ((at == 0 || at == last) && is_han(c)))
}

/// One, or two with `~` between.
fn is_range(text: &str, one: fn(&str) -> bool) -> bool {
    match text.split_once(['~', '～']) {
        None => one(text),
        Some((from, until)) => one(from.trim()) && one(until.trim()),
    }
}

fn is_time(text: &str) -> bool {
    match text.rsplit_once(' ') {
        None => is_clock(text),
        Some((day, time)) => is_day(day.trim()) && is_clock(time),
    }
}

fn is_date(text: &str) -> bool {
    match text.rsplit_once(' ') {
        None => is_day(text),
        Some((day, time)) => is_day(day.trim()) && is_clock(time),
    }
}

fn is_clock(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let below = |part: &str, end: u32| {
        digits_within(part, 2) && part.parse::<u32>().is_ok_and(|number| number < end)
    };
    match parts.as_slice() {
        [hour, minute] => below(hour, 24) && minute.len() == 2 && below(minute, 60),
        [hour, minute, second] => {
            below(hour, 24)
                && minute.len() == 2
                && below(minute, 60)
                && second.len() == 2
                && below(second, 60)
        }
        _ => false,
    }
}

/// `2019年10月1日`, `2019年10月`, `10月1日`, or with `-`, `/` or `.` between.
fn is_day(text: &str) -> bool {
    let chinese = text.replace(['年', '月'], "-");
    let text = chinese.strip_suffix(['日', '-']).unwrap_or(&chinese);
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let number = |part: &str, digits: usize| {
        if digits_within(part, digits) { part.parse::<u32>().ok() } else { None }
    };
    let month = |part: &str| number(part, 2).is_some_and(|month| (1..=12).contains(&month));
    let day = |part: &str| number(part, 2).is_some_and(|day| (1..=31).contains(&day));
    let year = |part: &str| part.len() == 4 && number(part, 4).is_some();
    match parts.as_slice() {
        [y, m, d] => year(y) && month(m) && day(d),
        [first, second] => (year(first) && month(second)) || (month(first) && day(second)),
        _ => false,
    }
}

#[cfg(test)]
#[path = "we_chat_value_tests.rs"]
mod tests;
