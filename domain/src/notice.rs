//! What is owed: notices (缴款单) with their items and the late fee by day.
//! A notice belongs to the gateway; this service reads it, and keeps a snapshot with a payment.

mod item;
mod item_check;
mod late_fee;
mod model;
mod payer;
mod search;

pub use item::{
    ChitCode, Destination, ItemAmount, ItemCode, ItemCodeInvalid, ItemLateFee, PaymentItem,
    PaymentItems, ReceiptClass, RevenueClass, SettlementLevel, Shares, SharesInvalid, Split,
};
pub use item_check::{ItemFault, RawItem};
pub use late_fee::{LateFee, LateFeeCycle, LateFeeRate, LateFeeRule, RateInvalid};
pub use model::{
    Agency, Due, FindNotices, ListedNotice, Notice, NoticeBook, NoticeFaulty, NoticeItem, NoticeNo,
    NoticeNoInvalid, NoticeStanding,
};
pub use payer::{PayerKey, PayerName};
pub use search::{SearchError, Sought};
