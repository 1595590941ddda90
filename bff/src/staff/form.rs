//! What a form of the console sends.

use crate::parts::Parts;
use crate::staff_door::{SignedIn, is_own_page, open_desk};
use actix_web::{HttpRequest, HttpResponse, web};

/// The fields of a form, in order; a name may come again.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Of a body in `application/x-www-form-urlencoded`.
    pub fn of(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The first field of this name; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// All fields of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Whoever sent a form of the desk, and what it says.
pub async fn sent(
    request: &HttpRequest,
    body: &web::Bytes,
    parts: &Parts,
) -> Result<(SignedIn, Fields), HttpResponse> {
    let who = open_desk(request, parts).await?;
    let fields = Fields::of(body);
    if is_own_page(request) && who.sent(fields.get("mark")) {
        return Ok((who, fields));
    }
    tracing::warn!(account = who.account.name, "a form came from elsewhere");
    let page = super::page::missing("表单已过期或不是从本页面提交的。请返回上一页刷新后再试。");
    Err(HttpResponse::Forbidden().content_type("text/html; charset=utf-8").body(page.into_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_and_again() {
        let fields = Fields::of("pick=A%3A1&reason=%E5%A5%BD+%26&pick=B:2".as_bytes());
        assert_eq!(fields.all("pick").collect::<Vec<_>>(), ["A:1", "B:2"]);
        assert_eq!((fields.get("reason"), fields.get("nothing")), ("好 &", ""));
    }
}
