//! A number that stands on a document, and the apps that take one.

use super::super::{AppDefinition, Field, FieldType};
use super::text::half_width_of;
use crate::notice::NoticeNo;
use crate::standards::{
    CitizenId, Mobile, NoticeQr, PaperNotice, PayCode, PlateNo, ReceiptCode, ReceiptNo, Uscc,
};

/// The code on a notice, with its separators, is the longest.
const LONGEST: usize = 256;

/// What a text can be the number of; the likeliest first.
pub(super) fn kinds(text: &str) -> Vec<FieldType> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let half = half_width_of(text);
    let text = half.trim();
    let joined: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let number = joined.to_ascii_uppercase();
    let notice = NoticeQr::new(text).is_ok()
        || PaperNotice::new(text).is_ok()
        || PayCode::new(&number).is_ok()
        || NoticeNo::new(&number).is_ok();
    let tests = [
        (FieldType::PlateNo, PlateNo::normalised(text).is_ok()),
        (FieldType::IdCard, CitizenId::new(&number).is_ok()),
        (FieldType::Uscc, Uscc::new(&number).is_ok()),
        (FieldType::Phone, Mobile::new(&number).is_ok()),
        (FieldType::ReceiptCode, ReceiptCode::new(&number).is_ok()),
        (FieldType::ReceiptNo, ReceiptNo::new(&number).is_ok()),
        (FieldType::NoticeNo, notice),
    ];
    tests.iter().filter(|(_, is)| *is).map(|(kind, _)| *kind).collect()
}

/// The field of an app that takes a number of this kind, with its place in the form.
pub(super) fn takes(app: &AppDefinition, kind: FieldType) -> Option<(usize, &Field)> {
    app.fields.iter().enumerate().find(|(_, field)| {
        let called = name(kind).is_some_and(|name| field.label.zh.contains(name));
        field.field_type == kind || (field.field_type == FieldType::Text && called)
    })
}

/// How labels call it, where a field takes a number or something else.
fn name(kind: FieldType) -> Option<&'static str> {
    match kind {
        FieldType::Uscc => Some("统一社会信用代码"),
        FieldType::IdCard
        | FieldType::PlateNo
        | FieldType::Phone
        | FieldType::Date
        | FieldType::Month
        | FieldType::Enum
        | FieldType::Text
        | FieldType::Int
        | FieldType::Amount
        | FieldType::Region
        | FieldType::Address
        | FieldType::Bool
        | FieldType::File
        | FieldType::NoticeNo
        | FieldType::ReceiptCode
        | FieldType::ReceiptNo
        | FieldType::CheckCode => None,
    }
}
