//! The HTTP front: what strangers can send, and what they get.

use serde_json::json;
use tests::app::TestApp;
use tests::levers::Http;

/// Fault case 36.
#[tokio::test(flavor = "multi_thread")]
async fn what_kills_the_library_is_refused_and_the_server_lives() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await.anonymous();
    let http = Http::default();
    let deep = format!("{{__type(name:{}1{}){{name}}}}", "[".repeat(3_000), "]".repeat(3_000));
    let hidden = format!("{{__type(name:{}1){{name}}}}", "[#]\n".repeat(3_000));
    let fields = format!("{}a{}", "{a".repeat(3_000), "}".repeat(3_000));
    let round =
        "{categories{apps{category{apps{category{apps{category{apps{slug}}}}}}}}}".to_owned();
    for attack in [&deep, &hidden, &fields, &round] {
        let answer = citizen.ask(attack, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT");
    }
    let mut fan_out = String::from("{...F0}");
    for level in 0..40 {
        let next = level + 1;
        fan_out += &format!("fragment F{level} on Query{{...F{next} ...F{next}}}");
    }
    fan_out += "fragment F40 on Query{__typename}";
    let answer = citizen.ask(&fan_out, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT", "no walk through 2^40");
    let nested = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let variables: serde_json::Value = json!({ "query": "{viewer{person{id}}}" });
    let body = variables.to_string().replace('}', &format!(",\"variables\":{nested}}}"));
    let url = format!("{}/graphql", app.node.base_url);
    let (status, _) = http.post(&url, None, &json!({ "query": body })).await;
    assert_eq!(status, 200);
    let (status, _) = http.get(&format!("{url}?query={}", "%5B".repeat(2_000)), &[]).await;
    assert!(status == 200 || status == 400 || status == 414, "{status}");
    let (status, text) = http.get(&format!("{}/livez", app.node.base_url), &[]).await;
    assert_eq!((status, text.as_str()), (200, "ok\n"), "the server lives");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doors_are_where_the_contract_says() {
    let app = TestApp::start().await;
    let http = Http::default();
    let url = |path: &str| format!("{}{path}", app.node.base_url);
    assert_eq!(http.get(&url("/readyz"), &[]).await.0, 200);
    let (status, sdl) = http.get(&url("/schema.graphql"), &[]).await;
    assert_eq!(status, 200);
    for word in ["type Query", "startPayment(", "enum PaymentStatus", "union Cashier"] {
        assert!(sdl.contains(word), "{word}");
    }
    let query = "/graphql?query=%7Bcategories%7Bslug%7D%7D";
    let (status, body) = http.get(&url(query), &[]).await;
    assert!(status == 200 && body.contains("transport_travel"), "{body}");
    let named = "/graphql?query=query%20A%7B__typename%7Dquery%20B%7Bcategories%7Bslug%7D%7D\
                 &operationName=B";
    assert!(http.get(&url(named), &[]).await.1.contains("transport_travel"));
    let mutation = "/graphql?query=mutation%7BsignOut(input:%7B%7D)%7B__typename%7D%7D";
    assert_eq!(http.get(&url(mutation), &[]).await.0, 405, "no mutation over GET");
    let spec = [("Accept", "application/graphql-response+json")];
    assert_eq!(http.get(&url("/graphql?query=%7B"), &spec).await.0, 400);
    assert_eq!(http.get(&url("/graphql?query=%7B"), &[]).await.0, 200);
    assert_eq!(http.get(&url("/nowhere"), &[]).await.0, 404);
    let (status, _) = http.post(&url("/callbacks/wechat-pay"), None, &json!({})).await;
    assert_eq!(status, 401, "unsigned");
    let big = json!({ "query": " ".repeat(70_000) });
    assert_eq!(http.post(&url("/graphql"), None, &big).await.0, 413);
    app.finish().await;
}
