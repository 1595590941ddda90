//! The payment gateway in depth: what is asked, decided, told, cleared and signed.

use serde_json::{Value, json};

use super::Bench;
use super::notices::{between, document, unescaped};
use signing::RSA;

mod calls;
mod files;
mod look_ups;
mod receipts;
mod refunds;
mod scripts;
mod signing;

mod write_offs;

impl Bench {
    /// The ROOT document of an answer to a message that names itself.
    async fn says(&self, message: &str, params: &[(&str, &str)]) -> String {
        let named: Vec<(&str, &str)> =
            [("MESSAGE", message)].into_iter().chain(params.iter().copied()).collect();
        self.gateway(message, &named).await.unwrap()
    }

    /// Posts a message that names itself; an error when it gets no answer, or a bare 500.
    async fn post_signed(&self, message: &str, params: &[(&str, &str)]) -> Result<(), String> {
        let named: Vec<(&str, &str)> =
            [("MESSAGE", message)].into_iter().chain(params.iter().copied()).collect();
        let body = self.encloses(RSA, message, &document(&self.gateway_timestamp(), &named));
        let request = self.http.post(self.url("/services/UnifiedPayment"));
        let request = request.header("SOAPAction", format!("\"{message}\"")).body(body);
        let answer = request.send().await.map_err(|error| error.to_string())?;
        if answer.status() == 200 { Ok(()) } else { Err(answer.status().to_string()) }
    }

    /// A notice to the first citizen.
    async fn notice(&self, wish: Value) -> String {
        let made = self.lever("/citizens/C00001/notices", wish).await;
        made["noticeNo"].as_str().unwrap().to_owned()
    }

    /// A notice of 200 yuan to somebody with a magic name.
    async fn magic(&self, name: &str) -> String {
        let made = self.lever("/citizens", json!({"name": name})).await;
        let id = made["citizenId"].as_str().unwrap();
        let path = format!("/citizens/{id}/notices");
        let made = self.lever(&path, json!({"amountFen": 20_000})).await;
        made["noticeNo"].as_str().unwrap().to_owned()
    }

    async fn bill(&self, number: &str) -> String {
        self.says("Get_AppPay_Info", &[("NOTICENO", number)]).await
    }

    /// State and the like as the levers see them.
    async fn seen(&self, number: &str) -> Value {
        self.look(&format!("/notices/{number}")).await
    }

    async fn is_paid(&self, number: &str, pay_no: &str) {
        assert_eq!(self.writes_off(number, pay_no, "200.00", "20260302").await, "00");
    }
}

/// The contents of all elements of a name.
fn all<'a>(root: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    root.split(&open).skip(1).map(|rest| rest.split_once(&close).unwrap().0).collect()
}

/// A parameter of a document.
fn param(document: &str, name: &str) -> String {
    unescaped(between(document, &format!("<PARAM NAME=\"{name}\">"), "</PARAM>"))
}
