//! adapters

pub mod crypto;
pub mod definitions;
pub mod departments;
pub mod followed_clock;
pub mod http;
pub mod non_tax;
pub mod password;
pub mod store;
pub mod system;
#[cfg(test)]
mod test_support;
pub mod wechat;
