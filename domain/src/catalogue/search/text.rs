//! One spelling for everything that is typed alike.

/// A longer text is no search.
pub const TEXT_MAX: usize = 64;
/// What has more bytes is not even looked at.
const RAW_MAX: usize = 1_024;

/// More than [`TEXT_MAX`] characters that mean something.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a search has at most {TEXT_MAX} characters")]
pub struct TextTooLong;

/// Half width, lower case, and only Chinese characters, letters and digits.
///
/// # Errors
/// [`TextTooLong`] as said there.
pub(super) fn checked(text: &str) -> Result<String, TextTooLong> {
    if text.len() > RAW_MAX {
        return Err(TextTooLong);
    }
    let normal = normal(text);
    if normal.chars().count() > TEXT_MAX { Err(TextTooLong) } else { Ok(normal) }
}

/// The same without the limit, for texts of our own.
pub(super) fn normal(text: &str) -> String {
    text.chars()
        .map(half_width)
        .flat_map(char::to_lowercase)
        .map(plain_letter)
        .filter(kept)
        .collect()
}

/// Half width alone: separators still stand.
pub(super) fn half_width_of(text: &str) -> String {
    text.chars().map(half_width).collect()
}

fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => {
            u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(c)
        }
        _ => c,
    }
}

fn plain_letter(c: char) -> char {
    if c == 'ü' { 'v' } else { c }
}

fn kept(c: &char) -> bool {
    c.is_ascii_alphanumeric() || is_han(*c)
}

/// A character that is read by sounds.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{323AF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_spaces_and_signs_make_no_difference() {
        for (typed, read) in [
            ("ＰＭ２．５", "pm25"),
            (" 社 保　卡！", "社保卡"),
            ("LÜshi", "lvshi"),
            ("'; DROP TABLE--", "droptable"),
            ("\0\u{202E}🚗", ""),
        ] {
            assert_eq!(checked(typed).unwrap(), read, "{typed}");
        }
    }

    #[test]
    fn long_texts_are_refused_however_they_are_made_long() {
        assert!(checked(&"社".repeat(TEXT_MAX)).is_ok());
        assert_eq!(checked(&"社".repeat(TEXT_MAX + 1)), Err(TextTooLong));
        assert_eq!(checked(&" ".repeat(10_000)), Err(TextTooLong));
    }
}
