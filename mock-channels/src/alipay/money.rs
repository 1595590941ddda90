//! Amounts: fen inside, yuan with two decimals on the wire.

use serde_json::Value;

/// The largest amount that the platform takes: a hundred million yuan.
const MOST_FEN: i64 = 10_000_000_000;

/// Reads an amount as version 2 (text) or version 3 (also a number) writes it.
pub(super) fn fen(value: &Value) -> Option<i64> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 || whole.len() > 9 {
        return None;
    }
    let fen = format!("{whole}{part:0<2}").parse().ok()?;
    (1..=MOST_FEN).contains(&fen).then_some(fen)
}

/// `88.88`, with a sign if there must be one.
pub(crate) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (value, expected) in [
            (json!("88.88"), 8_888),
            (json!("0.01"), 1),
            (json!("5"), 500),
            (json!("5.1"), 510),
            (json!(88.8), 8_880),
            (json!("100000000"), MOST_FEN),
        ] {
            assert_eq!(fen(&value), Some(expected), "{value}");
        }
        for bad in [
            json!("0.00"),
            json!("-1.00"),
            json!("1.001"),
            json!("1,000.00"),
            json!(" 1.00"),
            json!("1."),
            json!(".5"),
            json!("1e3"),
            json!("100000000.01"),
            json!(null),
        ] {
            assert_eq!(fen(&bad), None, "{bad}");
        }
        assert_eq!(
            (yuan(-3_000), yuan(1), yuan(0)),
            ("-30.00".into(), "0.01".into(), "0.00".into())
        );
    }
}
