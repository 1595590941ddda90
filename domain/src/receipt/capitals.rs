//! Amounts in Chinese capital figures (中文大写), which nobody alters with one stroke of a pen.
//!
//! Source: 支付结算办法, annex 1 (正确填写票据和结算凭证的基本规定): zeros in the middle are written once,
//! zeros at the end of a group not at all; a zero stands between yuan and fen where there is no
//! jiao; 整 ends what has no fen.

use crate::money::Fen;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];

/// `壹佰零陆元伍角整`; with 负 before what is negative.
pub fn capital_figures(amount: Fen) -> String {
    let fen = amount.value().unsigned_abs();
    let (yuan, jiao, fen) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut text = String::new();
    if amount < Fen::ZERO {
        text.push('负');
    }
    if yuan > 0 || (jiao, fen) == (0, 0) {
        text.push_str(&if yuan == 0 { "零".to_owned() } else { whole(yuan) });
        text.push('元');
    }
    match (jiao, fen) {
        (0, 0) => text.push('整'),
        (jiao, 0) => {
            push_digit(&mut text, jiao);
            text.push_str("角整");
        }
        (0, fen) => {
            if yuan > 0 {
                text.push('零');
            }
            push_digit(&mut text, fen);
            text.push('分');
        }
        (jiao, fen) => {
            push_digit(&mut text, jiao);
            text.push('角');
            push_digit(&mut text, fen);
            text.push('分');
        }
    }
    text
}

fn push_digit(text: &mut String, digit: u64) {
    text.extend(usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit)));
}

/// A positive number: what is counted in 亿, then in 万, then the rest.
fn whole(number: u64) -> String {
    for (size, name) in [(100_000_000, '亿'), (10_000, '万')] {
        if number >= size {
            let (high, low) = (number / size, number % size);
            let mut text = whole(high);
            text.push(name);
            if low > 0 {
                if low < size / 10 {
                    text.push('零');
                }
                text.push_str(&whole(low));
            }
            return text;
        }
    }
    four(number)
}

/// 1 to 9999.
fn four(number: u64) -> String {
    let (mut text, mut gap) = (String::new(), false);
    for (place, name) in PLACES.iter().enumerate().rev() {
        let digit = number / 10_u64.pow(u32::try_from(place).unwrap_or_default()) % 10;
        if digit == 0 {
            gap = !text.is_empty();
            continue;
        }
        if gap {
            text.push('零');
            gap = false;
        }
        push_digit(&mut text, digit);
        text.push_str(name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::PayableFen;

    #[test]
    fn figures_are_written_as_the_rules_of_payment_papers_say() {
        for (yuan, words) in [
            ("0", "零元整"),
            ("0.01", "壹分"),
            ("0.10", "壹角整"),
            ("0.19", "壹角玖分"),
            ("1", "壹元整"),
            ("1.05", "壹元零伍分"),
            ("1.50", "壹元伍角整"),
            ("10", "壹拾元整"),
            ("10.07", "壹拾元零柒分"),
            ("16", "壹拾陆元整"),
            ("100", "壹佰元整"),
            ("101", "壹佰零壹元整"),
            ("110.30", "壹佰壹拾元叁角整"),
            ("206", "贰佰零陆元整"),
            ("325.04", "叁佰贰拾伍元零肆分"),
            ("1000", "壹仟元整"),
            ("1001", "壹仟零壹元整"),
            ("1010", "壹仟零壹拾元整"),
            ("1100.01", "壹仟壹佰元零壹分"),
            ("1409.50", "壹仟肆佰零玖元伍角整"),
            ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
            ("6007.14", "陆仟零柒元壹角肆分"),
            ("10000", "壹万元整"),
            ("10001", "壹万零壹元整"),
            ("10100", "壹万零壹佰元整"),
            ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
            ("100000", "壹拾万元整"),
            ("100005", "壹拾万零伍元整"),
            ("107000.53", "壹拾万柒仟元伍角叁分"),
            ("10000000", "壹仟万元整"),
            ("10000001", "壹仟万零壹元整"),
            ("20030400", "贰仟零叁万零肆佰元整"),
            ("100000000", "壹亿元整"),
            ("100000001", "壹亿零壹元整"),
            ("100010000", "壹亿零壹万元整"),
            ("101000000", "壹亿零壹佰万元整"),
            ("110000000", "壹亿壹仟万元整"),
            ("123456789.12", "壹亿贰仟叁佰肆拾伍万陆仟柒佰捌拾玖元壹角贰分"),
            ("1000000000000", "壹万亿元整"),
            ("1000100000001", "壹万零壹亿零壹元整"),
            ("9999999999999.99", "玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
            ("10000000000000", "壹拾万亿元整"),
            ("-206.05", "负贰佰零陆元零伍分"),
        ] {
            assert_eq!(capital_figures(Fen::from_yuan(yuan).unwrap()), words, "{yuan}");
        }
        let most = Fen::new(i64::try_from(PayableFen::MAX).unwrap());
        assert_eq!(capital_figures(most), "壹拾万亿元整");
    }

    /// Reads capital figures back, by an own way: positions, not groups.
    fn read(words: &str) -> u64 {
        let (mut total, mut group, mut digit) = (0_u64, 0_u64, 0_u64);
        let (mut yi, mut fen) = (0_u64, 0_u64);
        for c in words.chars() {
            if let Some(value) = DIGITS.iter().position(|d| *d == c) {
                digit = value as u64;
                continue;
            }
            match c {
                '拾' => group += digit * 10,
                '佰' => group += digit * 100,
                '仟' => group += digit * 1000,
                '万' => total = (total + group + digit) * 10_000,
                '亿' => yi = (total + group + digit) * 100_000_000,
                '元' => fen = (yi + total + group + digit) * 100,
                '角' => fen += digit * 10,
                '分' => fen += digit,
                '整' => {}
                other => panic!("{other}"),
            }
            digit = 0;
            if matches!(c, '万' | '亿' | '元') {
                group = 0;
            }
            if c == '亿' {
                total = 0;
            }
        }
        fen
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_amount() {
        let mut fen = 7_u64;
        for _ in 0..20_000 {
            fen =
                fen.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Rows of zeros of every length are where such code goes wrong.
            let zeros = 10_u64.pow(u32::try_from(fen >> 60).unwrap());
            let amount = (fen >> 8) % PayableFen::MAX / zeros * zeros;
            let words = capital_figures(Fen::new(i64::try_from(amount).unwrap()));
            assert_eq!(read(&words), amount, "{words}");
            assert!(!words.contains("零零") && !words.contains("零元零"), "{words}");
        }
    }
}
