//! `/staff/sign-in`: name, password, one-time code; and the way out.

use super::form::Fields;
use super::page::{layout, respond};
use crate::graphql::error::chain;
use crate::http::requester::Credentials;
use crate::parts::Parts;
use crate::staff_door::{SIGN_IN, cookie, is_own_page, open, token_of};
use crate::staff_graphql::refusal;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::identity::{AuditRecord, StaffSignInError};
use maud::{Markup, html};

/// Shows the form.
pub async fn show(query: web::Query<Vec<(String, String)>>) -> HttpResponse {
    let next = query.iter().find(|(key, _)| key == "next").map_or("", |(_, value)| value);
    respond(StatusCode::OK, &form("", next, ""))
}

fn form(name: &str, next: &str, why: &str) -> Markup {
    let body = html! {
        h1 { "登录" }
        @if !why.is_empty() { p.bad role="alert" { (why) } }
        form.narrow method="post" action=(SIGN_IN) {
            input type="hidden" name="next" value=(inside(next));
            label for="name" { "账号" }
            input id="name" name="name" value=(name) autocomplete="username" required maxlength="64" autofocus[name.is_empty()];
            label for="password" { "密码" }
            input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256" autofocus[!name.is_empty()];
            label for="code" { "动态口令（验证器应用上的6位数字）" }
            input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" title="6位数字" required maxlength="6";
            button type="submit" { "登录" }
        }
        p.note { "忘记密码或更换手机，请联系运维重新开通。30分钟没有操作会自动退出。" }
    };
    layout("登录", None, &body)
}

/// A path of the console, or its front page: nobody is sent elsewhere.
fn inside(next: &str) -> &str {
    let fits = next.starts_with("/staff/")
        && !next.starts_with(SIGN_IN)
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if fits { next } else { "/staff/" }
}

/// Lets somebody in.
pub async fn enter(
    request: HttpRequest,
    body: web::Bytes,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let fields = Fields::of(&body);
    let (name, next) = (fields.get("name").trim(), fields.get("next"));
    let again = |status: StatusCode, why: &str| respond(status, &form(name, next, why));
    if !is_own_page(&request) {
        return again(StatusCode::FORBIDDEN, "请从本页面登录。");
    }
    let second = (fields.get("code").trim(), true);
    match parts.staff_sign_in.run(name, fields.get("password"), second).await {
        Ok(session) => HttpResponse::SeeOther()
            .insert_header((LOCATION, inside(next)))
            .insert_header((SET_COOKIE, cookie(&parts, session.token.expose())))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
        Err(StaffSignInError::Store(error)) => {
            tracing::error!(error = %chain(&error), "nobody can sign in");
            again(StatusCode::SERVICE_UNAVAILABLE, "数据库暂时没有应答，请稍后再试。")
        }
        Err(why) => {
            let address = Credentials::of_request(&request, &parts).address();
            match parts.fairness.unknown_token(address) {
                Ok(()) => again(StatusCode::UNAUTHORIZED, refusal(&why)),
                Err(_) => {
                    again(StatusCode::TOO_MANY_REQUESTS, "登录失败次数过多，请一分钟后再试。")
                }
            }
        }
    }
}

/// Lets somebody out; again is the same.
pub async fn leave(
    request: HttpRequest,
    body: web::Bytes,
    parts: web::Data<Parts>,
) -> HttpResponse {
    let out = || {
        HttpResponse::SeeOther()
            .insert_header((LOCATION, SIGN_IN))
            .insert_header((SET_COOKIE, cookie(&parts, "")))
            .finish()
    };
    let who = match open(&request, &parts).await {
        Ok(who) => who,
        Err(_) => return out(),
    };
    if !who.sent(Fields::of(&body).get("mark")) {
        return HttpResponse::Forbidden().finish();
    }
    let (now, name) = (parts.clock.now(), who.account.name.as_str());
    let record = AuditRecord::new(now, name, "SIGN_OUT", name, "");
    let noted = parts.staff_sign_in.audit.append(&record).await;
    let closed = match token_of(&request, &parts) {
        Some(token) => parts.staff_sessions.close(&token).await,
        None => Ok(()),
    };
    match noted.and(closed) {
        Ok(()) => out(),
        Err(error) => {
            tracing::error!(error = %chain(&error), "a session is not closed");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for path in ["/staff/desk/2026-09-30?state=OPEN", "/staff/"] {
            assert_eq!(inside(path), path);
        }
        for path in [
            "",
            "//evil.example",
            "/pay/x",
            "https://evil.example",
            "/staff/\\x",
            "/staff/\r\nX",
            "/staff/sign-in",
        ] {
            assert_eq!(inside(path), "/staff/", "{path}");
        }
    }
}
