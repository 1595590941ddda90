//! Parameters on the wire: form encoding both ways, and the text that is signed.

use std::fmt::Write;

/// Far more than any message of the platform has.
const PARAMETERS_MAX: usize = 128;
const BODY_MAX: usize = 64 * 1024;

/// Not the form encoding, or one name twice, or more than any message has.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not form-encoded")]
pub(super) struct NotForm;

/// `name=value` joined by `&`, sorted by name, without empty values and without `leave_out`.
/// Values are the bytes as they are in the message's own character set.
pub(super) fn to_sign<'a>(
    parameters: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    leave_out: &[&str],
) -> Vec<u8> {
    let mut signed: Vec<_> = parameters
        .into_iter()
        .filter(|(name, value)| !value.is_empty() && !leave_out.contains(name))
        .collect();
    signed.sort_unstable();
    let mut text = Vec::new();
    for (name, value) in signed {
        if !text.is_empty() {
            text.push(b'&');
        }
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value);
    }
    text
}

/// Form encoding that any decoder reads alike: a space is `%20`.
pub(super) fn encoded<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in parameters {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                let _ = write!(text, "%{byte:02X}"); // Writing to a string cannot fail.
            }
        }
    }
    text
}

/// The parameters of a form, decoded exactly once.
pub(super) fn decoded(body: &[u8]) -> Result<Vec<(String, Vec<u8>)>, NotForm> {
    if body.len() > BODY_MAX {
        return Err(NotForm);
    }
    let mut parameters: Vec<(String, Vec<u8>)> = Vec::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let equals = pair.iter().position(|byte| *byte == b'=').ok_or(NotForm)?;
        let name = String::from_utf8(plain(&pair[..equals])?).or(Err(NotForm))?;
        let repeated = parameters.iter().any(|(known, _)| *known == name);
        if name.is_empty() || repeated || parameters.len() == PARAMETERS_MAX {
            return Err(NotForm);
        }
        parameters.push((name, plain(&pair[equals + 1..])?));
    }
    Ok(parameters)
}

fn plain(encoded: &[u8]) -> Result<Vec<u8>, NotForm> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match first {
            b'+' => (b' ', after),
            b'%' => {
                let (digits, after) = after.split_at_checked(2).ok_or(NotForm)?;
                (digit(digits[0])? << 4 | digit(digits[1])?, after)
            }
            byte => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    Ok(bytes)
}

fn digit(byte: u8) -> Result<u8, NotForm> {
    let value = char::from(byte).to_digit(16).ok_or(NotForm)?;
    u8::try_from(value).or(Err(NotForm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_once_whatever_its_values_hold() {
        let values = ["a b+c", "100%25", "{\"k\":\"支付\"}", "a=b&c", ""];
        let names = ["v0", "v1", "v2", "v3", "v4"];
        let text = encoded(names.into_iter().zip(values));
        assert!(!text.contains(' ') && !text.contains('+'), "{text}");
        let read = decoded(text.as_bytes()).unwrap();
        let expected =
            names.map(str::to_owned).into_iter().zip(values.map(|v| v.as_bytes().into()));
        assert_eq!(read, expected.collect::<Vec<_>>());
        assert_eq!(decoded(b"a=1+2&").unwrap(), [("a".to_owned(), b"1 2".to_vec())]);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_no_form() {
        for bad in ["a=1&a=2", "a", "=1", "a=%", "a=%4", "a=%zz", "a=1&%61=2", "%ff=1"] {
            assert_eq!(decoded(bad.as_bytes()), Err(NotForm), "{bad}");
        }
        let many: Vec<String> = (0..=PARAMETERS_MAX).map(|n| format!("a{n}=1")).collect();
        assert_eq!(decoded(many.join("&").as_bytes()), Err(NotForm));
        assert_eq!(decoded(&vec![b'a'; BODY_MAX + 1]), Err(NotForm));
    }

    #[test]
    fn what_is_signed_is_sorted_by_bytes_and_has_no_empty_values() {
        let parameters =
            [("b", "2"), ("a_b", "x y"), ("a", ""), ("ab", "1"), ("sign", "s"), ("B", "3")];
        let parameters = parameters.map(|(name, value)| (name, value.as_bytes()));
        assert_eq!(to_sign(parameters, &["sign"]), b"B=3&a_b=x y&ab=1&b=2");
    }
}
