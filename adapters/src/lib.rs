//! Everything outside, one module each: the database, WeChat, the payment gateway, the departments'
//! exchange, the app files, the PDF files. Each implements ports of `domain`, keeps its wire formats to itself,
//! and says what the other side said, or that nobody knows; it never decides about money.

pub mod alipay;
pub mod asked;
mod breaker;
mod certificate;
pub mod crash;
pub mod crypto;
pub mod day_files;
pub mod definitions;
pub mod demo_citizen;
pub mod departments;
pub mod documents;
pub mod express;
pub mod followed_clock;
pub mod formats;
pub mod guarded;
pub mod http;
pub mod last_answers;
pub mod lottery;
pub mod non_tax;
pub mod password;
pub mod reading;
pub mod sealed_tokens;
pub mod seals;
pub mod sso_clients;
pub mod store;
pub mod system;
#[cfg(test)]
mod test_support;
pub mod totp;
pub mod unionpay;
pub mod wechat;
