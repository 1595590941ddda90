//! Pages for everybody's browser: one look, no scripts.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Nothing is loaded from anywhere, and the page is in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = "
body{font:17px/1.6 system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;
 margin:0;color:#1b1f24;background:#f6f7f9}
main{max-width:30rem;margin:0 auto;padding:1rem 1.2rem;background:#fff;min-height:100vh}
h1{font-size:1.3rem;margin:.4rem 0 1rem}
table{width:100%;border-collapse:collapse}td{padding:.4rem 0;border-bottom:1px solid #e4e8ee}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.total td{font-weight:600;font-size:1.15rem;border-bottom:0}
button{font:inherit;width:100%;padding:.8rem;margin-top:1.2rem;border:0;border-radius:.4rem;
 background:#12467b;color:#fff}
button:focus,input:focus,a:focus{outline:3px solid #f0a500;outline-offset:2px}
svg{display:block;width:15rem;height:15rem;margin:1rem auto}
p.note{color:#57606a}
label{display:block;margin-top:.8rem}
input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #8b949e;border-radius:.4rem}
";

/// A page; `ask_again` has the browser load it again after five seconds.
pub fn page(status: StatusCode, title: &str, ask_again: bool, body: &Markup) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                @if ask_again { meta http-equiv="refresh" content="5"; }
                title { (title) " · 政务缴款" }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("Cache-Control", "no-store"))
        .body(page.into_string())
}

/// A page of one sentence.
pub fn note(status: StatusCode, title: &str, what: &str) -> HttpResponse {
    page(status, title, false, &html! { p.note { (what) } })
}
