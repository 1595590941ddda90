//! The backend for the front-ends: HTTP, GraphQL, workers, the staff's desk. `main` starts it;
//! [`application`] is the only place that names concrete adapters.

pub mod application;
pub mod demo;
pub mod graphql;
mod http;
mod metrics;
pub mod observe;
mod parts;
pub mod passwords;
mod portal;
pub mod report;
pub mod settings;
mod staff;
mod staff_door;
pub mod staff_graphql;
mod workers;

pub use http::files::content_of;
pub use http::front::operation::Operation;
pub use http::front::trusted;
pub use http::guard;
pub use parts::ReportParts;
pub use staff_door::{FirstAccount, otpauth};
