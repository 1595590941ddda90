//! WeChat: the mini-program platform (who somebody is) and WeChat Pay API v3 (money).
//! Never decides about money: it says what the platform said, or that nobody knows.

mod account;
mod bill;
mod bill_file;
mod callback;
pub(crate) mod formats;
mod keys;
mod message_push;
mod messages;
mod mini_program;
mod pay;
mod prepay;
mod redirect;
mod refund;
mod sign;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;
mod wire;

pub use account::{WeChatPayAccount, WeChatPayConfig};
pub use bill::{WeChatPayBills, WeChatPayStatements};
pub use callback::WeChatPayCallbacks;
pub use message_push::{MessagePushConfig, WeChatMessagePush};
pub use messages::WeChatMessages;
pub use mini_program::{MiniProgramConfig, WeChatMiniProgram};
pub use pay::WeChatPayRail;
pub use redirect::WeChatPayRedirects;
pub use refund::WeChatPayRefunds;
