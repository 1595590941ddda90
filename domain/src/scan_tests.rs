//! What we print is understood; what others print, or make look like ours, is refused.

use super::*;

const OWN: &str = "https://yiwang.example.gov.cn";
const QR: &str = "330100|000001|3301600000001|20000|06405|16337||";

fn read(text: &str) -> Result<Scanned, ScanRefused> {
    OwnAddress::new(OWN).read(text)
}

fn app(slug: &str) -> Scanned {
    Scanned::App(AppSlug::new(slug).unwrap())
}

#[test]
fn every_code_that_we_print_is_understood() {
    let pay_code = PayCode::new("33010016000000000010").unwrap();
    assert_eq!(read("33010016000000000010"), Ok(Scanned::PayCode(pay_code)));
    let notice = NoticeNo::new("330000101A2B3C4D5E").unwrap();
    assert_eq!(read("330000101A2B3C4D5E"), Ok(Scanned::Notice(notice)));
    assert_eq!(read(QR), Ok(Scanned::NoticeQr(NoticeQr::new(QR).unwrap())));
    let id = ReceiptId {
        code: ReceiptCode::new("33030126").unwrap(),
        number: ReceiptNo::new("0000000001").unwrap(),
    };
    let receipt = Scanned::Receipt(id, CheckCode::new("a1B2c3").unwrap());
    for query in [
        "code=33030126&number=0000000001&check=a1B2c3",
        "check=a1B2c3&number=0000000001&code=33030126",
    ] {
        assert_eq!(read(&format!("{OWN}/receipts/verify?{query}")), Ok(receipt.clone()), "{query}");
    }
    let serial = SerialNo::new("ZM20260302ABCDEFGHJKMN").unwrap();
    let code = AuthorisationCode::new("0123456789AB").unwrap();
    assert_eq!(
        read(&format!("{OWN}/certificates/verify?serial={serial}&code={}", code.expose())),
        Ok(Scanned::Certificate(serial, code))
    );
    let link = Scanned::PayLink("k1_Zm9v-bar".to_owned());
    assert_eq!(read(&format!("{OWN}/pay/k1_Zm9v-bar")), Ok(link));
    let slug = AppSlug::new("bus_realtime").unwrap();
    assert_eq!(read(&OwnAddress::new(OWN).of_app(&slug)), Ok(app("bus_realtime")));
    assert_eq!(read(&format!(" {OWN}/apps/bus_realtime\r\n")), Ok(app("bus_realtime")));
    assert_eq!(read("HTTPS://YIWANG.EXAMPLE.GOV.CN/apps/bus_realtime"), Ok(app("bus_realtime")));
}

#[test]
fn our_own_numbers_are_told_apart_by_their_letters() {
    let ids = crate::fakes::CountingIds::default();
    let now = "2026-03-02T10:00:00.123456+08:00".parse().unwrap();
    let (booking, case) = (BookingNo::generate(now, &ids), CaseNo::generate(now, &ids));
    let (payment, refund) = (PaymentNo::generate(now, &ids), RefundNo::generate(now, &ids));
    let (parcel, serial) = (DeliveryNo::generate(now, &ids), SerialNo::generate(now, &ids));
    for (text, no) in [
        (booking.to_string(), OwnNo::Booking(booking)),
        (case.to_string(), OwnNo::Case(case)),
        (payment.to_string(), OwnNo::Payment(payment)),
        (refund.to_string(), OwnNo::Refund(refund)),
        (parcel.to_string(), OwnNo::Delivery(parcel)),
        (serial.to_string(), OwnNo::Certificate(serial)),
    ] {
        assert_eq!(read(&text), Ok(Scanned::Own(no)), "{text}");
        for wrong in [
            text[1..].to_owned(),
            format!("{text}0"),
            text[..text.len() - 1].to_owned(),
            text.to_ascii_lowercase(),
            format!("{}-", &text[..text.len() - 1]),
            format!("QQ{}", &text[2..]),
            text.replacen("2026", "2O26", 1),
        ] {
            assert_eq!(read(&wrong), Err(ScanRefused::Unknown), "{wrong}");
        }
    }
}

#[test]
fn the_texts_of_a_draw_lead_to_the_draw() {
    let app = AppSlug::new("passenger_car_lottery").unwrap();
    let draw = Scanned::Draw(app, Issue::new("202603").unwrap());
    for text in ["", "draw.txt", "eligible.txt", "winners.txt"] {
        let address = format!("{OWN}/lottery/passenger_car_lottery/202603/{text}");
        assert_eq!(read(&address), Ok(draw.clone()), "{address}");
    }
}

#[test]
fn an_edited_notice_is_told_from_a_text_that_is_none() {
    assert_eq!(read(&QR.replace("20000", "200")), Err(ScanRefused::Edited));
    assert_eq!(read(&QR.replace("3301600000001", "3301600000009")), Err(ScanRefused::Edited));
    for text in ["a|b", "|||||||", &QR.replace("330100", "浙江省"), &format!("{QR}{QR}")] {
        assert_eq!(read(text), Err(ScanRefused::Unknown), "{text}");
    }
}

/// Everything that could stand between, around or in the place of our own address.
fn disguises() -> Vec<String> {
    let host = "yiwang.example.gov.cn";
    let mut all: Vec<String> = [
        "https://evil.example.com/apps/bus_realtime",
        "http://yiwang.example.gov.cn/apps/bus_realtime",
        "https:yiwang.example.gov.cn/apps/bus_realtime",
        "https:/yiwang.example.gov.cn/apps/bus_realtime",
        "https:///yiwang.example.gov.cn/apps/bus_realtime",
        "https:\\\\yiwang.example.gov.cn\\apps\\bus_realtime",
        "//yiwang.example.gov.cn/apps/bus_realtime",
        "/apps/bus_realtime",
        "www.evil.com",
        "javascript:location='https://yiwang.example.gov.cn/apps/bus_realtime'",
        "data:text/html,https://yiwang.example.gov.cn/",
        "weixin://dl/business/?t=abc",
        "alipays://platformapi/startapp?appId=1",
        "wxp://f2f0abc",
        "intent://yiwang.example.gov.cn/#Intent;end",
        "file:///etc/passwd",
        "tel:110",
        "blob:https://yiwang.example.gov.cn/apps/bus_realtime",
        "view-source:https://yiwang.example.gov.cn/apps/bus_realtime",
        "jar:https://yiwang.example.gov.cn/apps/bus_realtime",
    ]
    .map(str::to_owned)
    .to_vec();
    for after in [
        ".",
        ":443",
        ":8443",
        "@evil.com",
        ":x@evil.com",
        ".evil.com",
        "evil.com",
        "\\@evil.com",
        "#@evil.com",
        "?@evil.com",
        "%2eevil.com",
        "%00",
        ";evil.com",
        ",evil.com",
        "。evil.com",
        "\u{2025}evil.com",
        "\u{FF0F}evil.com",
        "\u{2044}evil.com",
        "\u{200B}",
        "\u{202E}",
        "\u{0}",
    ] {
        all.push(format!("https://{host}{after}/apps/bus_realtime"));
    }
    for before in
        ["evil.com@", "user:word@", "evil.com/", "evil-", "x.", "@", "\\", "\u{200D}", "%40"]
    {
        all.push(format!("https://{before}{host}/apps/bus_realtime"));
    }
    // Characters that look like one of the host's.
    for (real, like) in [
        ('a', "а"),
        ('e', "е"),
        ('i', "і"),
        ('o', "о"),
        ('g', "ɡ"),
        ('w', "ԝ"),
        ('n', "ո"),
        ('y', "у"),
        ('x', "х"),
        ('p', "р"),
        ('c', "с"),
        ('v', "ν"),
        ('l', "1"),
        ('l', "I"),
        ('i', "l"),
        ('m', "rn"),
        ('.', "．"),
        ('.', "。"),
        ('.', "․"),
        ('a', "a\u{301}"),
        ('e', "ｅ"),
        ('g', "q"),
    ] {
        for (at, _) in host.match_indices(real) {
            let (head, tail) = host.split_at(at);
            let tail = &tail[real.len_utf8()..];
            all.push(format!("https://{head}{like}{tail}/apps/bus_realtime"));
        }
    }
    all.push("https://xn--yiwang-9na.example.gov.cn/apps/bus_realtime".to_owned());
    all
}

#[test]
fn no_disguise_of_an_address_is_taken_for_ours() {
    let all = disguises();
    assert!(all.len() > 80, "{}", all.len());
    for text in all {
        assert_eq!(read(&text), Err(ScanRefused::Foreign), "{text:?}");
    }
}

#[test]
fn an_address_of_ours_means_only_what_we_print() {
    for path in [
        "/",
        "/apps/",
        "/apps/Bus",
        "/apps/bus_realtime/",
        "/apps/bus_realtime?x=1",
        "/apps//bus",
        "/apps/../pay/abc",
        "/apps/bus%5frealtime",
        "/apps/bus_realtime#a",
        "/pay/",
        "/pay/a/b",
        "/pay/a?b=c",
        "/pay/a.b",
        "/graphql?query={viewer{person{id}}}",
        "/staff/",
        "/documents/abc",
        "/lottery/",
        "/lottery/passenger_car_lottery",
        "/lottery/passenger_car_lottery/202603",
        "/lottery/passenger_car_lottery/202613/",
        "/lottery/passenger_car_lottery/202603/other.txt",
        "/lottery/passenger_car_lottery/202603/draw.txt/",
        "/lottery/passenger_car_lottery/202603/draw.txt?x=1",
        "/receipts/verify",
        "/certificates/verify",
        "/certificates/verify?serial=ZM20260302ABCDEFGHJKMN",
        "/certificates/verify?serial=ZM20260302ABCDEFGHJKMN&code=0123",
        "/certificates/verify?serial=ZM20260302ABCDEFGHJKMN&code=0123456789AB&x=1",
        "/receipts/verify?",
        "/receipts/verify?code=33030126",
        "/receipts/verify?code=33030126&number=0000000001&check=a1B2c3&x=1",
        "/receipts/verify?code=33030126&number=0000000001&check=a1B2c3&check=a1B2c3",
        "/receipts/verify?code=33030126&number=0000000001&check=a1B2c3#x",
        "/receipts/verify?code=33030126&number=0000000001&check=a1B2c3@evil.com",
        "/receipts/verify?Code=33030126&number=0000000001&check=a1B2c3",
        "/receipts/verify?code=3303012&number=0000000001&check=a1B2c3",
        "/receipts/verify/?code=33030126&number=0000000001&check=a1B2c3",
    ] {
        assert_eq!(read(&format!("{OWN}{path}")), Err(ScanRefused::UnknownPage), "{path}");
    }
    let long = format!("{OWN}/pay/{}", "a".repeat(TOKEN_MAX + 1));
    assert_eq!(read(&long), Err(ScanRefused::UnknownPage));
}

#[test]
fn what_is_no_code_is_refused_however_long_or_odd() {
    assert_eq!(read(&"3".repeat(SCAN_MAX + 1)), Err(ScanRefused::TooLong));
    assert_eq!(read(&"社".repeat(SCAN_MAX)), Err(ScanRefused::TooLong));
    for text in [
        "  ",
        "hello",
        "社保",
        "３３０１００１６０００００００００１０",
        "33010016000000000010 ;",
        "3301001600000000 0010",
        "33010016000000000010\u{200B}",
        "\u{202E}33010016000000000010",
        "'; DROP TABLE payment_notice;--",
        "{}",
        "[1]",
        "\0",
        "🚗",
    ] {
        assert_eq!(read(text), Err(ScanRefused::Unknown), "{text:?}");
    }
}

/// A small generator: the same texts in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

#[test]
fn whatever_is_changed_in_a_good_code_it_is_refused_or_still_stands_under_our_address() {
    let good = [
        QR.to_owned(),
        "33010016000000000010".to_owned(),
        format!("{OWN}/apps/bus_realtime"),
        format!("{OWN}/pay/k1_Zm9v-bar"),
        format!("{OWN}/receipts/verify?code=33030126&number=0000000001&check=a1B2c3"),
    ];
    let pieces: Vec<char> = "@:/\\.?#&=|%-_ aZ09\u{200B}\u{202E}\u{FF0E}а社\0\n".chars().collect();
    let mut dice = Dice(7);
    for _ in 0..20_000 {
        let mut text: Vec<char> = good[dice.below(good.len())].chars().collect();
        for _ in 0..=dice.below(4) {
            let (at, piece) = (dice.below(text.len()), pieces[dice.below(pieces.len())]);
            match dice.below(4) {
                0 => text.insert(at, piece),
                1 => text[at] = piece,
                2 if text.len() > 1 => drop(text.remove(at)),
                _ => text.extend_from_within(at..),
            }
        }
        let text: String = text.into_iter().collect();
        let address = text.contains("//");
        if let Ok(meaning) = read(&text) {
            let trimmed = text.trim();
            assert!(trimmed.is_ascii() && trimmed.len() <= SCAN_MAX, "{text:?}");
            let under_ours = trimmed.strip_prefix(OWN).is_some_and(|rest| rest.starts_with('/'));
            assert_eq!(address, under_ours, "{text:?}: {meaning:?}");
        }
    }
}
