//! The shared examples of the standards, each against its type. Here and not in the domain,
//! which reads no JSON.

use domain::notice::NoticeNo;
use domain::standards::{
    CheckCode, CitizenId, DriverArchiveNo, Mobile, PaperNotice, PayCode, PlateNo, ReceiptCode,
    ReceiptNo, Uscc,
};
use std::collections::BTreeMap;

const EXAMPLES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/standards_examples.json"));

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    valid: Vec<String>,
    /// A text, and why it is none.
    invalid: Vec<(String, String)>,
}

/// Does the text fit its standard? `None`: no type of ours is of that kind.
fn fits(kind: &str, text: &str) -> Option<bool> {
    Some(match kind {
        // A social security number and a driving licence number are the citizen's number.
        "citizen_id" | "social_security_no" | "driving_licence_no" => CitizenId::new(text).is_ok(),
        "driver_archive_no" => DriverArchiveNo::new(text).is_ok(),
        "uscc" => Uscc::new(text).is_ok(),
        "mobile" => Mobile::new(text).is_ok(),
        "plate" => PlateNo::new(text).is_ok(),
        "pay_code_composed" => PayCode::new(text).is_ok(),
        "notice_no_zhejiang" => NoticeNo::new(text).is_ok(),
        "receipt_code" => ReceiptCode::new(text).is_ok(),
        "receipt_no" => ReceiptNo::new(text).is_ok(),
        "receipt_check_code" => CheckCode::new(text).is_ok(),
        "notice_with_checks" => PaperNotice::new(text).is_ok(),
        _ => return None,
    })
}

#[test]
fn every_example_of_every_kind_is_told_right() {
    let kinds: BTreeMap<String, Examples> = serde_json::from_str(EXAMPLES).unwrap();
    assert!(!kinds.is_empty());
    for (kind, examples) in kinds {
        for text in &examples.valid {
            assert_eq!(fits(&kind, text), Some(true), "{kind}: {text}");
        }
        for (text, why) in &examples.invalid {
            assert_eq!(fits(&kind, text), Some(false), "{kind}: {text}: {why}");
        }
    }
}
