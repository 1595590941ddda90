use super::*;
use crate::system::RandomIds;
use crate::test_support::{Peer, StillClock, quick_client};
use domain::casework::delivery::{Address, Recipient, TrackKind};
use domain::standards::{Mobile, RegionCode};

const NOW: i64 = 1_772_417_740;

fn express(base: &str) -> HttpExpress {
    let config = ExpressConfig {
        base_url: base.to_owned(),
        customer_no: "330000000001".to_owned(),
        key_base64: "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned(),
    };
    HttpExpress::new(&config, quick_client(), Arc::new(StillClock(NOW)), Arc::new(RandomIds))
        .unwrap()
}

/// The carrier: checks the signature, answers this body, signed at this time with this key.
fn carrier(key: u8, at: i64, body: &'static str) -> String {
    Peer::replies(move |request| {
        let (head, sent) = request.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| {
            let line = head.lines().find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            });
            line.unwrap_or_else(|| panic!("{name} in {head}"))
        };
        let path = head.split(' ').nth(1).unwrap();
        let (time, nonce) = (header("x-express-timestamp"), header("x-express-nonce"));
        let hash = sha256_hex(sent.as_bytes());
        let signed = format!("POST\n{path}\n{time}\n{nonce}\n{hash}\n");
        let code = header("x-express-signature");
        MacKey::new(&[7; 32]).verify(signed.as_bytes(), &code).unwrap();
        let hash = sha256_hex(body.as_bytes());
        let code = MacKey::new(&[key; 32]).code(format!("200\n{nonce}\n{at}\n{hash}\n").as_bytes());
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nX-Express-Timestamp: {at}\r\nX-Express-Nonce: {nonce}\r\n\
             X-Express-Signature: {code}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n\
             {body}"
        )
    })
}

async fn order(base: &str) -> Result<Waybill, OutsideError> {
    let recipient =
        Recipient { name: "王小明".to_owned(), phone: Mobile::new("13800138000").unwrap() };
    let address =
        Address { region: RegionCode::new("330106").unwrap(), detail: "文三路1号".to_owned() };
    let no = DeliveryNo::new("YD000001").unwrap();
    let order = CarrierOrder {
        no: &no,
        sender: "杭州市国土资源局",
        content: "不动产权证书",
        recipient: &recipient,
        address: &address,
    };
    express(base).order(&order).await
}

async fn track(base: &str) -> Result<Vec<Track>, OutsideError> {
    let (no, waybill) =
        (DeliveryNo::new("YD000001").unwrap(), Waybill::new("EA123456785CN").unwrap());
    express(base).track(&no, &waybill).await
}

const TAKEN: &str = r#"{"code":"OK","message":"","waybillNo":"EA123456785CN"}"#;

#[tokio::test]
async fn a_signed_answer_is_believed() {
    let waybill = order(&carrier(7, NOW, TAKEN)).await.unwrap();
    assert_eq!(waybill.as_str(), "EA123456785CN");
    let body = r#"{"code":"OK","message":"","tracks":[{"at":"2026-03-02T12:00:00+08:00","op":"COLLECTED","place":"揽投部","words":"快件已揽收"}]}"#;
    let tracks = track(&carrier(7, NOW, body)).await.unwrap();
    assert_eq!((tracks.len(), tracks[0].kind), (1, TrackKind::Collected));
    assert_eq!(tracks[0].at.to_string(), "2026-03-02T04:00:00Z");
}

#[tokio::test]
async fn another_key_another_time_and_what_nobody_understands_leave_the_outcome_unknown() {
    for base in [
        carrier(8, NOW, TAKEN),
        carrier(7, NOW - 301, TAKEN),
        carrier(7, NOW, "{}"),
        carrier(7, NOW, r#"{"code":"PERHAPS"}"#),
        carrier(7, NOW, r#"{"code":"OK","waybillNo":"EA123456784CN"}"#),
        Peer::hangs_up(),
    ] {
        let failed = order(&base).await;
        assert!(matches!(failed, Err(OutsideError::OutcomeUnknown(_))), "{failed:?}");
    }
    let body = r#"{"code":"OK","tracks":[{"at":"2026-03-02T12:00:00+08:00","op":"FLOWN","place":"","words":""}]}"#;
    assert!(matches!(track(&carrier(7, NOW, body)).await, Err(OutsideError::OutcomeUnknown(_))));
}

#[tokio::test]
async fn refusals_and_busy_carriers_are_told_apart() {
    let refused = r#"{"code":"INVALID","message":"phone"}"#;
    let refused = order(&carrier(7, NOW, refused)).await;
    assert!(matches!(refused, Err(OutsideError::Refused { code, .. }) if code == "INVALID"));
    let busy = order(&carrier(7, NOW, r#"{"code":"BUSY","message":""}"#)).await;
    assert!(matches!(busy, Err(OutsideError::NotSent(_))));
    assert!(matches!(order(&Peer::nobody()).await, Err(OutsideError::NotSent(_))));
}
