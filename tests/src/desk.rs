//! Staff at their own door, `/staff/graphql`.

use crate::app::TestApp;
use crate::levers::Http;
use domain::identity::{StaffAccount, StaffRole, StaffStore as _};
use serde_json::{Value, json};

/// Of every account that tests make.
pub const PASSWORD: &str = "a-password-of-the-test";
/// The document that signs in.
pub const SIGN_IN: &str = "mutation($i:StaffSignInInput!){signIn(input:$i){token expiresAt \
     staff{name roles} userErrors{code message field}}}";

/// Somebody at the desk.
pub struct Desk {
    /// Where the door is.
    pub url: String,
    /// The session.
    pub token: Option<String>,
    /// How it is reached.
    pub http: Http,
}

impl Desk {
    /// Nobody, who is signed out.
    pub fn nobody(app: &TestApp) -> Self {
        let url = format!("{}/staff/graphql", app.node.base_url);
        Self { url, token: None, http: Http::default() }
    }

    /// A new account with these roles, signed in.
    pub async fn of(app: &TestApp, name: &str, roles: &[StaffRole]) -> Self {
        let account = StaffAccount {
            name: name.to_owned(),
            password_hash: adapters::password::hash(PASSWORD).unwrap(),
            roles: roles.to_vec(),
            created_at: domain::fakes::samples::at(0),
        };
        app.node.store.insert(&account).await.unwrap();
        let nobody = Self::nobody(app);
        let input = json!({ "i": { "name": name, "password": PASSWORD } });
        let answer = nobody.asks(SIGN_IN, input).await;
        let signed = &answer["data"]["signIn"];
        let words: Vec<_> = roles.iter().map(StaffRole::code).collect();
        assert_eq!(signed["staff"], json!({ "name": name, "roles": words }), "{answer}");
        Self { token: Some(signed["token"].as_str().unwrap().to_owned()), ..nobody }
    }

    /// Any document; answers the whole body.
    pub async fn asks(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        self.http.post(&self.url, self.token.as_deref(), &body).await.1
    }

    /// Is a token that opens nothing refused, and never taken for nobody's?
    pub async fn is_nobody(&self) -> bool {
        let answer = self.asks("{__typename}", json!({})).await;
        failure(&answer) == "NOT_SIGNED_IN"
    }

    /// The data of a document without errors.
    pub async fn reads(&self, query: &str) -> Value {
        let answer = self.asks(query, json!({})).await;
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// One act on a refund: its payload, or the code of the failure.
    pub async fn acts(&self, act: &str, refund: &str) -> Result<Value, String> {
        let fields = "refund{refundNo status levels decisions{stage by}} \
                      userErrors{code message field}";
        let query = format!("mutation{{{act}(refundNo:\"{refund}\"){{{fields}}}}}");
        let answer = self.asks(&query, json!({})).await;
        match answer["errors"][0]["extensions"]["code"].as_str() {
            Some(code) => Err(code.to_owned()),
            None => Ok(answer["data"][act].clone()),
        }
    }
}

/// The code of a failure.
pub fn failure(answer: &Value) -> &Value {
    &answer["errors"][0]["extensions"]["code"]
}
