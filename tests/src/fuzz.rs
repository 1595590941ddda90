//! Everything that reads what strangers write, by name, with seeds to begin from; and a mutator
//! that makes more of them. `tests/fuzz` runs the same under libFuzzer.

use crate::abuse::{bodies, documents};
use adapters::formats::Format;
use bff::guard::{self, Language};
use std::path::PathBuf;

/// What reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The pass over the bytes of a document.
    Scanner,
    /// The passes over a parsed document.
    Document,
    /// The JSON around it.
    Body,
    /// A file that is sent in.
    Multipart,
    /// What a platform sends.
    Outside(Format),
}

/// Files that are larger are refused before they are read.
const UPLOAD_MAX: u64 = 64 * 1024;
const BOUNDARY: &str = "multipart/form-data; boundary=x";

impl Target {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let own = [Self::Scanner, Self::Document, Self::Body, Self::Multipart];
        own.into_iter().chain(Format::ALL.map(Self::Outside)).collect()
    }

    /// For the report.
    pub fn name(self) -> String {
        match self {
            Self::Scanner => "scanner".to_owned(),
            Self::Document => "document".to_owned(),
            Self::Body => "body".to_owned(),
            Self::Multipart => "multipart".to_owned(),
            Self::Outside(format) => format!("{format:?}"),
        }
    }

    /// Reads; answers whether the bytes made sense. MUST NOT panic.
    pub fn reads(self, bytes: &[u8]) -> bool {
        let text = std::str::from_utf8(bytes);
        match self {
            Self::Scanner => text.is_ok_and(|text| {
                let json = guard::scan(text, Language::Json).is_ok();
                guard::scan(text, Language::GraphQl).is_ok() || json
            }),
            Self::Document => text.is_ok_and(|text| guard::admit(text).is_ok()),
            Self::Body => bff::Operation::from_json(bytes).is_ok(),
            Self::Multipart => {
                let body = actix_web::web::Bytes::copy_from_slice(bytes);
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(bff::content_of(BOUNDARY, body, UPLOAD_MAX)).is_some()
            }
            Self::Outside(format) => format.reads(bytes),
        }
    }

    /// What it begins with: one that makes sense at least, and what strangers send.
    pub fn seeds(self) -> Vec<Vec<u8>> {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let mut seeds: Vec<Vec<u8>> = match self {
            Self::Scanner | Self::Document => {
                let page = "query Home($n:Int=2){home{hot{...T}}viewer{payments(first:$n){nodes\
                            {status}}}} fragment T on App{slug name @include(if:true)}";
                let texts = "{app(slug:\"\"\"a \\\"\"\" ]\"\"\"){slug}} # [\n";
                documents()
                    .into_iter()
                    .map(|abuse| abuse.text.into_bytes())
                    .chain([bytes(page), bytes(texts)])
                    .collect()
            }
            Self::Body => {
                let good = r#"{"query":"{a}","variables":{"a":[1,{"b":"\u5b57"}]},"extensions":
                    {"persistedQuery":{"version":1,"sha256Hash":"00"}},"operationName":"A"}"#;
                bodies()
                    .into_iter()
                    .map(|abuse| abuse.text.into_bytes())
                    .chain([bytes(good)])
                    .collect()
            }
            Self::Multipart => vec![bytes(
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\
                 Content-Type: application/pdf\r\n\r\n%PDF-1.7 abc\r\n--x--\r\n",
            )],
            Self::Outside(format) => outside(format),
        };
        // A page of memory is enough for every structure; mutations of much are much of the same.
        seeds.iter_mut().for_each(|seed| seed.truncate(64 * 1024));
        seeds
    }
}

fn sample(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
    std::fs::read(path).unwrap()
}

fn outside(format: Format) -> Vec<Vec<u8>> {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    match format {
        Format::WeChatBill => vec![
            sample("sample_tradebill_ALL.csv"),
            sample("sample_tradebill_SUCCESS.csv"),
            sample("sample_tradebill_REFUND.csv"),
        ],
        Format::AlipayBill => vec![sample("sample_alipay_business.csv.zip")],
        Format::UnionPaySettlement => vec![sample("unionpay_settlement_sample.txt")],
        Format::WeChatCallback => {
            texts(&[r#"{"id":"EV-1","create_time":"2026-03-02T10:00:00+08:00","event_type":
            "TRANSACTION.SUCCESS","resource_type":"encrypt-resource","resource":{"algorithm":
            "AEAD_AES_256_GCM","ciphertext":"AA==","associated_data":"transaction","nonce":"abc"}}"#])
        }
        Format::AlipayCallback => texts(&[
            "notify_time=2026-03-02+10%3A00%3A00&notify_type=trade_status_sync&notify_id=1\
             &app_id=2021000000000001&out_trade_no=YW000001&trade_no=1&total_amount=206.00\
             &trade_status=TRADE_SUCCESS&subject=%E7%BC%B4%E6%AC%BE&sign_type=RSA2&sign=AA%3D%3D",
        ]),
        Format::AlipayAnswer => texts(&[
            r#"{"alipay_trade_query_response":{"code":"10000","msg":"Success","trade_no":"1",
            "total_amount":"206.00"},"alipay_cert_sn":"00","sign":"AA=="}"#,
        ]),
        Format::UnionPayCallback => texts(&[
            "version=5.1.0&encoding=UTF-8&txnType=01&txnSubType=01&orderId=YW000001&txnAmt=20600\
             &txnTime=20260302100000&respCode=00&respMsg=%E6%88%90%E5%8A%9F&signature=AA%3D%3D",
        ]),
        Format::UnionPayAnswer => texts(&[
            "version=5.1.0&respCode=00&reserved={a=1&b=[2&3]}&signPubKeyCert=-----BEGIN&signature=AA==",
        ]),
        Format::GatewayCall => texts(&[
            r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">
            <soapenv:Body><PayConfirm><XML>&lt;ROOT&gt;&lt;MESSAGE&gt;PayConfirm&lt;/MESSAGE&gt;
            &lt;/ROOT&gt;</XML><SIGN KEYID="1" ALGORITHM="SM2">AA==</SIGN></PayConfirm>
            </soapenv:Body></soapenv:Envelope>"#,
            "<ROOT><MESSAGE>PayConfirm</MESSAGE><REQUESTID>1</REQUESTID></ROOT>",
        ]),
        Format::Clearing => texts(&[
            "1|1|200.00|0|0.00|0|0.00\n330100|330101|330000001FS1|YW1|0||\n",
            "1|206.00\n330106|001001|123456789|YW000001|206.00\n",
        ]),
    }
}

/// Numbers that look random and are the same in every run.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Of this run.
    pub fn of(seed: u64) -> Self {
        // The state must never be nought.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap()
    }
}

/// Pieces that parsers trip over.
const PIECES: [&[u8]; 20] = [
    b"[",
    b"{",
    b"(",
    b"\"",
    b"\"\"\"",
    b"\\",
    b"\\u",
    b"\\ud800",
    b"#",
    b"...",
    b"\0",
    b"\xff",
    b"%",
    b"&",
    b"<!DOCTYPE",
    b"<![CDATA[",
    b"-9223372036854775808",
    b"1e999",
    b"\r\n--x",
    b"\xef\xbb\xbf",
];

/// One more text, made of the seeds: bits turned, pieces put in, cut out, repeated, or two of
/// them spliced.
pub fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut text = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(6) {
        let at = dice.below(text.len() + 1);
        match dice.below(7) {
            0 if at < text.len() => text[at] ^= 1 << dice.below(8),
            1 => drop(text.splice(at..at, PIECES[dice.below(PIECES.len())].iter().copied())),
            2 => drop(text.drain(at..(at + dice.below(64)).min(text.len()))),
            3 => {
                let piece = text[at..(at + dice.below(32)).min(text.len())].repeat(dice.below(64));
                drop(text.splice(at..at, piece));
            }
            4 => {
                let other = &seeds[dice.below(seeds.len())];
                text.truncate(at);
                text.extend_from_slice(&other[dice.below(other.len() + 1)..]);
            }
            5 if at < text.len() => text[at] = u8::try_from(dice.below(256)).unwrap(),
            _ => text.truncate(at),
        }
    }
    text.truncate(128 * 1024);
    text
}

/// Feeds a target with its seeds and so many mutations; answers how many of them made sense.
pub fn feed(target: Target, times: usize, seed: u64) -> usize {
    let seeds = target.seeds();
    let sense = seeds.iter().filter(|text| target.reads(text)).count();
    let mut dice = Dice::of(seed);
    let mut count = 0;
    for _ in 0..times {
        count += usize::from(target.reads(&mutated(&seeds, &mut dice)));
    }
    assert!(
        sense > 0,
        "{}: no seed makes sense, so nothing behind the first check is tried",
        target.name()
    );
    count
}
