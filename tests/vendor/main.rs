//! The vendors' own clients, unmodified, against the mock channels: what they accept, an
//! adapter written from the same documents will accept too.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod alipay;
mod graphql;
mod schemathesis;
mod wechatpay;
