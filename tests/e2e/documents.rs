//! Receipts and statements as files, by links that anybody may hold and nobody may forge.

use domain::payment::{ReceiptReversal as _, ReversalRequest};
use domain::receipt::ReverseReceipts;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::levers::Http;

const HEADERS: [&str; 5] = [
    "content-type",
    "content-disposition",
    "x-content-type-options",
    "cache-control",
    "content-security-policy",
];

/// A citizen of proved name with one paid and receipted fine; the receipt.
async fn receipted(app: &TestApp) -> (Citizen, Value, i64) {
    let citizen = app.citizen().await;
    let name = json!({ "name": citizen.facts["name"], "idCard": citizen.facts["idCard"] });
    citizen.mutation("verifyRealName", "VerifyRealNameInput", "person{id}", &name).await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment_no).await;
    let payment = citizen.waits_for_receipt(&payment_no).await;
    (citizen, payment["receipts"][0].clone(), fen)
}

fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-") && bytes.trim_ascii_end().ends_with(b"%%EOF")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_fetched_by_its_link_for_five_minutes() {
    let app = TestApp::start().await;
    let (_, receipt, _) = receipted(&app).await;
    let url = receipt["pdfUrl"].as_str().unwrap();
    assert!(url.starts_with(&format!("{}/documents/", app.node.base_url)), "{url}");
    let http = Http::default();
    let (status, headers, pdf) = http.fetch(url, &HEADERS).await;
    assert_eq!((status, is_pdf(&pdf)), (200, true));
    assert!(pdf.len() < 60_000, "{} bytes", pdf.len());
    let number = receipt["number"].as_str().unwrap();
    let name = format!("receipt-{}-{number}.pdf", receipt["code"].as_str().unwrap());
    let disposition = format!("attachment; filename=\"{name}\"");
    let sandbox = "sandbox; default-src 'none'";
    assert_eq!(headers, ["application/pdf", &disposition, "nosniff", "no-store", sandbox]);
    app.levers.advance(301).await;
    let (status, headers, page) = http.fetch(url, &HEADERS).await;
    let page = String::from_utf8(page).unwrap();
    assert_eq!((status, headers[0].as_str()), (410, "text/html; charset=utf-8"));
    assert!(page.contains("链接已过期") && page.contains("重新打开"), "{page}");
    app.finish().await;
}

/// What a reader that knows nothing of us finds in the file: by its fonts and their maps to
/// Unicode, so what is read here can be searched and copied there.
pub fn read_text(pdf: &[u8]) -> String {
    let mut reader = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext, which tests/run installs (poppler-utils)");
    reader.stdin.take().unwrap().write_all(pdf).unwrap();
    let read = reader.wait_with_output().unwrap();
    assert!(read.status.success());
    String::from_utf8(read.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_can_read_on_the_receipt_who_paid_what_to_whom() {
    let app = TestApp::start().await;
    let (citizen, receipt, fen) = receipted(&app).await;
    let url = receipt["pdfUrl"].as_str().unwrap();
    let (_, _, pdf) = Http::default().fetch(url, &[]).await;
    let text = read_text(&pdf);
    let told = |key: &str| receipt[key].as_str().unwrap();
    let amount = format!("¥{}.{:02}", fen / 100, fen % 100);
    let payer = format!("交款人： {}", told("payer"));
    let words = [told("code"), told("number"), told("checkCode"), told("agency"), &amount, &payer];
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    for word in words {
        assert!(squeezed(&text).contains(&squeezed(word)), "{word} in {text}");
    }
    let name = citizen.facts["name"].as_str().unwrap();
    assert!(told("payer").starts_with(&name[..3]) && !text.contains(name), "masked: {text}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_everybody_tells_a_genuine_receipt_from_others() {
    let app = TestApp::start().await;
    let (_, receipt, fen) = receipted(&app).await;
    let told = |key: &str| receipt[key].as_str().unwrap();
    let (code, number, check) = (told("code"), told("number"), told("checkCode"));
    let look = async |query: &str| {
        let url = format!("{}/receipts/verify{query}", app.node.base_url);
        let (status, headers, page) = Http::default().fetch(&url, &HEADERS).await;
        assert!(headers[4].starts_with("default-src 'none'"), "{headers:?}");
        (status, String::from_utf8(page).unwrap())
    };
    let (status, page) = look(&format!("?code={code}&number={number}&check={check}")).await;
    assert!((status, page.contains("票据真实有效")) == (200, true), "{page}");
    let amount = format!("¥{}.{:02}", fen / 100, fen % 100);
    for shown in [amount.as_str(), told("agency"), told("payer"), number] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let (status, page) = look("").await;
    assert!(status == 200 && page.contains("<form"), "{page}");
    let long = "9".repeat(3_000);
    for query in [
        format!("?code={code}&number={number}&check=zzzzzz"),
        format!("?code={code}&number={number}"),
        format!("?code={long}&number={long}&check={long}"),
        "?check=%3Cscript%3E".to_owned(),
    ] {
        let (status, page) = look(&query).await;
        assert!(status == 404 && page.contains("没有查到这张票据"), "{query}: {page}");
        assert!(!page.contains("¥") && !page.contains("<script") && page.len() < 4_000);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_guesses_nine_check_codes_and_no_more() {
    let app = TestApp::start().await;
    let anybody = app.citizen().await.anonymous();
    let guesses = async |count: usize| {
        let guess = |number: usize| {
            format!(
                "g{number}:verifyReceipt(code:\"33030126\",number:\"0000000001\",\
                 checkCode:\"{number:06}\"){{valid}}"
            )
        };
        let query = format!("{{{}}}", (0..count).map(guess).collect::<String>());
        anybody.ask(&query, json!({})).await
    };
    assert_eq!(guesses(9).await["data"]["g8"]["valid"], false);
    let refused = guesses(10).await;
    assert!(refused["data"].is_null() && !refused["errors"].is_null(), "{refused}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_link_leads_nowhere() {
    let app = TestApp::start().await;
    let (_, receipt, _) = receipted(&app).await;
    let url = receipt["pdfUrl"].as_str().unwrap();
    let (base, token) = url.rsplit_once('/').unwrap();
    let (claim, code) = token.split_once('.').unwrap();
    let flipped = if code.starts_with('A') { "B" } else { "A" };
    let http = Http::default();
    for forged in [
        format!("{claim}.{flipped}{}", &code[1..]),
        format!("A{}.{code}", &claim[1..]),
        claim.to_owned(),
        "x".to_owned(),
        "%00".to_owned(),
        "A".repeat(4_000),
    ] {
        let (status, _, page) = http.fetch(&format!("{base}/{forged}"), &[]).await;
        assert_eq!(status, 404, "{forged}");
        assert!(!is_pdf(&page));
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_is_told_and_fetched_and_nobody_elses() {
    let app = TestApp::start().await;
    let (citizen, receipt, fen) = receipted(&app).await;
    let year = "{viewer{yearlyStatement(year:2026){year lines complete total{fen} refunded{fen} \
                pdfUrl} receipts(first:1){nodes{number class payer agency items{name amount{fen}} \
                reverses{number} reversedBy{number}} pageInfo{hasNextPage endCursor}}}}";
    let viewer = citizen.reads(year).await["viewer"].clone();
    let told = &viewer["yearlyStatement"];
    assert_eq!((&told["lines"], &told["total"]["fen"]), (&json!(1), &json!(fen)));
    assert_eq!((&told["refunded"]["fen"], &told["complete"]), (&json!(0), &json!(true)));
    let (status, headers, pdf) =
        Http::default().fetch(told["pdfUrl"].as_str().unwrap(), &HEADERS).await;
    assert_eq!((status, is_pdf(&pdf)), (200, true));
    assert_eq!(headers[1], "attachment; filename=\"payments-2026.pdf\"");
    let node = &viewer["receipts"]["nodes"][0];
    assert_eq!((&node["number"], &node["reversedBy"]), (&receipt["number"], &Value::Null));
    assert_eq!(node["items"][0]["amount"]["fen"], fen);
    assert!(node["class"].as_str().unwrap().contains("电子"), "{node}");
    assert_eq!(viewer["receipts"]["pageInfo"]["hasNextPage"], false);

    let other = app.citizen().await;
    let viewer = other.reads(year).await["viewer"].clone();
    assert_eq!(viewer["yearlyStatement"]["lines"], 0);
    assert_eq!(viewer["receipts"]["nodes"], json!([]));
    let node = json!({ "id": receipt["id"] });
    let foreign = other.ask("query($id:ID!){node(id:$id){id}}", node).await;
    assert_eq!(foreign["data"]["node"], Value::Null);
    let cursor =
        format!("{}:{}", receipt["code"].as_str().unwrap(), receipt["number"].as_str().unwrap());
    let query = "query($a:String){viewer{receipts(after:$a){nodes{id}}}}";
    let refused = other.ask(query, json!({ "a": cursor })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_INPUT", "{refused}");
    app.finish().await;
}

/// Takes receipts back as the gateway would, with numbers of its own.
struct Gateway;

#[async_trait::async_trait]
impl domain::receipt::RedReceiptIssuer for Gateway {
    async fn reverse(
        &self,
        receipt: &domain::receipt::Receipt,
        _: &ReversalRequest,
    ) -> Result<domain::receipt::Receipt, domain::outside::OutsideError> {
        let number = domain::standards::ReceiptNo::new("9999999999").unwrap();
        let id = domain::receipt::ReceiptId { number, ..receipt.id.clone() };
        Ok(domain::receipt::Receipt { id, ..receipt.clone() })
    }

    async fn replace(
        &self,
        _: &domain::receipt::WriteOff,
        _: &domain::receipt::ReceiptId,
    ) -> Result<domain::receipt::Receipt, domain::outside::OutsideError> {
        unreachable!("no receipt of a rest is asked for here")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_was_taken_back_says_so_to_everybody() {
    let app = TestApp::start().await;
    let (citizen, receipt, fen) = receipted(&app).await;
    let verify = |receipt: &Value| {
        let asked =
            json!({ "c": receipt["code"], "n": receipt["number"], "k": receipt["checkCode"] });
        let anybody = citizen.anonymous();
        async move {
            let query = "query($c:String!,$n:String!,$k:String!){verifyReceipt(code:$c,number:$n,\
                         checkCode:$k){valid refunded{fen} receipt{reversed redLetter \
                         amount{fen}}}}";
            anybody.ask(query, asked).await["data"]["verifyReceipt"].clone()
        }
    };
    let before = verify(&receipt).await;
    assert_eq!(
        (&before["refunded"]["fen"], &before["receipt"]["reversed"]),
        (&json!(0), &json!(false))
    );

    let payments = citizen.reads("{viewer{payments{nodes{paymentNo notices{noticeNo}}}}}").await;
    let payment = &payments["viewer"]["payments"]["nodes"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let request = ReversalRequest {
        refund_no: domain::ids::RefundNo::new("YT000001").unwrap(),
        notice_no: domain::notice::NoticeNo::new(&text(&payment["notices"][0]["noticeNo"]))
            .unwrap(),
        payment_no: domain::ids::PaymentNo::new(&text(&payment["paymentNo"])).unwrap(),
        reason: "重复缴款退付".to_owned(),
    };
    let store = Arc::new(app.node.store.clone());
    let gateway = Arc::new(Gateway);
    let reversing = ReverseReceipts {
        receipts: store.clone(),
        payments: store,
        items: Arc::new(adapters::definitions::load_payment_items().unwrap()),
        gateway,
    };
    reversing.reverse(&request).await.unwrap();

    let after = verify(&receipt).await;
    assert_eq!((&after["valid"], &after["receipt"]["reversed"]), (&json!(true), &json!(true)));
    assert_eq!(after["refunded"]["fen"], fen);
    let text = |key: &str| receipt[key].as_str().unwrap();
    let (code, number, check) = (text("code"), text("number"), text("checkCode"));
    let url =
        format!("{}/receipts/verify?code={code}&number={number}&check={check}", app.node.base_url);
    let (_, _, page) = Http::default().fetch(&url, &[]).await;
    let page = String::from_utf8(page).unwrap();
    for shown in ["票据已冲红", "9999999999", "已退付"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let wrong =
        json!({ "code": receipt["code"], "number": receipt["number"], "checkCode": "zzzzzz" });
    let nothing = json!({ "valid": false, "refunded": null, "receipt": null });
    assert_eq!(verify(&wrong).await, nothing, "no word of the refund without the check code");
    let query = "{viewer{receipts{nodes{number amount{fen} reverses{number} \
                 reversedBy{number} pdfUrl}}}}";
    let nodes = citizen.reads(query).await["viewer"]["receipts"]["nodes"].clone();
    let find = |number: &Value| {
        let nodes = nodes.as_array().unwrap().clone();
        nodes.into_iter().find(|node| &node["number"] == number).unwrap()
    };
    let (red, old) = (find(&json!("9999999999")), find(&receipt["number"]));
    assert_eq!(
        (&old["reversedBy"]["number"], &red["reverses"]["number"]),
        (&red["number"], &old["number"])
    );
    assert_eq!(red["amount"]["fen"], -fen);
    let (status, _, pdf) = Http::default().fetch(red["pdfUrl"].as_str().unwrap(), &[]).await;
    assert_eq!((status, is_pdf(&pdf)), (200, true));
    app.finish().await;
}
