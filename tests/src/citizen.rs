//! Speaks as a citizen with a mini-program: signs in, looks up, pays.

use crate::levers::{Http, Levers, eventually};
use serde_json::{Value, json};

/// One citizen in one session.
#[derive(Debug, Clone)]
pub struct Citizen {
    /// As the mock channels made them.
    pub facts: Value,
    /// The access token.
    pub token: String,
    /// The refresh token.
    pub refresh_token: String,
    graphql: String,
    http: Http,
}

/// What every test wants to know of a payment.
pub const PAYMENT: &str = "paymentNo status writeOff paidAt amount{fen} retryAfterMs \
     history{at status reason} receipts{id code number checkCode agency payer amount{fen} pdfUrl} \
     notices{noticeNo status writeOff total{fen} receipt{number}}";

impl Citizen {
    /// Makes a citizen and signs in with both codes.
    pub async fn arrives(base_url: &str, levers: &Levers) -> Self {
        let facts = levers.citizen().await;
        Self::signs_in(base_url, levers, facts).await
    }

    /// A known citizen signs in again.
    pub async fn signs_in(base_url: &str, levers: &Levers, facts: Value) -> Self {
        let id = facts["citizenId"].as_str().unwrap();
        let codes = levers.pull(&format!("citizens/{id}/wechat-code"), json!({})).await;
        let by = json!({ "weChat": { "code": codes["code"], "phoneCode": codes["phoneCode"] } });
        Self::signs_in_by(base_url, facts, &by).await
    }

    /// A known citizen signs in from Alipay's mini-program.
    pub async fn signs_in_at_alipay(base_url: &str, levers: &Levers, facts: Value) -> Self {
        let id = facts["citizenId"].as_str().unwrap();
        let codes = levers.pull(&format!("citizens/{id}/alipay-code"), json!({})).await;
        let phone = codes["phone"].to_string();
        let by = json!({ "alipay": { "authCode": codes["authCode"], "encryptedPhone": phone } });
        Self::signs_in_by(base_url, facts, &by).await
    }

    /// Somebody who is known there already comes back to Alipay's mini-program.
    pub async fn comes_back_at_alipay(base_url: &str, levers: &Levers, facts: Value) -> Self {
        let id = facts["citizenId"].as_str().unwrap();
        let codes = levers.pull(&format!("citizens/{id}/alipay-code"), json!({})).await;
        let by = json!({ "alipay": { "authCode": codes["authCode"] } });
        Self::signs_in_by(base_url, facts, &by).await
    }

    /// Somebody signs in from the native app, by the code that came to this phone.
    pub async fn signs_in_by_phone(base_url: &str, levers: &Levers, facts: Value) -> Self {
        Self::signs_in_with_code(base_url, levers, facts, Value::Null).await
    }

    /// Somebody who has proved a name comes back to the native app: numbers are handed on, so the
    /// phone alone is not enough.
    pub async fn comes_back_by_phone(base_url: &str, levers: &Levers, facts: Value) -> Self {
        let real_name = json!({ "name": facts["name"], "idCard": facts["idCard"] });
        Self::signs_in_with_code(base_url, levers, facts, real_name).await
    }

    async fn signs_in_with_code(
        base_url: &str,
        levers: &Levers,
        facts: Value,
        real_name: Value,
    ) -> Self {
        let phone = facts["phone"].clone();
        let nobody = Self::nobody(base_url, facts.clone());
        let sent = json!({ "phone": phone });
        nobody.mutation("sendPhoneCode", "SendPhoneCodeInput", "nextAt", &sent).await;
        let messages = levers.look("sms").await["messages"].as_array().unwrap().clone();
        let code = messages.last().expect("a message")["code"].clone();
        let by = json!({ "phone": { "phone": phone, "code": code, "realName": real_name } });
        Self::signs_in_by(base_url, facts, &by).await
    }

    fn nobody(base_url: &str, facts: Value) -> Self {
        let graphql = format!("{base_url}/graphql");
        let (token, refresh_token) = (String::new(), String::new());
        Self { facts, token, refresh_token, graphql, http: Http::default() }
    }

    async fn signs_in_by(base_url: &str, facts: Value, by: &Value) -> Self {
        let mut citizen = Self::nobody(base_url, facts);
        let input = json!({ "by": by, "device": { "id": "phone-1" } });
        let signed = citizen
            .mutation(
                "signIn",
                "SignInInput",
                "session{accessToken refreshToken channel} viewer{person{identityLevel phone}}",
                &input,
            )
            .await;
        let session = &signed["session"];
        let token = session["accessToken"].as_str();
        citizen.token = token.unwrap_or_else(|| panic!("signed in: {signed}")).to_owned();
        citizen.refresh_token = session["refreshToken"].as_str().unwrap().to_owned();
        citizen
    }

    /// The same citizen at another node of the same service.
    pub fn at(&self, base_url: &str) -> Self {
        Self { graphql: format!("{base_url}/graphql"), ..self.clone() }
    }

    /// The same person with another access token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The same person before signing in.
    pub fn anonymous(&self) -> Self {
        Self { token: String::new(), ..self.clone() }
    }

    /// Any document; answers the whole body.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let token = (!self.token.is_empty()).then_some(self.token.as_str());
        self.http.post(&self.graphql, token, &body).await.1
    }

    /// A mutation of one input, with more headers; the payload, whatever `errors` there are.
    pub async fn mutation_with(
        &self,
        headers: &[(&str, &str)],
        (name, input, fields): (&str, &str, &str),
        value: &Value,
    ) -> Value {
        let query = document(name, input, fields);
        let body = json!({ "query": query, "variables": { "i": value } }).to_string();
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("Content-Type", "application/json")];
        if !self.token.is_empty() {
            all.push(("Authorization", &bearer));
        }
        all.extend(headers);
        let (_, _, answer) = self.http.send_with(&self.graphql, &all, &body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["data"][name].clone()
    }

    /// Proves name and id card.
    pub async fn proves_name(&self) {
        let own = json!({ "name": self.facts["name"], "idCard": self.facts["idCard"] });
        let fields = "person{identityLevel}";
        let proved = self.mutation("verifyRealName", "VerifyRealNameInput", fields, &own).await;
        assert_eq!(proved["person"]["identityLevel"], "REAL_NAME", "{proved}");
    }

    /// Asks for a page to show the face at.
    pub async fn starts_face_check(&self, key: &str) -> Value {
        let (input, fields) = (json!({ "idempotencyKey": key }), "ticket url");
        self.mutation("startFaceCheck", "StartFaceCheckInput", fields, &input).await
    }

    /// Proves the face, after the name.
    pub async fn proves_face(&self, levers: &Levers) {
        let ticket = self.starts_face_check("face-check-0001").await["ticket"].clone();
        let path = format!("face/{}", ticket.as_str().unwrap());
        levers.pull(&path, json!({ "passed": true })).await;
        let input = json!({ "ticket": ticket });
        let done = self.mutation("finishFaceCheck", "FinishFaceCheckInput", "state", &input).await;
        assert_eq!(done["state"], "PASSED");
    }

    /// A document that must answer without errors; its data.
    pub async fn reads(&self, query: &str) -> Value {
        let answer = self.ask(query, json!({})).await;
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// A mutation of one input; its payload, with `userErrors`.
    pub async fn mutation(&self, name: &str, input: &str, fields: &str, value: &Value) -> Value {
        let answer = self.try_mutation(name, input, fields, value).await;
        assert!(answer["errors"].is_null(), "{name}: {answer}");
        answer["data"][name].clone()
    }

    /// The same, with whatever `errors` there are.
    pub async fn try_mutation(
        &self,
        name: &str,
        input: &str,
        fields: &str,
        value: &Value,
    ) -> Value {
        let query = document(name, input, fields);
        self.ask(&query, json!({ "i": value })).await
    }

    /// Number and fen of the notice that the mock made for the citizen's car.
    pub async fn finds_fine(&self) -> (String, i64) {
        let rows = self.looks_up_violations().await;
        let notice = rows.iter().map(|row| &row["notice"]).find(|notice| !notice.is_null());
        let notice = notice.expect("a violation that can be paid");
        let no = notice["noticeNo"].as_str().unwrap().to_owned();
        (no, notice["total"]["fen"].as_i64().unwrap())
    }

    /// The rows of the violations app.
    pub async fn looks_up_violations(&self) -> Vec<Value> {
        let payload = self.submits("traffic_violation_query", &self.vehicle_answers()).await;
        assert_eq!(payload["userErrors"], json!([]));
        payload["outcome"]["rows"].as_array().unwrap().clone()
    }

    /// The answers of the violations form.
    pub fn vehicle_answers(&self) -> Value {
        let vehicle = &self.facts["vehicles"][0];
        json!([
            { "name": "plate_no", "value": { "text": vehicle["plateNo"] } },
            { "name": "plate_kind", "value": { "choice": vehicle["plateKind"] } },
            { "name": "vin_tail", "value": { "text": vehicle["vinTail"] } },
        ])
    }

    /// Submits an app's form.
    pub async fn submits(&self, app: &str, answers: &Value) -> Value {
        let input = json!({ "app": app, "formVersion": 1, "answers": answers });
        self.mutation("submitApp", "SubmitAppInput", SUBMITTED, &input).await
    }

    /// The same, with whatever `errors` there are.
    pub async fn tries_to_submit(&self, app: &str, answers: &Value) -> Value {
        let input = json!({ "app": app, "formVersion": 1, "answers": answers });
        self.try_mutation("submitApp", "SubmitAppInput", SUBMITTED, &input).await
    }

    /// The input of `startPayment`.
    pub fn wish(notice: &str, fen: i64, key: &str) -> Value {
        json!({
            "noticeNos": [notice], "rail": "WECHAT_PAY", "expectedTotal": fen,
            "idempotencyKey": key
        })
    }

    /// Starts a payment; the payload.
    pub async fn starts(&self, wish: &Value) -> Value {
        self.mutation("startPayment", "StartPaymentInput", &started(), wish).await
    }

    /// The same, with whatever `errors` there are.
    pub async fn tries_to_start(&self, wish: &Value) -> Value {
        self.try_mutation("startPayment", "StartPaymentInput", &started(), wish).await
    }

    /// The same, and the server may die meanwhile.
    pub async fn starts_on_a_dying_server(&self, wish: &Value) -> Option<Value> {
        let query = document("startPayment", "StartPaymentInput", &started());
        self.asks_a_dying_server(&query, json!({ "i": wish })).await
    }

    /// Any document; the whole body, or `None` when the server dies meanwhile.
    pub async fn asks_a_dying_server(&self, query: &str, variables: Value) -> Option<Value> {
        let body = json!({ "query": query, "variables": variables });
        self.http.try_post(&self.graphql, &self.token, &body).await
    }

    /// Starts paying; the payment's number. There must be a cashier.
    pub async fn starts_paying(&self, notice: &str, fen: i64) -> String {
        let payload = self.starts(&Self::wish(notice, fen, &format!("key-{notice}"))).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
        assert!(payload["cashier"]["paySign"].is_string(), "{payload}");
        payload["payment"]["paymentNo"].as_str().unwrap().to_owned()
    }

    /// The payment as stored, without asking the rail.
    pub async fn payment(&self, no: &str) -> Value {
        let query = format!("{{viewer{{payments(first:100){{nodes{{{PAYMENT}}}}}}}}}");
        let data = self.reads(&query).await;
        let nodes = data["viewer"]["payments"]["nodes"].as_array().unwrap().clone();
        let found = nodes.into_iter().find(|payment| payment["paymentNo"] == no);
        found.unwrap_or_else(|| panic!("no payment {no}"))
    }

    /// Where the payment stands, without asking the rail.
    pub async fn payment_status(&self, no: &str) -> String {
        self.payment(no).await["status"].as_str().unwrap().to_owned()
    }

    /// Comes back from the cashier: asks the rail now.
    pub async fn refreshes(&self, no: &str) -> Value {
        let input = json!({ "paymentNo": no });
        let fields = format!("payment{{{PAYMENT}}}");
        self.mutation("refreshPayment", "RefreshPaymentInput", &fields, &input).await
    }

    /// Gives up.
    pub async fn cancels(&self, no: &str) -> Value {
        let input = json!({ "paymentNo": no });
        let fields = format!("payment{{{PAYMENT}}}");
        self.mutation("cancelPayment", "CancelPaymentInput", &fields, &input).await
    }

    /// Waits until the payment stands there.
    pub async fn waits_for(&self, no: &str, status: &str) -> Value {
        eventually(&format!("{no} {status}"), || async {
            let payment = self.payment(no).await;
            (payment["status"] == status).then_some(payment)
        })
        .await
    }

    /// Waits until the payment is paid, written off and receipted.
    pub async fn waits_for_receipt(&self, no: &str) -> Value {
        eventually(&format!("{no} receipted"), || async {
            let payment = self.payment(no).await;
            let done = payment["writeOff"] == "DONE"
                && payment["receipts"].as_array().is_some_and(|all| !all.is_empty());
            done.then_some(payment)
        })
        .await
    }
}

const SUBMITTED: &str = "outcome{... on LookupResult{source asOf rows{fields{name label value} \
     notice{noticeNo title status total{fen} lateFee{fen} writeOff}}}}";

/// What a client takes of `startPayment`.
pub fn started() -> String {
    format!(
        "payment{{{PAYMENT}}} cashier{{__typename ... on WeChatMiniCashier{{package paySign \
         signType}} ... on AlipayMiniCashier{{tradeNo}} ... on AlipayAppCashier{{orderString}} \
         ... on UnionPayCashier{{tn}}}}"
    )
}

/// A mutation of one input `$i`, with `userErrors`.
pub fn document(name: &str, input: &str, fields: &str) -> String {
    format!(
        "mutation($i:{input}!){{{name}(input:$i){{{fields} userErrors{{code message field}}}}}}"
    )
}

/// The codes of a payload's `userErrors`.
pub fn codes(payload: &Value) -> Vec<String> {
    let errors = payload["userErrors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["code"].as_str().unwrap().to_owned()).collect()
}
