//! The HTTP front: the GraphQL route, callbacks of the rails, health, the schema's text, documents.

pub mod admission;
mod app_page;
pub mod arrival;
mod callbacks;
mod certificate_page;
mod documents;
pub mod fairness;
pub mod files;
pub mod front;
pub mod guard;
pub mod health;
pub mod limits;
mod lottery;
mod message_push;
mod page;
mod pay_page;
pub(crate) mod requester;
mod sso;
mod staff_route;
mod verify_page;

use crate::graphql;
use crate::observe;
use crate::parts::Parts;
use crate::portal;
use crate::staff;
use actix_web::dev::Server;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, HttpResponse, HttpServer, web};
use std::net::TcpListener;

/// A query, its variables and its name; the largest document of the clients has 9 KB.
const MAX_BODY: usize = 64 * 1024;
/// The gateway's document allows its calls so much.
const MAX_GATEWAY_CALL: usize = 1024 * 1024;
/// Requests under way at once, over all workers, before the socket stops accepting.
const MAX_CONNECTIONS: usize = 4_096;
/// In flight when the server is told to stop: so long they have.
const SHUTDOWN_SECONDS: u64 = 15;

/// Serves on `listener`; stops when its handle says so, after what is in flight is done.
pub fn serve(listener: TcpListener, parts: Parts, workers: usize) -> std::io::Result<Server> {
    let parts = web::Data::new(parts);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(parts.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .app_data(web::FormConfig::default().limit(4 * 1024))
            .wrap(
                DefaultHeaders::new()
                    .add(("X-Content-Type-Options", "nosniff"))
                    .add(("Referrer-Policy", "no-referrer"))
                    .add(("X-Frame-Options", "DENY")),
            )
            .wrap(from_fn(arrival::check))
            .configure(routes)
    });
    let server = server
        .workers(workers)
        .max_connections(MAX_CONNECTIONS)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/graphql")
                .wrap(from_fn(observe::request))
                .route(web::post().to(front::route::post))
                .route(web::get().to(front::route::get))
                .default_service(web::to(front::route::other)),
        )
        .route("/schema.graphql", web::get().to(schema_text))
        .route("/callbacks/wechat-pay", web::post().to(callbacks::we_chat_pay))
        .route("/callbacks/alipay", web::post().to(callbacks::alipay))
        .route("/callbacks/unionpay", web::post().to(callbacks::union_pay))
        .route("/callbacks/wechat-messages", web::get().to(message_push::greet))
        .route("/callbacks/wechat-messages", web::post().to(message_push::take))
        .route("/documents/{token}", web::get().to(documents::document))
        .route("/apps/{slug}", web::get().to(app_page::show))
        .route("/lottery/{app}/{issue}/{text}", web::get().to(lottery::text))
        .route("/certificates/verify", web::get().to(certificate_page::verify))
        .route("/receipts/verify", web::get().to(verify_page::verify))
        .service(
            web::resource("/files")
                .route(web::post().to(files::upload))
                .default_service(web::to(files::other)),
        )
        .service(
            web::resource("/callbacks/non-tax")
                .app_data(web::PayloadConfig::new(MAX_GATEWAY_CALL))
                .route(web::post().to(callbacks::non_tax)),
        )
        .service(
            web::resource("/pay/{token}")
                .route(web::get().to(pay_page::show))
                .route(web::post().to(pay_page::pay)),
        )
        .route("/sso/verify", web::post().to(sso::verify))
        .route("/livez", web::get().to(health::live))
        // Names that balancers ask for by themselves.
        .route("/health", web::get().to(health::live))
        .route("/healthz", web::get().to(health::live))
        .route("/readyz", web::get().to(health::ready))
        .service(
            web::resource("/staff/graphql")
                .wrap(from_fn(observe::request))
                .route(web::post().to(staff_route::post))
                .default_service(web::to(staff_route::other)),
        )
        .service(web::scope("/docs").configure(portal::routes))
        .service(web::scope("/staff").configure(staff::routes))
        .default_service(web::to(not_found));
}

/// The contract, where introspection is answered: it tells the same.
async fn schema_text(parts: web::Data<Parts>) -> HttpResponse {
    if !parts.tells_schema {
        return not_found().await;
    }
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(graphql::sdl())
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("没有这个页面\n")
}
