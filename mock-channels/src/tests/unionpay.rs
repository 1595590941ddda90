//! A merchant of UnionPay, who signs, reads and checks as the documents say.

use serde_json::json;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::Bench;
use crate::clock::{Day, compact_time};
use crate::crypto::{self, SigningKey, VerifyingKey};
use crate::unionpay::wire;
use crate::world::unionpay::Fields;

pub(super) const APP: &str = "/unionpay/gateway/api/appTransReq.do";
pub(super) const BACK: &str = "/unionpay/gateway/api/backTransReq.do";
pub(super) const QUERY: &str = "/unionpay/gateway/api/queryTrans.do";

pub(super) fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Reads an answer, in which nothing is encoded: a value ends at the next `&` outside braces.
pub(super) fn read_raw(text: &str) -> Fields {
    let mut read = Fields::new();
    let (mut depth, mut start) = (0_i32, 0);
    let mut take = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or_else(|| panic!("no pair: {pair}"));
        assert!(read.insert(name.to_owned(), value.to_owned()).is_none(), "twice: {name}");
    };
    for (at, letter) in text.char_indices() {
        match letter {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            '&' if depth == 0 => {
                take(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    take(&text[start..]);
    read
}

fn der(pem: &str) -> Vec<u8> {
    parse_x509_pem(pem.as_bytes()).unwrap().1.contents
}

/// The key of a certificate, if root and middle vouch for it at that time and it is UnionPay's.
pub(super) fn trusted_key(bench: &Bench, pem: &str) -> Result<VerifyingKey, &'static str> {
    let given = &bench.onboarding.unionpay;
    let (root_der, middle_der, leaf_der) =
        (der(&given.root_certificate_pem), der(&given.middle_certificate_pem), der(pem));
    let certificate = |der| X509Certificate::from_der(der).unwrap().1;
    let (root, middle, leaf) =
        (certificate(&root_der), certificate(&middle_der), certificate(&leaf_der));
    middle.verify_signature(Some(root.public_key())).map_err(|_wrong| "middle")?;
    leaf.verify_signature(Some(middle.public_key())).map_err(|_wrong| "chain")?;
    let now =
        x509_parser::time::ASN1Time::from_timestamp(bench.mocks.clock().now_ms() / 1000).unwrap();
    if ![&root, &middle, &leaf].iter().all(|one| one.validity().is_valid_at(now)) {
        return Err("validity");
    }
    assert_eq!((leaf.issuer(), middle.issuer()), (middle.subject(), root.subject()));
    let name = leaf.subject().iter_common_name().next().unwrap().as_str().unwrap();
    if name.split('@').nth(2) != Some("中国银联股份有限公司") {
        return Err("subject");
    }
    Ok(VerifyingKey::from_pem(&crypto::base64(leaf.public_key().raw)).unwrap())
}

/// Whether a message is UnionPay's; `Err` says what is wrong with it.
pub(super) fn verify(bench: &Bench, message: &Fields) -> Result<(), &'static str> {
    let certificate = message.get("signPubKeyCert").ok_or("no certificate")?;
    assert!(certificate.contains("\r\n") && !certificate.ends_with('\n'));
    let signature = message.get("signature").ok_or("no signature")?;
    let key = trusted_key(bench, certificate)?;
    key.verify(wire::digest(message).as_bytes(), signature).map_err(|_wrong| "signature")
}

impl Bench {
    pub(super) fn now_text(&self) -> String {
        let now_ms = self.mocks.clock().now_ms();
        Day::of(now_ms).compact() + &compact_time(now_ms)
    }

    /// The fields of every request.
    fn union_base(&self, more: &[(&str, &str)]) -> Fields {
        let given = &self.onboarding.unionpay;
        let mut base = fields(&[
            ("version", "5.1.0"),
            ("encoding", "UTF-8"),
            ("signMethod", "01"),
            ("certId", &given.cert_id),
            ("accessType", "0"),
            ("merId", &given.mer_id),
            ("txnTime", &self.now_text()),
        ]);
        base.extend(fields(more));
        base
    }

    pub(super) fn union_order(&self, order_id: &str, fen: i64) -> Fields {
        self.union_base(&[
            ("txnType", "01"),
            ("txnSubType", "01"),
            ("bizType", "000201"),
            ("channelType", "08"),
            ("currencyCode", "156"),
            ("orderId", order_id),
            ("txnAmt", &fen.to_string()),
            ("backUrl", "http://127.0.0.1:9/callbacks/unionpay"),
            ("reqReserved", "YWJj"),
        ])
    }

    pub(super) fn union_back(
        &self,
        txn_type: &str,
        order_id: &str,
        query_id: &str,
        fen: i64,
    ) -> Fields {
        let mut back = self.union_order(order_id, fen);
        back.extend(fields(&[
            ("txnType", txn_type),
            ("txnSubType", "00"),
            ("origQryId", query_id),
        ]));
        back
    }

    pub(super) fn union_file(&self, settle_date: &str) -> Fields {
        self.union_base(&[
            ("txnType", "76"),
            ("txnSubType", "01"),
            ("bizType", "000000"),
            ("fileType", "00"),
            ("settleDate", settle_date),
        ])
    }

    pub(super) fn union_signed(&self, mut request: Fields) -> Fields {
        let pem = &self.onboarding.unionpay.merchant_private_key_pem;
        let digest = wire::digest(&request);
        let signature = SigningKey::from_pem(pem).unwrap().sign(digest.as_bytes()).unwrap();
        request.insert("signature".to_owned(), signature);
        request
    }

    /// Sends a form and reads the answer without looking at its signature.
    pub(super) async fn union_post(
        &self,
        path: &str,
        body: String,
    ) -> Result<String, reqwest::Error> {
        let answer = self
            .http
            .post(self.url(path))
            .header("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
            .body(body)
            .send()
            .await?;
        answer.error_for_status()?.text().await
    }

    /// A signed request, whose answer must be signed.
    pub(super) async fn union_call(&self, path: &str, request: Fields) -> Fields {
        let body = wire::form(&self.union_signed(request));
        let answer = read_raw(&self.union_post(path, body).await.unwrap());
        assert_eq!(verify(self, &answer), Ok(()), "{answer:?}");
        answer
    }

    pub(super) async fn union_code(&self, path: &str, request: Fields) -> String {
        self.union_call(path, request).await["respCode"].clone()
    }

    /// Places an order that is answered by 00 and hands back the request.
    pub(super) async fn union_places(&self, order_id: &str, fen: i64) -> Fields {
        let order = self.union_order(order_id, fen);
        assert_eq!(self.union_code(APP, order.clone()).await, "00");
        order
    }

    pub(super) async fn union_query(&self, order: &Fields) -> Fields {
        let mut query =
            self.union_base(&[("txnType", "00"), ("txnSubType", "00"), ("bizType", "000000")]);
        for name in ["orderId", "txnTime"] {
            query.insert(name.to_owned(), order[name].clone());
        }
        self.union_call(QUERY, query).await
    }

    pub(super) async fn union_pays(&self, order_id: &str, fen: i64) -> String {
        self.union_places(order_id, fen).await;
        let paid = self.lever(&format!("/unionpay/orders/{order_id}/approve"), json!({})).await;
        paid["queryId"].as_str().unwrap().to_owned()
    }

    pub(super) async fn union_refunds(&self, order_id: &str, query_id: &str, fen: i64) -> Fields {
        let refund = self.union_back("04", order_id, query_id, fen);
        assert_eq!(self.union_code(BACK, refund.clone()).await, "00");
        refund
    }
}
