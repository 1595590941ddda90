//! Times as Alipay writes them: Beijing, without a zone.

use crate::clock::{self, Day};

/// Reads `yyyy-MM-dd HH:mm:ss`.
pub(super) fn parse_spaced(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(' ')?;
    Day::from_text(date)?;
    let digits = |text: &str| text.replace(['-', ':'], "");
    let shaped = time.len() == 8 && time.split(':').count() == 3;
    if !shaped {
        return None;
    }
    clock::parse_compact(&format!("{}{}", digits(date), digits(time)))
}

/// How long `timeout_express` is: minutes, hours or days, or until midnight.
pub(super) fn timeout_ms(text: &str, now_ms: i64) -> Option<i64> {
    if text == "1c" {
        return Some(Day::of(now_ms).plus(1).start_ms() - now_ms);
    }
    let unit_ms = match text.as_bytes().last()? {
        b'm' => clock::MINUTE_MS,
        b'h' => clock::HOUR_MS,
        b'd' => clock::DAY_MS,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length_ms = number.parse::<i64>().ok()?.checked_mul(unit_ms)?;
    (clock::MINUTE_MS..=15 * clock::DAY_MS).contains(&length_ms).then_some(length_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_strictly() {
        let at = clock::parse_rfc3339("2026-03-02T10:15:31+08:00");
        assert_eq!(parse_spaced("2026-03-02 10:15:31"), at);
        for bad in ["2026-03-02T10:15:31", "2026-03-02 24:00:00", "2026-03-02", "2026-3-2 1:1:1"] {
            assert_eq!(parse_spaced(bad), None, "{bad}");
        }
    }

    #[test]
    fn timeouts_have_units_and_limits() {
        let noon = parse_spaced("2026-03-02 12:00:00").unwrap();
        assert_eq!(timeout_ms("90m", noon), Some(90 * clock::MINUTE_MS));
        assert_eq!(timeout_ms("15d", noon), Some(15 * clock::DAY_MS));
        assert_eq!(timeout_ms("1c", noon), Some(12 * clock::HOUR_MS));
        for bad in ["", "m", "0m", "16d", "1.5h", "1y", "-1m", "99999999999999999d"] {
            assert_eq!(timeout_ms(bad, noon), None, "{bad}");
        }
    }
}
