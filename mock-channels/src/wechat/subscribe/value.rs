//! The rules for values, by the beginning of a field's name, as the platform's page lists them.

/// Whether the platform takes this value for the field.
pub(super) fn fits(field: &str, value: &str) -> bool {
    let kind = field.trim_end_matches(|c: char| c.is_ascii_digit());
    let length = value.chars().count();
    let printable = !value.chars().any(char::is_control);
    printable
        && match kind {
            "thing" => length <= 20,
            "number" => length <= 33 && is_decimal(value, 32),
            "letter" => length <= 32 && value.chars().all(|c| c.is_ascii_alphabetic()),
            "symbol" => length <= 5 && value.chars().all(|c| !c.is_alphanumeric()),
            "character_string" => length <= 32 && value.is_ascii(),
            "time" => value.contains(':') && parts_are(value, is_moment),
            "date" => parts_are(value, is_moment) && !is_clock(value),
            "amount" => is_amount(value),
            "phone_number" => length <= 17 && value.chars().any(|c| c.is_ascii_digit()),
            "car_number" => length <= 8,
            "name" => length <= if value.is_ascii() { 20 } else { 10 },
            "phrase" => length <= 5 && value.chars().all(is_chinese),
            _ => false,
        }
}

fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn is_decimal(text: &str, most: usize) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let points = text.chars().filter(|c| *c == '.').count();
    digits > 0 && digits <= most && points <= 1 && digits + points == text.chars().count()
}

/// One sign of a currency, digits, 元.
fn is_amount(text: &str) -> bool {
    let text = text.trim_start_matches(['¥', '￥', '$']).trim_end_matches('元');
    let whole = text.split('.').next().unwrap_or_default();
    is_decimal(text, 12) && whole.len() <= 10
}

/// A range has two moments.
fn parts_are(text: &str, one: fn(&str) -> bool) -> bool {
    let parts: Vec<&str> = text.split('~').map(str::trim).collect();
    parts.len() <= 2 && parts.into_iter().all(one)
}

/// A date, a time, or both with a space between.
fn is_moment(text: &str) -> bool {
    match text.split_once(' ') {
        Some((day, time)) => is_day(day) && is_clock(time),
        None => is_day(text) || is_clock(text),
    }
}

fn is_clock(text: &str) -> bool {
    let numbers: Option<Vec<u8>> = text.split(':').map(|part| part.parse().ok()).collect();
    numbers.is_some_and(|numbers| {
        (2..=3).contains(&numbers.len()) && numbers[0] < 24 && numbers[1..].iter().all(|n| *n < 60)
    })
}

fn is_day(text: &str) -> bool {
    let text = text.trim_end_matches(['日', '月']);
    let numbers: Option<Vec<u16>> =
        text.split(['年', '月', '-', '/', '.']).map(|part| part.parse().ok()).collect();
    numbers.is_some_and(|numbers| match numbers.as_slice() {
        [year, month, day] => *year >= 1000 && in_year(*month, *day),
        [year, month] if *year >= 1000 => (1..=12).contains(month),
        [month, day] => in_year(*month, *day),
        _ => false,
    })
}

fn in_year(month: u16, day: u16) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn the_examples_of_the_platforms_page_fit_and_longer_ones_do_not() {
        for (field, value, taken) in [
            ("thing1", "一二三四五六七八九十一二三四五六七八九十", true),
            ("thing1", "一二三四五六七八九十一二三四五六七八九十一", false),
            ("phrase1", "配送中", true),
            ("phrase1", "一二三四五六", false),
            ("phrase1", "配送1", false),
            ("time01", "15:01", true),
            ("time1", "2019年10月1日 15:01", true),
            ("time1", "25:01", false),
            ("date01", "2019年10月1日", true),
            ("date1", "15:01", false),
            ("amount1", "100.00元", true),
            ("amount1", "12345678901元", false),
            ("character_string1", "YW20260302", true),
            ("character_string1", "单号", false),
            ("number1", "339208499", true),
            ("phone_number1", "+86-0766-66888866", true),
            ("car_number1", "粤A8Z888挂", true),
            ("enum1", "x", false),
        ] {
            assert_eq!(fits(field, value), taken, "{field} {value}");
        }
    }
}
