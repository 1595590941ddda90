//! What is printed, read back.

mod certificates;

use super::*;
use domain::fakes::samples;
use domain::money::Fen;
use domain::payment::{PaymentState, SnapshotItem};
use domain::receipt::{FiledReceipt, PaidLine, ReceiptId, RedLetter, YearOfPayments};
use domain::standards::{ReceiptCode, ReceiptNo};
use std::path::Path;

/// What `tests/run` installs.
const FONT: &str = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc";

fn filed(fen: i64, items: usize) -> FiledReceipt {
    let mut payment =
        samples::payment("YW20260302101531AB12CD34EF56", "330000001FS0000000007", fen);
    payment.state = PaymentState::Paid(samples::money("T1", fen));
    let receipt = samples::receipt(&payment, 0, 1);
    let payer = domain::identity::PersonName::new("欧阳小明").unwrap();
    let mut filed = FiledReceipt::of(receipt, &payment, Some(payer)).unwrap();
    if items > 1 {
        let each = fen / i64::try_from(items).unwrap();
        let item = |number: usize| SnapshotItem {
            code: format!("0005{number:04}"),
            name: format!("高等学校学费、住宿费及其他代收代办服务性收费项目之第{number}项"),
            amount: Fen::new(each),
            allotment: None,
        };
        filed.items = (1..=items).map(item).collect();
    }
    filed
}

fn red(of: FiledReceipt) -> FiledReceipt {
    let original = of.receipt.id.clone();
    let refund_no = domain::ids::RefundNo::new("YT000001").unwrap();
    let letter =
        RedLetter { original, refund_no, reason: "重复缴款，原路退付".to_owned() };
    let mut red = FiledReceipt { red_letter: Some(letter), ..of };
    red.receipt.id.number = ReceiptNo::new("9000000001").unwrap();
    red
}

fn sheet(filed: FiledReceipt) -> ReceiptSheet {
    ReceiptSheet { filed, printed_at: samples::at(120) }
}

fn drawn(sheet: &ReceiptSheet) -> Result<Vec<u8>, PrintFailed> {
    receipt::draw(&font(), sheet, "https://pay.example.cn/receipts/verify")
}

fn font() -> Font {
    let loaded = Font::load(Path::new(FONT));
    loaded.expect("the font that tests/run installs (fonts-wqy-microhei)")
}

/// Does the file show this text? Texts are glyph numbers, which the file itself explains.
fn shows(pdf: &[u8], text: &str) -> bool {
    read_back(pdf).iter().any(|line| line.contains(text))
}

/// Every text of the file, by its own map from glyphs to characters.
fn read_back(pdf: &[u8]) -> Vec<String> {
    let mut map = std::collections::BTreeMap::new();
    let mut contents = Vec::new();
    for stream in streams(pdf) {
        let text = String::from_utf8_lossy(&stream).into_owned();
        if text.contains("beginbfchar") {
            for line in text.lines().filter(|line| line.starts_with('<')) {
                let mut words = line.split(' ').map(|word| word.trim_matches(['<', '>']));
                let (glyph, meaning) = (words.next(), words.next());
                let number = |word: Option<&str>| u32::from_str_radix(word?, 16).ok();
                if let (Some(glyph), Some(meaning)) = (number(glyph), number(meaning)) {
                    map.insert(glyph, char::from_u32(meaning).unwrap());
                }
            }
        } else if stream.windows(4).any(|word| word == b"/F1 ") {
            contents.push(stream);
        }
    }
    assert!(!map.is_empty(), "the file explains its glyphs");
    contents
        .iter()
        .flat_map(|content| shown(content))
        .map(|codes| {
            codes
                .chunks(2)
                .map(|pair| {
                    map.get(&u32::from(u16::from_be_bytes([pair[0], pair[1]])))
                        .copied()
                        .unwrap_or('?')
                })
                .collect()
        })
        .collect()
}

/// The decompressed streams.
fn streams(pdf: &[u8]) -> Vec<Vec<u8>> {
    let find = |from: usize, what: &[u8]| {
        pdf[from..].windows(what.len()).position(|window| window == what).map(|at| from + at)
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = find(at, b"stream\n") {
        let end = find(start, b"\nendstream").unwrap();
        let packed = &pdf[start + 7..end];
        found.push(miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap());
        at = end + 10;
    }
    found
}

/// The bytes of every text that a content stream shows: `(…) Tj` or `<…> Tj`.
fn shown(content: &[u8]) -> Vec<Vec<u8>> {
    let (mut texts, mut rest) = (Vec::new(), content);
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'<' {
            let end = rest.iter().position(|byte| *byte == b'>').unwrap();
            let hex = std::str::from_utf8(&rest[..end]).unwrap();
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            texts.push((0..hex.len()).step_by(2).map(byte).collect());
            rest = &rest[end..];
        } else if *first == b'(' {
            let text;
            (text, rest) = literal(rest);
            texts.push(text);
        }
    }
    texts
}

/// The text up to the parenthesis that ends it, and what follows. Others stand in pairs or
/// behind a backslash, as control characters do by a letter or three octal digits.
fn literal(mut rest: &[u8]) -> (Vec<u8>, &[u8]) {
    let (mut text, mut depth) = (Vec::new(), 0);
    loop {
        match rest {
            [b'\\', a @ b'0'..=b'7', b, c, ..] => {
                text.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest = &rest[4..];
                continue;
            }
            [b'\\', escaped, ..] => {
                let letters = [(b'n', b'\n'), (b'r', b'\r'), (b't', b'\t'), (b'b', 8), (b'f', 12)];
                let control = letters.iter().find(|(letter, _)| letter == escaped);
                text.push(control.map_or(*escaped, |(_, control)| *control));
                rest = &rest[2..];
                continue;
            }
            [b')', after @ ..] if depth == 0 => return (text, after),
            [b')', ..] => depth -= 1,
            [b'(', ..] => depth += 1,
            [_, ..] => {}
            [] => panic!("a text that does not end"),
        }
        text.push(rest[0]);
        rest = &rest[1..];
    }
}

#[test]
fn a_receipt_shows_what_it_must_and_stays_small() {
    let pdf = drawn(&sheet(filed(20_600, 1))).unwrap();
    assert!(pdf.len() < 60_000, "{} bytes", pdf.len());
    for text in [
        "浙江省非税收入一般缴款书（电子）",
        "33030126",
        "0000000001",
        "a1B2c3",
        "欧***",
        "杭州市公安局交警支队",
        "交通违法罚款",
        "206.00",
        "¥206.00",
        "贰佰零陆元整",
        "2026年03月02日",
        "330000001FS0000000007",
    ] {
        assert!(shows(&pdf, text), "{text}: {:?}", read_back(&pdf));
    }
    assert!(!shows(&pdf, "欧阳小明"), "the payer is masked");
    assert!(!shows(&pdf, "红字") && !shows(&pdf, "冲红："));
}

#[test]
fn a_red_letter_receipt_names_its_original_and_the_original_names_it() {
    let original = filed(20_600, 1);
    let pdf = drawn(&sheet(red(original.clone()))).unwrap();
    for text in
        ["（红字）", "-206.00", "负贰佰零陆元整", "票据号码 0000000001", "重复缴款，原路退付"]
    {
        assert!(shows(&pdf, text), "{text}");
    }
    let by = ReceiptId {
        code: ReceiptCode::new("33030126").unwrap(),
        number: ReceiptNo::new("9000000001").unwrap(),
    };
    let taken_back = FiledReceipt { reversed_by: Some(by), ..original };
    let pdf = drawn(&sheet(taken_back)).unwrap();
    assert!(shows(&pdf, "本票据已冲红") && shows(&pdf, "票据号码 9000000001"));
}

#[test]
fn more_items_than_fit_are_added_up_and_the_largest_amount_fits() {
    let pdf = drawn(&sheet(filed(12_000, 12))).unwrap();
    assert!(shows(&pdf, "其余7项合计") && shows(&pdf, "70.00") && pdf.len() < 60_000);
    let largest = i64::try_from(domain::money::PayableFen::MAX).unwrap() - 1;
    let pdf = drawn(&sheet(filed(largest, 1))).unwrap();
    assert!(shows(&pdf, "玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"));
}

fn year(payments: usize) -> YearSheet {
    let line = |number: usize| {
        let no = format!("YW20260302101531{number:012}");
        let mut payment = samples::payment(&no, "330000001FS0000000007", 20_600);
        payment.state = PaymentState::Paid(samples::money("T1", 20_600));
        let refunded = if number == 1 { Fen::new(600) } else { Fen::ZERO };
        PaidLine { payment, paid_at: samples::at(10), paid: Fen::new(20_600), refunded }
    };
    let paid = Fen::new(20_600 * i64::try_from(payments).unwrap());
    let lines = (1..=payments).map(line).collect();
    let refunded = if payments > 0 { Fen::new(600) } else { Fen::ZERO };
    let year = YearOfPayments { year: 2026, lines, paid, refunded, complete: payments < 100 };
    YearSheet { year, payer: None, printed_at: samples::at(120) }
}

#[test]
fn a_year_goes_on_over_as_many_pages_as_it_takes() {
    let pdf = year::draw(&font(), &year(100)).unwrap();
    for text in
        ["2026年度缴款明细", "未实名", "第1页", "第6页", "共100笔", "¥20600.00", "¥20594.00"]
    {
        assert!(shows(&pdf, text), "{text}");
    }
    assert!(shows(&pdf, "贰万零伍佰玖拾肆元整") && shows(&pdf, "仅列出前"));
    let pdf = year::draw(&font(), &year(0)).unwrap();
    assert!(shows(&pdf, "共0笔") && shows(&pdf, "零元整") && !shows(&pdf, "第2页"));
}

#[test]
fn what_the_font_does_not_have_does_not_stop_a_document() {
    let mut filed = filed(100, 1);
    filed.items[0].name = "生僻字\u{2CEB3}\u{1F600}\n项目".to_owned();
    drawn(&sheet(filed)).unwrap();
}

#[test]
fn files_that_cannot_be_printed_with_are_told_apart() {
    let missing = Font::load(Path::new("/nowhere/font.ttf"));
    assert!(matches!(missing, Err(FontFault::Io { .. })));
    let text = Font::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")));
    assert!(matches!(text, Err(FontFault::NotAFont { .. })));
}
