//! The levers of the mock channels, and JSON over HTTP for everybody.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No condition of a test takes a tenth of this; it only ends a hang.
const CEILING: Duration = Duration::from_secs(60);

/// A client of any of our servers.
#[derive(Debug, Clone)]
pub struct Http(reqwest::Client);

impl Default for Http {
    fn default() -> Self {
        let client = reqwest::Client::builder().no_proxy().timeout(CEILING).build();
        Self(client.unwrap())
    }
}

impl Http {
    /// POSTs JSON; answers status and JSON (`null` for anything else).
    pub async fn post(&self, url: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
        let mut request = self.0.post(url).header("Content-Type", "application/json");
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// POSTs bytes of that media type; answers as [`Http::post`] does.
    pub async fn send(
        &self,
        url: &str,
        token: &str,
        media_type: &str,
        body: Vec<u8>,
    ) -> (u16, Value) {
        let mut request = self.0.post(url).header("Content-Type", media_type);
        if !token.is_empty() {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// POSTs bytes with these headers; answers status, headers and text.
    pub async fn send_with(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, reqwest::header::HeaderMap, String) {
        let mut request = self.0.post(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body.to_owned()).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.text().await.unwrap())
    }

    /// GETs; answers status and text.
    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = self.0.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// GETs with these headers; answers status, headers and bytes as they come over the wire.
    pub async fn get_with(
        &self,
        url: &str,
        headers: &[(&str, &str)],
    ) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
        let mut request = self.0.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.bytes().await.unwrap().to_vec())
    }

    /// GETs a file; answers status, the named headers that are there, and the bytes.
    pub async fn fetch(&self, url: &str, headers: &[&str]) -> (u16, Vec<String>, Vec<u8>) {
        let answer = self.0.get(url).send().await.unwrap();
        let status = answer.status().as_u16();
        let sent = headers.iter().map(|name| {
            let value = answer.headers().get(*name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        });
        let sent = sent.collect();
        (status, sent, answer.bytes().await.unwrap().to_vec())
    }

    /// Like [`Http::post`], or `None` when the other side dies meanwhile.
    pub async fn try_post(&self, url: &str, token: &str, body: &Value) -> Option<Value> {
        let request = self.0.post(url).header("Content-Type", "application/json");
        let request = request.header("Authorization", format!("Bearer {token}"));
        let answer = request.body(body.to_string()).send().await.ok()?;
        serde_json::from_str(&answer.text().await.ok()?).ok()
    }
}

/// What testers do to the outside world.
#[derive(Debug, Clone)]
pub struct Levers {
    base: String,
    http: Http,
}

impl Levers {
    /// Of the mock channels at this address.
    pub fn of(base: &str) -> Self {
        Self { base: base.to_owned(), http: Http::default() }
    }

    /// Pulls one; a refusal of the mock fails the test.
    pub async fn pull(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/control/{path}", self.base);
        let (status, answer) = self.http.post(&url, None, &body).await;
        assert!(status < 300, "{path} {body}: {status} {answer}");
        answer
    }

    /// Loads a fault script in place of the one before.
    pub async fn plays(&self, script: &str) {
        let url = format!("{}/control/script", self.base);
        let answer = self.http.0.post(url).body(script.to_owned()).send().await.unwrap();
        assert!(answer.status().is_success(), "{script}: {}", answer.text().await.unwrap());
    }

    /// Looks at something.
    pub async fn look(&self, path: &str) -> Value {
        let url = format!("{}/control/{path}", self.base);
        let (status, text) = self.http.get(&url, &[]).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Makes a citizen with a car, a payable and an undecided violation.
    pub async fn citizen(&self) -> Value {
        self.pull("citizens", json!({})).await
    }

    /// One more notice of a citizen.
    pub async fn notice(&self, citizen_id: &str, notice: Value) -> String {
        let made = self.pull(&format!("citizens/{citizen_id}/notices"), notice).await;
        made["noticeNo"].as_str().unwrap().to_owned()
    }

    /// Moves the clock.
    pub async fn advance(&self, seconds: i64) {
        self.pull("clock", json!({ "advanceSeconds": seconds })).await;
    }

    /// Moves the clock to tomorrow at that time.
    pub async fn tomorrow_at(&self, time: &str) {
        self.pull("clock", json!({ "nextDayAt": time })).await;
    }

    /// The citizen pays at the cashier.
    pub async fn pays(&self, payment_no: &str) {
        self.pull(&format!("orders/{payment_no}/approve"), json!({})).await;
    }

    /// What becomes of callbacks made from now on.
    pub async fn callbacks(&self, mode: &str) {
        self.pull("callbacks/mode", json!({ "mode": mode })).await;
    }

    /// The next calls of a channel's operation fail so.
    pub async fn fault(&self, channel: &str, operation: &str, fault: &str, times: u32) {
        let plan = json!({
            "channel": channel, "operation": operation, "fault": fault, "times": times
        });
        self.pull("faults", plan).await;
    }

    /// No call fails any more.
    pub async fn clear_faults(&self) {
        let url = format!("{}/control/faults", self.base);
        assert!(self.http.0.delete(url).send().await.unwrap().status().is_success());
    }

    /// The id of the newest callback.
    pub async fn newest_callback(&self) -> String {
        let all = self.look("callbacks").await;
        let newest = all["callbacks"].as_array().unwrap().last().unwrap().clone();
        newest["id"].as_str().unwrap().to_owned()
    }

    /// Delivers a callback now; answers the HTTP statuses.
    pub async fn releases(&self, id: &str, how: Value) -> Vec<u64> {
        let done = self.pull(&format!("callbacks/{id}/release"), how).await;
        let statuses = done["statuses"].as_array().unwrap().iter();
        statuses.map(|status| status.as_u64().unwrap_or_default()).collect()
    }

    /// What the gateway knows of a notice.
    pub async fn gateway_notice(&self, no: &str) -> Value {
        self.look(&format!("notices/{no}")).await
    }
}

/// Asks until `check` holds, at most as long as a hang.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, check: impl Fn() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(started.elapsed() < CEILING, "never: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
