//! What strangers send to wear the server out is refused by every way in, and the server lives.

use serde_json::{Value, json};
use tests::abuse::{Abuse, bodies, documents};
use tests::app::TestApp;
use tests::levers::Http;
use tests::manifest::id;
use tests::raw_socket::{Kind, RawSocket};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// RFC 6455, section 7.4.1: the message is too big to process.
const TOO_LARGE: u16 = 1009;
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn url(app: &TestApp, path: &str) -> String {
    format!("{}{path}", app.node.base_url)
}

async fn lives(app: &TestApp) {
    let (status, text) = Http::default().get(&url(app, "/livez"), &[]).await;
    assert_eq!((status, text.as_str()), (200, "ok\n"), "the server lives");
}

/// Refused for what it is, and nothing was executed.
fn assert_refused(what: &str, body: &Value) {
    assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_INPUT", "{what}: {body}");
    assert!(body.get("data").is_none(), "{what}: {body}");
    assert!(body["errors"][0]["extensions"]["traceId"].is_string(), "{what}: {body}");
}

fn quoted(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .map(|b| if safe(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_document_of_an_attacker_is_executed_by_any_way_in() {
    let app = TestApp::start().await;
    let http = Http::default();
    let mut socket = RawSocket::hello(&app.node.base_url).await;
    for (number, Abuse { name, text }) in documents().into_iter().enumerate() {
        let sent = json!({ "query": text }).to_string();
        for path in ["/graphql", "/staff/graphql"] {
            let (_, _, body) = http.send_with(&url(&app, path), &[JSON], &sent).await;
            assert_refused(&format!("{name} at {path}"), &serde_json::from_str(&body).unwrap());
        }
        let events = [JSON, ("Accept", "text/event-stream")];
        let (_, _, body) = http.send_with(&url(&app, "/graphql"), &events, &sent).await;
        assert_refused(&format!("{name} as events"), &serde_json::from_str(&body).unwrap());
        // Taken in under its hash, it would be executed by its hash.
        let hash = id(&text);
        let named = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
        let sent = json!({ "query": text, "extensions": named }).to_string();
        let (_, _, body) = http.send_with(&url(&app, "/graphql"), &[JSON], &sent).await;
        assert_refused(&format!("{name} with its hash"), &serde_json::from_str(&body).unwrap());
        let sent = json!({ "extensions": named }).to_string();
        let (_, _, body) = http.send_with(&url(&app, "/graphql"), &[JSON], &sent).await;
        assert!(body.contains("PERSISTED_QUERY_NOT_FOUND"), "{name} was not kept: {body}");
        let address = format!("/graphql?query={}", quoted(&text));
        let heard =
            says(&app, format!("GET {address} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await;
        let refused = !heard.starts_with("HTTP/1.1 200") || heard.contains("BAD_INPUT");
        assert!(refused && !heard.contains("\"data\""), "{name} over GET: {heard}");
        let id = format!("s{number}");
        let message = json!({ "type": "subscribe", "id": id, "payload": { "query": text } });
        socket.text(&message.to_string()).await;
        let heard = match socket.hears().await {
            Ok(heard) => heard,
            Err(closed) => {
                // Its quotes are longer in JSON.
                let is_long = message.to_string().len() > 64 * 1024;
                assert!(is_long && closed == TOO_LARGE, "{name}: {closed}");
                socket = RawSocket::hello(&app.node.base_url).await;
                continue;
            }
        };
        let heard: Value = serde_json::from_str(&heard).unwrap();
        assert_eq!(
            (&heard["type"], &heard["id"]),
            (&json!("error"), &json!(id)),
            "{name}: {heard}"
        );
        assert_eq!(heard["payload"][0]["extensions"]["code"], "BAD_INPUT", "{name}: {heard}");
    }
    lives(&app).await;
    assert_eq!(app.counts("payment").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_body_of_an_attacker_is_executed() {
    let app = TestApp::start().await;
    let http = Http::default();
    for Abuse { name, text } in bodies() {
        for path in ["/graphql", "/staff/graphql"] {
            let (status, _, body) = http.send_with(&url(&app, path), &[JSON], &text).await;
            assert_eq!(status, 400, "{name} at {path}: {body}");
            assert_refused(&format!("{name} at {path}"), &serde_json::from_str(&body).unwrap());
        }
        // The same as a message, whose payload it is: the socket says that it is no message.
        let mut socket = RawSocket::hello(&app.node.base_url).await;
        let message = format!(r#"{{"type":"subscribe","id":"1","payload":{text}}}"#);
        socket.text(&message).await;
        match socket.hears().await {
            Ok(heard) => assert!(heard.contains(r#""type":"error""#), "{name}: {heard}"),
            Err(code) => assert!([4_400, 1_009].contains(&code), "{name}: {code}"),
        }
    }
    lives(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_odd_and_harmless_is_answered() {
    let app = TestApp::start().await;
    let http = Http::default();
    let asked = "query($a:String){rails{rail} app(slug:\"x\"){slug} __typename}";
    for (name, variables) in [
        ("two values of one name", r#"{"a":"1","a":"2"}"#.to_owned()),
        ("a prototype", r#"{"__proto__":{"a":1},"constructor":{},"a":"1"}"#.to_owned()),
        ("a long text", format!("{{\"a\":\"{}\"}}", "长".repeat(15_000))),
        ("a NUL in a text", r#"{"a":"\u0000"}"#.to_owned()),
    ] {
        let query = if name == "a prototype" { "{rails{rail}}" } else { asked };
        let body = format!(r#"{{"query":{},"variables":{variables}}}"#, json!(query));
        let (status, _, text) = http.send_with(&url(&app, "/graphql"), &[JSON], &body).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status, 200, "{name}: {text}");
        assert!(answer["data"].is_object() || answer["errors"].is_array(), "{name}: {text}");
    }
    lives(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_is_read_and_what_is_too_large_is_refused_in_the_shape_of_answers() {
    let app = TestApp::start().await;
    let http = Http::default();
    let graphql = url(&app, "/graphql");
    let query = json!({ "query": "{rails{rail}}" }).to_string();
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=gbk",
    ] {
        let (status, headers, body) =
            http.send_with(&graphql, &[("Content-Type", media)], &query).await;
        assert_eq!(status, 415, "{media}");
        assert!(headers["content-type"].to_str().unwrap().starts_with("application/json"));
        assert_refused(media, &serde_json::from_str(&body).unwrap());
    }
    let packed = [JSON, ("Content-Encoding", "gzip")];
    assert_eq!(http.send_with(&graphql, &packed, &query).await.0, 415);
    let large = json!({ "query": "#".repeat(70_000) }).to_string();
    let (status, _, body) = http.send_with(&graphql, &[JSON], &large).await;
    assert_eq!(status, 413);
    assert_refused("70 KB", &serde_json::from_str(&body).unwrap());
    let (status, body) = http.get(&format!("{graphql}?query={}", "a".repeat(20_000)), &[]).await;
    assert_eq!(status, 414, "{body}");
    let cookie = "a".repeat(20_000);
    let (status, body) = http.get(&graphql, &[("Cookie", &cookie)]).await;
    assert_eq!(status, 431, "{body}");
    let mutation = format!("{graphql}?query={}", quoted("mutation{signOut(input:{}){__typename}}"));
    let (status, headers, body) = http.get_with(&mutation, &[]).await;
    assert_eq!((status, headers["allow"].to_str().unwrap()), (405, "POST"));
    assert_refused("a mutation over GET", &serde_json::from_slice(&body).unwrap());
    lives(&app).await;
    app.finish().await;
}

/// Everything that the server says until it closes the connection.
async fn says(app: &TestApp, sent: &[u8]) -> String {
    let host = app.node.base_url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(sent).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut heard = Vec::new();
    // What is closed abruptly has said what it had to say.
    let _ = stream.read_to_end(&mut heard).await;
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_none_end_alone() {
    let app = TestApp::start().await;
    let body = r#"{"query":"{rails{rail}}"}"#;
    let post = format!(
        "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answers = says(&app, post.repeat(5).as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 5, "one after the other: {answers}");
    for (name, sent, status) in [
        ("a bare line", "GET /graphql HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\nZ\r\n\r\n".into(), "400"),
        (
            "two lengths",
            "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"
                .into(),
            "400",
        ),
        (
            "a length and chunks",
            "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\
             Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n"
                .into(),
            "400",
        ),
        (
            "a chunk without end",
            "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"
                .into(),
            "400",
        ),
        ("no HTTP", "\0\0\0\0\r\n\r\n".to_owned(), "400"),
        (
            "200 KB of headers",
            format!("GET /graphql HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(200_000)),
            "431",
        ),
        (
            "2,000 headers",
            format!("GET /graphql HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: a\r\n".repeat(2_000)),
            "431",
        ),
    ] {
        let heard = says(&app, sent.as_bytes()).await;
        let first = heard.lines().next().unwrap_or_default();
        // Some of it is closed without a word, which is an answer, too.
        assert!(first.is_empty() || first.contains(status), "{name}: {first}");
        assert!(!heard.contains("200 OK"), "{name}: {heard}");
        lives(&app).await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_no_client_sends_end_their_own_socket_and_no_other() {
    let app = TestApp::start().await;
    let base = &app.node.base_url;
    let mut bystander = RawSocket::hello(base).await;

    let mut binary = RawSocket::hello(base).await;
    binary.frame(Kind::Binary, true, b"{}").await;
    assert_eq!(binary.hears().await, Err(4_400));

    let mut large = RawSocket::hello(base).await;
    large.frame(Kind::Text, true, &[b'{'; 70_000]).await;
    let code = large.hears().await.unwrap_err();
    assert!([0, 1_009].contains(&code), "{code}");

    let mut growing = RawSocket::hello(base).await;
    growing.frame(Kind::Text, false, &[b' '; 30_000]).await;
    for _ in 0..5 {
        growing.frame(Kind::More, false, &[b' '; 30_000]).await;
    }
    let code = growing.hears().await.unwrap_err();
    assert!([0, 1_009].contains(&code), "{code}");

    let mut orphan = RawSocket::hello(base).await;
    orphan.frame(Kind::More, true, b"{}").await;
    assert!(orphan.hears().await.is_err(), "the middle of nothing");

    // A message in pieces is a message.
    let mut pieces = RawSocket::hello(base).await;
    let message = r#"{"type":"subscribe","id":"1","payload":{"query":"{rails{rail}}"}}"#;
    let (begin, end) = message.as_bytes().split_at(20);
    pieces.frame(Kind::Text, false, begin).await;
    pieces.frame(Kind::Ping, true, b"in between").await;
    pieces.frame(Kind::More, true, end).await;
    assert!(pieces.hears().await.unwrap().contains("\"next\""));

    let mut pinging = RawSocket::hello(base).await;
    for _ in 0..2_000 {
        pinging.frame(Kind::Ping, true, b"").await;
    }
    pinging.text(r#"{"type":"ping"}"#).await;
    assert_eq!(pinging.hears().await, Ok(r#"{"type":"pong"}"#.to_owned()));

    let mut crowd = RawSocket::hello(base).await;
    let wait = r#"{"query":"subscription{paymentChanged(paymentNo:\"P00000001\"){status}}"}"#;
    for number in 0..10_000 {
        crowd
            .text(&format!(r#"{{"type":"subscribe","id":"{}","payload":{wait}}}"#, number % 40))
            .await;
    }
    let end = loop {
        match crowd.hears().await {
            Ok(heard) => assert!(!heard.contains("\"next\""), "{heard}"),
            Err(code) => break code,
        }
    };
    assert!([0, 4_409].contains(&end), "{end}");

    bystander.text(r#"{"type":"ping"}"#).await;
    assert_eq!(bystander.hears().await, Ok(r#"{"type":"pong"}"#.to_owned()));
    lives(&app).await;
    app.finish().await;
}
