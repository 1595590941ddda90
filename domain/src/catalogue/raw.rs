//! An app as somebody wrote it: nothing here is checked. Readers of files fill these in.

mod booking;

pub use booking::{RawBooking, RawNoShowRule, RawOptionsFrom};
mod case;
mod certificate;
mod kept;
mod lottery;
mod payment;

pub use case::{RawCase, RawMaterial, RawStep};
pub use certificate::{RawCertificate, RawPost, RawSpan};
pub use lottery::{RawLottery, RawPublicValue};
pub use payment::{RawPayment, RawPrice};

/// A text in one or two languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawWording {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: Option<String>,
}

/// A category.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawCategory {
    /// Slug.
    pub slug: String,
    /// Name.
    pub name: RawWording,
    /// Place on the screen.
    pub order: u8,
}

/// An app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawApp {
    /// Slug.
    pub slug: String,
    /// Name.
    pub name: RawWording,
    /// One sentence.
    pub summary: String,
    /// Slug of the category.
    pub category: String,
    /// Department.
    pub department: String,
    /// Word of [`super::AppKind`].
    pub kind: String,
    /// Words of [`crate::identity::Channel`].
    pub channels: Vec<String>,
    /// Word of [`crate::identity::IdentityLevel`].
    pub identity_level: String,
    /// Words of [`crate::identity::Audience`].
    pub audience: Vec<String>,
    /// Region codes.
    pub coverage: Vec<String>,
    /// Opening hours.
    pub hours: Vec<RawHours>,
    /// Windows of maintenance.
    pub maintenance: Vec<RawMaintenance>,
    /// Stars.
    pub stars: Option<u8>,
    /// Place among the apps that most people use.
    pub hot: Option<u8>,
    /// Place on the first screen for the elderly.
    pub elder: Option<u8>,
    /// Version of the form.
    pub form_version: u32,
    /// The form.
    pub fields: Vec<RawField>,
    /// The look-up.
    pub look_up: Option<RawCall>,
    /// The payment.
    pub payment: Option<RawPayment>,
    /// How it books.
    pub booking: Option<RawBooking>,
    /// The case.
    pub case: Option<RawCase>,
    /// How it certifies.
    pub certificate: Option<RawCertificate>,
    /// How it draws.
    pub lottery: Option<RawLottery>,
    /// What is shown.
    pub rows: Vec<RawRow>,
    /// Key of a notice's number.
    pub leads_to_notice: Option<String>,
    /// `sourced` or `composed`.
    pub provenance: String,
    /// Where the name is attested.
    pub source: Option<String>,
    /// Other words for it.
    pub keywords: Vec<String>,
    /// For maintainers.
    pub note: Option<String>,
}

/// Opening hours of some days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawHours {
    /// `mon-fri`, `sat,sun`, `daily`, `workdays`, `restdays`.
    pub days: String,
    /// `08:30`.
    pub from: String,
    /// `17:30`, up to `24:00`.
    pub to: String,
}

/// A window of maintenance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawMaintenance {
    /// `2026-03-02 22:00`, by Beijing's clock.
    pub from: String,
    /// The same of its end.
    pub to: String,
    /// Why, for the citizen.
    pub reason: String,
}

/// A field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawField {
    /// Name.
    pub name: String,
    /// Label.
    pub label: RawWording,
    /// Word of [`super::FieldType`].
    pub field_type: String,
    /// Whether it must be answered.
    pub required: bool,
    /// More words.
    pub help: Option<String>,
    /// Choices.
    pub options: Vec<RawOption>,
    /// Where a department's choices come from.
    pub options_from: Option<RawOptionsFrom>,
    /// Names of other fields.
    pub depends_on: Vec<String>,
    /// Word of [`super::OwnData`].
    pub own: Option<String>,
    /// Name of a party.
    pub party: Option<String>,
    /// Number of letters and digits.
    pub letters_and_digits: Option<u8>,
    /// The least and the most of a number.
    pub between: Option<[u32; 2]>,
    /// Words of [`crate::files::FileKind`]; none: every kind.
    pub accepts: Vec<String>,
    /// The largest file; `None`: as large as any.
    pub most_kilobytes: Option<u32>,
}

/// A choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawOption {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// What it costs.
    pub price_fen: Option<i64>,
}

/// A call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawCall {
    /// Operation.
    pub operation: String,
    /// Answers that go along.
    pub sends: Vec<RawSent>,
    /// Whether the caller's verified data go along.
    pub subject: bool,
    /// So long the last good answer may stand in.
    pub stale_minutes: Option<u16>,
}

/// An answer that goes along.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawSent {
    /// Name of the field.
    pub field: String,
    /// Name of the parameter.
    pub parameter: String,
}

/// A value that is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawRow {
    /// Key.
    pub from: String,
    /// Label.
    pub label: RawWording,
    /// Word of [`super::ShownAs`]; `None`: text.
    pub shown_as: Option<String>,
}
