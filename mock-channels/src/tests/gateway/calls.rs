//! Calls of the gateway to us: signed, repeated until answered by a signed success.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use super::super::notices::{between, escaped};
use super::super::{Bench, eventually};
use super::param;
use super::signing::{RSA, SM2, Voice};

/// What the backend answers to one call.
#[derive(Clone)]
enum Answer {
    Success(Voice),
    Exception,
    OtherRequest,
    OtherMessage,
    Unsigned,
    Status(u16),
}

/// A backend that answers as it is told, then by a signed success.
struct Inbox {
    bench: Bench,
    received: Mutex<Vec<(String, String)>>,
    answers: Mutex<VecDeque<Answer>>,
    /// The key of each delivery, and whether it was sealed.
    signed: Mutex<Vec<(String, bool)>>,
}

impl Inbox {
    fn received(&self) -> Vec<(String, String)> {
        self.received.lock().unwrap().clone()
    }

    fn answers(&self, answers: &[Answer]) {
        self.answers.lock().unwrap().extend(answers.iter().cloned());
    }

    async fn count(&self, number: usize) -> Vec<(String, String)> {
        eventually("a delivery", async || {
            Some(self.received()).filter(|received| received.len() >= number)
        })
        .await
    }
}

async fn take(inbox: Data<Inbox>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let action = request.headers().get("SOAPAction").unwrap().to_str().unwrap();
    let message = action.trim_matches('"').to_owned();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let heard = inbox.bench.hears(&text).await;
    assert!(text.contains(&format!("<{message}>")));
    assert_eq!(param(&heard.root, "MESSAGE"), message);
    let request_id = param(&heard.root, "REQUESTID");
    inbox.signed.lock().unwrap().push((heard.key_id, heard.sealed));
    inbox.received.lock().unwrap().push((message.clone(), heard.root));
    let next = inbox.answers.lock().unwrap().pop_front().unwrap_or(Answer::Success(RSA));
    let root = |code: &str, message: &str, id: &str| {
        format!(
            "<ROOT><IS_SUCCESS CODE=\"{code}\"/><ERRMSG></ERRMSG><REQUEST>\
             <PARAM NAME=\"REQUESTID\">{}</PARAM><PARAM NAME=\"MESSAGE\">{message}</PARAM>\
             </REQUEST><RESPONSE><RESULT></RESULT></RESPONSE></ROOT>",
            escaped(id)
        )
    };
    let (voice, document) = match next {
        Answer::Success(voice) => (voice, root("00", &message, &request_id)),
        Answer::Exception => (RSA, root("99", &message, &request_id)),
        Answer::OtherRequest => (RSA, root("00", &message, "another")),
        Answer::OtherMessage => (RSA, root("00", "GetPay_Info", &request_id)),
        Answer::Unsigned => return HttpResponse::Ok().body(root("00", &message, &request_id)),
        Answer::Status(status) => {
            return HttpResponse::build(status.try_into().unwrap()).finish();
        }
    };
    let element = format!("{message}Response");
    HttpResponse::Ok().body(inbox.bench.encloses(voice, &element, &document))
}

/// The mock, told where the backend listens.
async fn start() -> (Arc<Inbox>, String) {
    let inbox = Arc::new(Inbox {
        bench: Bench::start().await,
        received: Mutex::default(),
        answers: Mutex::default(),
        signed: Mutex::default(),
    });
    let data = Data::from(Arc::clone(&inbox));
    let server = HttpServer::new(move || {
        App::new().app_data(data.clone()).route("/callbacks/non-tax", web::post().to(take))
    })
    .disable_signals()
    .workers(1)
    .bind("127.0.0.1:0")
    .unwrap();
    let url = format!("http://{}/callbacks/non-tax", server.addrs()[0]);
    tokio::spawn(server.run());
    inbox.bench.lever("/gateway/settings", json!({"notifyUrl": url})).await;
    (inbox, url)
}

async fn state(bench: &Bench, at: usize) -> Value {
    bench.look("/callbacks").await["callbacks"][at]["state"].clone()
}

#[actix_web::test]
async fn a_call_is_repeated_on_its_schedule_until_a_signed_success_comes() {
    let (inbox, _) = start().await;
    let bench = &inbox.bench;
    let bad = [
        Answer::Status(500),
        Answer::Exception,
        Answer::OtherRequest,
        Answer::OtherMessage,
        Answer::Unsigned,
        Answer::Status(204),
    ];
    inbox.answers(&bad);
    let number = bench.fine(0).await;
    bench.lever(&format!("/notices/{number}/withdraw"), json!({"reason": "复议撤销"})).await;
    for (at, wait_seconds) in [15, 30, 60, 180, 600, 1_800].into_iter().enumerate() {
        inbox.count(at + 1).await;
        eventually("the attempt is booked", async || {
            let seen = bench.look("/callbacks").await["callbacks"][0].clone();
            let attempts = seen["attempts"].as_array()?;
            (attempts.len() == at + 1).then_some(())
        })
        .await;
        assert_eq!(state(bench, 0).await, "WAITING", "after answer {at}");
        bench.lever("/clock", json!({"advanceSeconds": wait_seconds})).await;
    }
    let received = inbox.count(7).await;
    eventually("it is delivered", async || (state(bench, 0).await == "DELIVERED").then_some(()))
        .await;
    let (message, first) = &received[0];
    assert_eq!(message, "Notice_Withdraw");
    assert_eq!((param(first, "NOTICENO"), param(first, "REASON")), (number, "复议撤销".to_owned()));
    let ids: Vec<String> = received.iter().map(|(_, root)| param(root, "REQUESTID")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "one number for every delivery");
    assert_ne!(param(first, "TIMESTAMP"), param(&received[6].1, "TIMESTAMP"));
    assert_eq!(bench.look("/callbacks").await["callbacks"][0]["platform"], "gateway");
}

#[actix_web::test]
async fn confirmations_and_decisions_are_told_in_either_algorithm_and_sealed() {
    let (inbox, url) = start().await;
    let bench = &inbox.bench;
    bench.lever("/gateway/settings", json!({"confirm": "later", "confirmAfterSeconds": 300})).await;
    let number = bench.fine(0).await;
    bench.is_paid(&number, "P1").await;
    let settings = json!({"notifyUrl": url, "algorithm": "SM2-SM3", "sealCalls": true});
    bench.lever("/gateway/settings", settings).await;
    inbox.answers(&[Answer::Success(Voice { sealed: true, ..SM2 })]);
    bench.lever("/clock", json!({"advanceSeconds": 301})).await;
    let (message, root) = inbox.count(1).await[0].clone();
    assert_eq!(message, "WriteOff_Confirm");
    let signed = inbox.signed.lock().unwrap().clone();
    assert_eq!(signed, [("ZJ-UNIPAY-GATEWAY-SM2-01".to_owned(), true)]);
    for (name, value) in [
        ("NOTICENO", number.as_str()),
        ("PAYNO", "P1"),
        ("PAYMONEY", "200.00"),
        ("RESULT", "CONFIRMED"),
    ] {
        assert_eq!(param(&root, name), value, "{name}");
    }
    bench.lever("/gateway/settings", json!({"notifyUrl": url})).await;
    let back = json!({"approve": true, "by": "王科长", "noticeAfter": "CANCELLED"});
    let agency = bench.seen(&number).await["agencyCode"].as_str().unwrap().to_owned();
    let params = [
        ("REFUNDNO", "T1"),
        ("NOTICENO", number.as_str()),
        ("PAYNO", "P1"),
        ("REFUNDMONEY", "200.00"),
        ("REASONCODE", "ERROR"),
        ("REASON", "多收"),
        ("APPLICANT", "林晓舟"),
        ("ENTERCODE", &agency),
    ];
    bench.says("Refund_Request", &params).await;
    bench.lever("/refunds/T1/agency", back.clone()).await;
    inbox.count(2).await;
    bench.lever("/refunds/T1/finance", back).await;
    let received = inbox.count(3).await;
    let told: Vec<[String; 4]> = received[1..]
        .iter()
        .map(|(_, root)| ["STAGE", "LEVEL", "REFUNDSTATE", "NOTICEAFTER"].map(|n| param(root, n)))
        .collect();
    let expected = [["AGENCY", "", "1", ""], ["FINANCE", "LOCAL", "2", "CANCELLED"]];
    assert_eq!(told, expected.map(|row| row.map(str::to_owned)));
    let reply = eventually("all are taken", async || {
        let seen = bench.look("/callbacks").await;
        let all = seen["callbacks"].as_array().unwrap().clone();
        all.iter().all(|call| call["state"] == "DELIVERED").then_some(all)
    })
    .await;
    assert_eq!(reply.len(), 3);
}

#[actix_web::test]
async fn a_tester_can_hold_repeat_and_forge_a_call() {
    let (inbox, url) = start().await;
    let bench = &inbox.bench;
    bench.lever("/callbacks/mode", json!({"mode": "hold"})).await;
    let number = bench.fine(0).await;
    bench.lever(&format!("/notices/{number}/withdraw"), json!({})).await;
    let id = bench.look("/callbacks").await["callbacks"][0]["id"].as_str().unwrap().to_owned();
    let release = format!("/callbacks/{id}/release");
    let forged = json!({"forge": {"outTradeNo": "330000001FS9", "staleSeconds": 400}});
    bench.lever(&release, forged).await;
    let (_, root) = inbox.count(1).await[0].clone();
    assert_eq!(param(&root, "NOTICENO"), "330000001FS9");
    assert_eq!(state(bench, 0).await, "HELD", "a forged delivery proves nothing");

    // A wrong signature: looked at by hand, because the inbox refuses it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/", listener.local_addr().unwrap());
    let catcher = tokio::task::spawn_blocking(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let (mut text, mut part) = (String::new(), [0; 4096]);
        while !text.contains("</soapenv:Envelope>") {
            let length = stream.read(&mut part).unwrap();
            text.push_str(&String::from_utf8_lossy(&part[..length]));
        }
        stream.write_all(b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n").unwrap();
        text
    });
    bench.lever(&release, json!({"to": [to], "forge": {"badSignature": true}})).await;
    let text = catcher.await.unwrap();
    let content = super::unescaped(between(&text, "<XML>", "</XML>"));
    let (_, signature) = between(&text, "<SIGN ", "</SIGN>").split_once('>').unwrap();
    let pem = &bench.onboarding.gateway.gateway_public_key_pem;
    let key = crate::crypto::VerifyingKey::from_pem(pem).unwrap();
    assert!(key.verify(content.as_bytes(), signature).is_err());
    assert!(key.verify(b"something else", signature).is_ok());

    let deliveries = bench.lever(&release, json!({"times": 2, "to": [url]})).await;
    assert_eq!(deliveries["statuses"], json!([200, 200]));
    assert_eq!(state(bench, 0).await, "DELIVERED");
}
