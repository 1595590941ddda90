//! Staff in the console, `/staff/`: sign in by the form, keep the cookie, send the mark.

use crate::app::TestApp;
use adapters::system::SystemClock;
use domain::clock::{Clock as _, IdSource};
use domain::identity::{AuditRecord, StaffAccount, StaffRole, StaffStore as _};

/// Of every account that tests make.
pub const PASSWORD: &str = "a-password-of-the-console";

/// Somebody before a browser.
pub struct Console {
    client: reqwest::Client,
    base_url: String,
    cookie: String,
}

/// What an account needs to sign in.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Sign-in name.
    pub name: String,
    /// Password.
    pub password: String,
    /// Secret of the one-time codes, base32.
    pub secret: String,
}

/// The secret's code, so many steps from now.
pub fn code(secret: &str, steps: i64) -> String {
    let letters = secret.bytes().map(|letter| match letter {
        b'A'..=b'Z' => letter - b'A',
        _ => letter - b'2' + 26,
    });
    let bits: Vec<u8> =
        letters.flat_map(|value| (0..5).rev().map(move |bit| value >> bit & 1)).collect();
    let bytes = bits.chunks_exact(8).map(|byte| byte.iter().fold(0_u8, |sum, bit| sum << 1 | bit));
    let step = adapters::totp::step_at(SystemClock.now()) + steps;
    adapters::totp::code(&bytes.collect::<Vec<_>>(), step)
}

/// A new account with these roles, its password and second factor.
pub async fn enrolled(app: &TestApp, name: &str, roles: &[StaffRole]) -> Keys {
    let account = StaffAccount {
        name: name.to_owned(),
        password_hash: adapters::password::hash(PASSWORD).unwrap(),
        roles: roles.to_vec(),
        created_at: domain::fakes::samples::at(0),
    };
    app.node.store.insert(&account).await.unwrap();
    let audit = AuditRecord::new(domain::fakes::samples::at(0), "test", "STAFF_TOTP", name, "");
    let ids: &dyn IdSource = &adapters::system::RandomIds;
    let secret = app.node.store.enrol(name, ids, &audit).await.unwrap();
    Keys { name: name.to_owned(), password: PASSWORD.to_owned(), secret }
}

impl Console {
    /// Nobody, who is signed out.
    pub fn nobody(app: &TestApp) -> Self {
        let none = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(none).build().unwrap();
        Self { client, base_url: app.node.base_url.clone(), cookie: String::new() }
    }

    /// The clerk that the first start made.
    pub async fn of_first_clerk(app: &TestApp) -> Self {
        let account = app.node.staff.clone().unwrap();
        let (name, password, secret) = (account.name, account.password, account.totp_secret);
        // A code is used once: whoever signs in again takes the next one.
        let mut clerk = Self::nobody(app);
        for steps in -1..=1 {
            let keys =
                Keys { name: name.clone(), password: password.clone(), secret: secret.clone() };
            if clerk.sign_in(&keys, steps).await == 303 {
                return clerk;
            }
        }
        panic!("the clerk cannot sign in");
    }

    /// A new account with these roles, signed in.
    pub async fn of(app: &TestApp, name: &str, roles: &[StaffRole]) -> Self {
        let keys = enrolled(app, name, roles).await;
        let mut console = Self::nobody(app);
        assert_eq!(console.sign_in(&keys, 0).await, 303);
        console
    }

    /// Sends the form of the sign-in page; answers the status.
    pub async fn sign_in(&mut self, keys: &Keys, steps: i64) -> u16 {
        let code = code(&keys.secret, steps);
        let fields = [("name", keys.name.as_str()), ("password", &keys.password), ("code", &code)];
        let answer = self.sends("/staff/sign-in", &fields, None).await;
        if let Some(cookie) = answer.headers().get("set-cookie") {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("HttpOnly") && text.contains("SameSite=Strict"), "{text}");
            text.split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        answer.status().as_u16()
    }

    async fn sends(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        origin: Option<&str>,
    ) -> reqwest::Response {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let mut post = self
            .client
            .post(format!("{}{path}", self.base_url))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &self.cookie)
            .body(body.finish());
        if let Some(origin) = origin {
            post = post.header("origin", origin);
        }
        post.send().await.unwrap()
    }

    /// A page: status and text.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let get = self.client.get(format!("{}{path}", self.base_url));
        let answer = get.header("cookie", &self.cookie).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// A file: status and bytes.
    pub async fn bytes(&self, path: &str) -> (u16, Vec<u8>) {
        let get = self.client.get(format!("{}{path}", self.base_url));
        let answer = get.header("cookie", &self.cookie).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }

    /// The mark that forms of this session carry.
    pub async fn mark(&self) -> String {
        let (_, page) = self.get("/staff/proposals").await;
        let after = page.split("name=\"mark\" value=\"").nth(1).expect("a form");
        after.split('"').next().unwrap().to_owned()
    }

    /// Sends a form as its page does: where it leads, or status and text.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<String, (u16, String)> {
        let mark = self.mark().await;
        let fields = [&[("mark", mark.as_str())], fields].concat();
        let answer = self.sends(path, &fields, Some(&self.base_url)).await;
        if answer.status().as_u16() == 303 {
            return Ok(answer.headers()["location"].to_str().unwrap().to_owned());
        }
        Err((answer.status().as_u16(), answer.text().await.unwrap()))
    }

    /// Sends a form from elsewhere, or with another mark; answers the status.
    pub async fn forges(&self, path: &str, mark: &str, origin: Option<&str>) -> u16 {
        self.sends(path, &[("mark", mark)], origin).await.status().as_u16()
    }
}
