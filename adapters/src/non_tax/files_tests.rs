use super::super::clearing_out::tests::sample;
use super::super::envelope::wrap;
use super::super::testing::{
    answer, document_of, done, echoing, gateway, gateway_key, gateway_of, gateway_sm2_key, http,
    name, our_public_key, parameter, sm2_config,
};
use super::*;
use crate::crypto::AgileSigningKey;
use crate::test_support::Peer;
use jiff::civil::date;
use std::sync::{Arc, Mutex};

fn uploaded(code: &str, message: &str, file: &str, details: &str) -> String {
    let document = format!(
        "<ROOT><IS_SUCCESS CODE=\"{code}\"/><ERRMSG>{message}</ERRMSG><REQUEST>\
         <PARAM NAME=\"MESSAGE\">Upload_File</PARAM><PARAM NAME=\"FILENAME\">{file}</PARAM>\
         </REQUEST><RESPONSE><RESULT>{details}</RESULT></RESPONSE></ROOT>"
    );
    http(200, &answer(Message::UploadFile, &document))
}

fn head<'a>(request: &'a str, header: &str) -> &'a str {
    let (_, rest) =
        request.split_once(&format!("{header}: ")).unwrap_or_else(|| panic!("{header}"));
    rest.split_once("\r\n").unwrap().0
}

#[tokio::test]
async fn a_file_is_sent_with_a_signature_over_its_digest() {
    let seen = Arc::new(Mutex::new(String::new()));
    let copy = seen.clone();
    let base = Peer::replies(move |request| {
        request.clone_into(&mut copy.lock().unwrap());
        uploaded("00", "", "FC_20260302.txt", "")
    });
    let gateway = gateway(&format!("{base}/below"));
    assert_eq!(gateway.send_split(&sample()).await.unwrap(), Sent::Taken);
    let request = seen.lock().unwrap().clone();
    let start = "POST /below/files/non-tax/FC_20260302.txt HTTP/1.1";
    assert!(request.starts_with(start), "{request}");
    assert_eq!(head(&request, "x-gateway-key-id"), "our-1");
    assert_eq!(head(&request, "x-gateway-algorithm"), "RSA-SHA256");
    let digest = sha256_hex(&super::super::clearing_out::split(&sample()));
    let text = format!("POST\n/files/non-tax/FC_20260302.txt\n20260302101540\n{digest}\n");
    let ours = our_public_key();
    let signature = head(&request, "x-gateway-signature");
    assert_eq!(ours.verify(text.as_bytes(), signature), Ok(()));
}

#[tokio::test]
async fn what_became_of_a_sent_file_is_told_apart() {
    let sent = async |answer: String| gateway(&Peer::answers(&answer)).send_orders(&sample()).await;
    let file = "DZ_20260302.txt";
    let line =
        "<DETAIL><LINENO>2</LINENO><REASONCODE>SUM</REASONCODE><REASON>不等</REASON></DETAIL>";
    let rejected = sent(uploaded("99", "REJECTED:1", file, line)).await.unwrap();
    let (code, reason) = ("SUM".to_owned(), "不等".to_owned());
    assert_eq!(rejected, Sent::Rejected(vec![RejectedLine { line: 2, code, reason }]));
    assert_eq!(sent(uploaded("99", "JUDGED:", file, "")).await.unwrap(), Sent::Judged);
    assert_eq!(name(&sent(uploaded("99", "BUSY:", file, "")).await), "refused");
    assert_eq!(name(&sent(uploaded("00", "", "FC_20260302.txt", "")).await), "unknown");
    assert_eq!(name(&sent(http(401, "wrong signature")).await), "unknown");
    let key = gateway_key();
    let other = wrap("GetPay_InfoResponse", &done(""), ("gateway-1", &key), None).unwrap();
    assert_eq!(name(&sent(http(200, &other)).await), "unknown");
}

/// What the gateway has, and what may be wrong with the way it gives it.
#[derive(Clone)]
struct Shelf {
    files: Vec<(&'static str, Vec<u8>)>,
    listed_digest: Option<&'static str>,
    timestamp: &'static str,
    status: u16,
    altered: bool,
    sm2: bool,
}

impl Shelf {
    fn new(files: &[(&'static str, &[u8])]) -> Self {
        let files = files.iter().map(|(name, bytes)| (*name, bytes.to_vec())).collect();
        let timestamp = "20260302101540";
        Self { files, listed_digest: None, timestamp, status: 200, altered: false, sm2: false }
    }

    fn key(&self) -> (&'static str, AgileSigningKey) {
        if self.sm2 { ("gateway-sm2", gateway_sm2_key()) } else { ("gateway-1", gateway_key()) }
    }

    fn base(self) -> String {
        Peer::replies(move |request| {
            let path = request.split(' ').nth(1).unwrap();
            match path.strip_prefix("/files/non-tax/") {
                Some(name) => self.give(name),
                None => self.list(request),
            }
        })
    }

    fn list(&self, request: &str) -> String {
        let asked = document_of(request);
        assert_eq!(parameter(&asked, "FILEDATE"), "20260302");
        let detail = |(name, bytes): &(&str, Vec<u8>)| {
            let digest = sha256_hex(bytes);
            format!(
                "<DETAIL><FILENAME>{name}</FILENAME><FILEBYTES>{}</FILEBYTES>\
                 <FILESHA256>{}</FILESHA256></DETAIL>",
                bytes.len(),
                self.listed_digest.unwrap_or(&digest),
            )
        };
        let details: String = self.files.iter().map(detail).collect();
        let id = parameter(&asked, "REQUESTID");
        let document = echoing(&done(&details), &id, Message::ListFiles);
        let (key_id, key) = self.key();
        http(200, &wrap("List_FilesResponse", &document, (key_id, &key), None).unwrap())
    }

    fn give(&self, name: &str) -> String {
        let bytes = &self.files.iter().find(|(found, _)| *found == name).unwrap().1;
        let (key_id, key) = self.key();
        let digest = key.algorithm().digest_hex(bytes);
        let text = format!("200\n/files/non-tax/{name}\n{}\n{digest}\n", self.timestamp);
        let signature = key.sign(text.as_bytes()).unwrap();
        let mut body = String::from_utf8(bytes.clone()).unwrap();
        if self.altered {
            body = body.replace('0', "1");
        }
        format!(
            "HTTP/1.1 {} X\r\nConnection: close\r\nContent-Length: {}\r\n\
             X-Gateway-Key-Id: {key_id}\r\nX-Gateway-Algorithm: {}\r\n\
             X-Gateway-Timestamp: {}\r\nX-Gateway-Signature: {signature}\r\n\r\n{body}",
            self.status,
            body.len(),
            key.algorithm().name(),
            self.timestamp,
        )
    }
}

const DAY: jiff::civil::Date = date(2026, 3, 2);
const EMPTY_RESULT: &[u8] = b"0|0|0.00|0|0.00|0|0.00\n";

#[tokio::test]
async fn batches_of_the_result_are_fetched_in_order_and_nothing_else() {
    let one = b"1|1|5.00|0|0.00|0|0.00\n330100|330101|330000001FS1|YW1|0||\n";
    let shelf = Shelf::new(&[
        ("JG_20260302_02.txt", EMPTY_RESULT),
        ("JG_20260302_01.txt", one),
        ("JG_20260302_1.txt", b"not ours"),
        ("JG_20260302_00.txt", b"not ours"),
        ("DZ_20260302.txt", b"not ours"),
    ]);
    let results = gateway(&shelf.base()).results(DAY).await.unwrap();
    let found: Vec<_> = results.iter().map(|result| (result.batch, result.lines.len())).collect();
    assert_eq!(found, [(1, 1), (2, 0)]);
    let none = gateway(&Shelf::new(&[]).base()).results(DAY).await.unwrap();
    assert_eq!(none, []);
}

#[tokio::test]
async fn refunds_that_finance_wants_are_there_or_not_yet() {
    let shelf = Shelf::new(&[("TF_20260302.txt", b"0|0.00\n")]);
    assert_eq!(gateway(&shelf.base()).ordered_refunds(DAY).await.unwrap(), Some(Vec::new()));
    let none = gateway(&Shelf::new(&[]).base()).ordered_refunds(DAY).await.unwrap();
    assert_eq!(none, None);
    let faulty = Shelf::new(&[("TF_20260302.txt", b"1|0.00\n")]);
    match gateway(&faulty.base()).ordered_refunds(DAY).await {
        Err(ClearingError::Faulty { file, fault: FileFault::Count { said: 1, found: 0 } }) => {
            assert_eq!(file, "TF_20260302.txt");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_believed_only_as_it_was_listed_and_signed() {
    let good = Shelf::new(&[("JG_20260302_01.txt", EMPTY_RESULT)]);
    let fetch = async |shelf: Shelf| gateway(&shelf.base()).results(DAY).await;
    let other_bytes = fetch(Shelf { listed_digest: Some("00"), ..good.clone() }).await;
    let faulty =
        matches!(other_bytes, Err(ClearingError::Faulty { fault: FileFault::OtherBytes, .. }));
    assert!(faulty, "{other_bytes:?}");
    for bad in [
        Shelf { altered: true, ..good.clone() },
        Shelf { timestamp: "20260302100000", ..good.clone() },
        Shelf { status: 404, ..good.clone() },
        Shelf { sm2: true, ..good.clone() },
    ] {
        let fetched = fetch(bad).await;
        assert!(matches!(fetched, Err(ClearingError::Outside(_))), "{fetched:?}");
    }
    assert_eq!(fetch(good.clone()).await.unwrap().len(), 1);
    let sm2 = gateway_of(&sm2_config(&Shelf { sm2: true, ..good }.base()));
    assert_eq!(sm2.results(DAY).await.unwrap().len(), 1);
}
