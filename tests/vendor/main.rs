//! The vendors' own clients, unmodified, against the mock channels: what they accept, an
//! adapter written from the same documents will accept too.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod alipay;
mod clients;
mod console;
mod graphql;
mod portal;
mod schema;
mod schemathesis;
mod wechatpay;
