//! The backend for the front-ends: HTTP, GraphQL, workers, the staff's desk. `main` starts it;
//! [`application`] is the only place that names concrete adapters.

pub mod application;
pub mod demo;
pub mod graphql;
mod http;
mod metrics;
mod parts;
pub mod passwords;
pub mod settings;
mod staff;
mod staff_door;
pub mod staff_graphql;
mod workers;

pub use http::front::trusted;
