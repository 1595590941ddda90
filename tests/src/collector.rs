//! A collector of traces, as OpenTelemetry's own takes them: OTLP over HTTP, in JSON.

use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web};
use serde_json::Value;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// What came, as it came.
pub type Messages = Arc<Mutex<Vec<Value>>>;

/// One collector on a free port.
pub struct Collector {
    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub endpoint: String,
    messages: Messages,
    server: ServerHandle,
}

impl Collector {
    /// Takes all that comes.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let messages = Messages::default();
        let kept = web::Data::new(messages.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(kept.clone())
                .app_data(web::JsonConfig::default().limit(16 * 1024 * 1024))
                .route("/v1/traces", web::post().to(take))
        });
        let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { endpoint, messages, server: handle }
    }

    /// All messages until now as one text.
    pub fn text(&self) -> String {
        self.messages.lock().unwrap().iter().map(Value::to_string).collect()
    }

    /// All spans until now.
    pub fn spans(&self) -> Vec<Span> {
        let messages = self.messages.lock().unwrap();
        let all = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
        let resources = messages.iter().flat_map(|message| all(message, "resourceSpans"));
        let scopes = resources.flat_map(|resource| {
            assert_eq!(resource["resource"]["attributes"][0]["key"], "service.name", "{resource}");
            all(&resource, "scopeSpans")
        });
        scopes.flat_map(|scope| all(&scope, "spans")).map(Span).collect()
    }

    /// Stops.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

async fn take(message: web::Json<Value>, kept: web::Data<Messages>) -> HttpResponse {
    kept.lock().unwrap().push(message.into_inner());
    HttpResponse::Ok().json(serde_json::json!({ "partialSuccess": {} }))
}

/// One span, as it came.
#[derive(Debug, Clone)]
pub struct Span(pub Value);

impl Span {
    /// One of its texts; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    /// One of its attributes, a number as its text.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        let all = self.0["attributes"].as_array().unwrap();
        let value = &all.iter().find(|attribute| attribute["key"] == key)?["value"];
        value["stringValue"].as_str().or_else(|| value["intValue"].as_str())
    }

    /// When it began and when it ended, in nanoseconds since 1970.
    pub fn lasted(&self) -> (u64, u64) {
        let at = |name| self.text(name).parse().unwrap();
        (at("startTimeUnixNano"), at("endTimeUnixNano"))
    }
}
