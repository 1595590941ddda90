//! Checked types of national and provincial standards. A value of such a type is well formed;
//! whether the person, vehicle or receipt exists is another question.

mod citizen_id;
mod notice_qr;
mod paper_notice;
mod pay_code;
mod plate;
mod receipt;
mod simple;
mod uscc;
pub mod workday;

pub use citizen_id::{CitizenId, CitizenIdInvalid};
pub use notice_qr::{NoticeQr, NoticeQrInvalid};
pub use paper_notice::{PaperNotice, PaperNoticeInvalid, full_check, number_check};
pub use pay_code::{PayCode, PayCodeInvalid};
pub use plate::{PlateInvalid, PlateKind, PlateKindInvalid, PlateNo};
pub use receipt::{
    CheckCode, CheckCodeInvalid, ReceiptClass, ReceiptCode, ReceiptCodeInvalid, ReceiptNo,
    ReceiptNoInvalid,
};
pub use simple::{
    DriverArchiveNo, DriverArchiveNoInvalid, Mobile, MobileInvalid, RegionCode, RegionCodeInvalid,
};
pub use uscc::{Uscc, UsccInvalid};

/// First two digits of GB/T 2260: the provinces and what stands beside them.
const PROVINCES: [&str; 34] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
    "81", "82",
];

fn is_province(code: &str) -> bool {
    PROVINCES.contains(&code)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn digit(byte: u8) -> u32 {
    u32::from(byte - b'0')
}
