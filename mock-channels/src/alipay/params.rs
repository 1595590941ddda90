//! Parameters of a call as they came: decoded once, and the very bytes that were signed.

use encoding_rs::{Encoding, GBK, UTF_8};

/// Most parameters that a call may have; the platform has about thirty.
const MOST: usize = 100;

/// All parameters of query and body.
pub(crate) struct Params(Vec<(String, Vec<u8>)>);

/// Why parameters cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The same name twice: the platform could not know which of them was signed.
    Duplicate,
    TooMany,
}

impl Params {
    /// Merges what query and form body say.
    pub(crate) fn read(query: &[u8], body: &[u8]) -> Result<Self, Unreadable> {
        let mut params = Self(Vec::new());
        let pairs = query.split(|byte| *byte == b'&').chain(body.split(|byte| *byte == b'&'));
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let cut = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let value = pair.get(cut + 1..).unwrap_or_default();
            let name = String::from_utf8_lossy(&decoded(&pair[..cut])).into_owned();
            if params.raw(&name).is_some() {
                return Err(Unreadable::Duplicate);
            }
            if params.0.len() == MOST {
                return Err(Unreadable::TooMany);
            }
            params.0.push((name, decoded(value)));
        }
        Ok(params)
    }

    pub(crate) fn raw(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
    }

    /// A value as text; an empty one counts as none.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let value = self.raw(name).filter(|value| !value.is_empty())?;
        let (text, _) = self.encoding().unwrap_or(UTF_8).decode_without_bom_handling(value);
        Some(text.into_owned())
    }

    /// The encoding that `charset` names, if the platform knows it.
    pub(crate) fn encoding(&self) -> Option<&'static Encoding> {
        let charset = String::from_utf8_lossy(self.raw("charset").unwrap_or_default());
        match charset.to_ascii_lowercase().as_str() {
            "" | "utf-8" | "utf8" => Some(UTF_8),
            "gbk" | "gb2312" => Some(GBK),
            _ => None,
        }
    }

    /// The text that a signature is over: sorted by name, without those left out.
    pub(crate) fn signed(&self, left_out: &[&str], with_empty: bool) -> Vec<u8> {
        let mut pairs: Vec<_> = self
            .0
            .iter()
            .filter(|(name, value)| {
                !left_out.contains(&name.as_str()) && (with_empty || !value.is_empty())
            })
            .collect();
        pairs.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        let mut text = Vec::new();
        for (index, (name, value)) in pairs.into_iter().enumerate() {
            if index > 0 {
                text.push(b'&');
            }
            text.extend_from_slice(name.as_bytes());
            text.push(b'=');
            text.extend_from_slice(value);
        }
        text
    }
}

/// Undoes the encoding of forms, once.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => match after.get(..2).and_then(hex_byte) {
                Some(value) => {
                    bytes.push(value);
                    rest = &after[2..];
                }
                None => bytes.push(b'%'),
            },
            _ => bytes.push(byte),
        }
    }
    bytes
}

fn hex_byte(two: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(two[0])? * 16 + digit(two[1])?).ok()
}

/// Does the encoding of forms.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                text.push(char::from(*byte));
            }
            b' ' => text.push('+'),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_once_and_signed_as_bytes() {
        let params =
            Params::read(b"b=1%2B%3D%25&a=x+y", b"sign=s&c=&charset=GBK&d=%D6%D0").unwrap();
        assert_eq!(params.text("b").unwrap(), "1+=%");
        assert_eq!(params.text("d").unwrap(), "中");
        assert_eq!(params.text("c"), None);
        assert_eq!(params.signed(&["sign"], false), b"a=x y&b=1+=%&charset=GBK&d=\xd6\xd0");
        assert_eq!(params.signed(&["sign"], true), b"a=x y&b=1+=%&c=&charset=GBK&d=\xd6\xd0");
    }

    #[test]
    fn a_name_that_comes_twice_is_refused() {
        assert_eq!(Params::read(b"a=1", b"a=1").err(), Some(Unreadable::Duplicate));
        let many: Vec<String> = (0..=MOST).map(|index| format!("p{index}=1")).collect();
        let many = many.join("&");
        assert_eq!(Params::read(b"", many.as_bytes()).err(), Some(Unreadable::TooMany));
    }

    #[test]
    fn encoding_and_decoding_are_inverse() {
        let text = "a b&c=d+%/中*~".as_bytes();
        assert_eq!(decoded(encoded(text).as_bytes()), text);
        assert_eq!(decoded(b"%zz%4"), b"%zz%4");
    }
}
