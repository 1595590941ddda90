//! One HTTP server for all platforms: their paths do not clash.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::{App, HttpServer, middleware, web};

use crate::outside::Outside;
use crate::{
    alipay, control, exchange, express, face, faults, gateway, panel, unionpay, wechat, wechat_pay,
};

const BODY_LIMIT: usize = 1024 * 1024;

/// What handlers ask for: the shared outside world.
pub(crate) type Shared = web::Data<Outside>;

pub(crate) fn serve(listener: TcpListener, outside: Arc<Outside>) -> io::Result<Server> {
    let shared = Shared::from(outside);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .wrap(middleware::from_fn(faults::layer))
            .configure(wechat::routes)
            .configure(wechat_pay::routes)
            .configure(alipay::routes)
            .configure(unionpay::routes)
            .configure(gateway::routes)
            .configure(exchange::routes)
            .configure(express::routes)
            .configure(face::routes)
            .configure(control::routes)
            .configure(panel::routes)
    })
    // The host process decides about signals; a client that hung up must end its request.
    .disable_signals()
    .h1_allow_half_closed(false)
    .workers(1)
    .shutdown_timeout(1)
    .listen(listener)?;
    Ok(server.run())
}
