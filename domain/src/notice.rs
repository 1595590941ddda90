//! What is owed: notices (缴款单) with their items and the late fee by day.
//! A notice belongs to the gateway; this service reads it, and keeps a snapshot with a payment.

mod late_fee;
mod model;

pub use late_fee::{DailyRate, LateFee, LateFeeRule, RateInvalid};
pub use model::{
    Agency, Due, FindNotices, ListedNotice, Notice, NoticeBook, NoticeFaulty, NoticeItem, NoticeNo,
    NoticeNoInvalid, NoticeStanding,
};
