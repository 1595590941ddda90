//! As fast as this server can answer at all: the bytes and headers of one answer, from a route of
//! the same framework with the same workers.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::{App, HttpResponse, HttpServer, web};
use bff::application::HTTP_WORKERS;
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    headers: Vec<(String, String)>,
    body: String,
}

struct Answer {
    headers: HeaderMap,
    body: web::Bytes,
}

async fn answer(kept: web::Data<Answer>) -> HttpResponse {
    let mut response = HttpResponse::Ok().body(kept.body.clone());
    for (name, value) in &kept.headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}

/// A body that is not read ends the connection.
async fn answer_read(_: web::Bytes, kept: web::Data<Answer>) -> HttpResponse {
    answer(kept).await
}

/// Serves the answer in this file until the process ends.
pub async fn serve(addr: &str, file: &str) {
    let file: File = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let headers = file.headers.iter().map(|(name, value)| {
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    });
    let kept = Answer { headers: headers.collect(), body: file.body.into() };
    let kept = web::Data::new(kept);
    let server = HttpServer::new(move || {
        App::new().app_data(kept.clone()).wrap(DefaultHeaders::new()).service(
            web::resource("/graphql")
                .route(web::get().to(answer))
                .route(web::post().to(answer_read)),
        )
    });
    let server = server.workers(HTTP_WORKERS).disable_signals().bind(addr).unwrap();
    server.run().await.unwrap();
}
