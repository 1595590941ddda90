//! The closed lists of words that app files use, and slugs.

use crate::identity::{Audience, Channel, IdentityLevel};
use std::fmt;

/// Not 1 to 64 lower-case letters, digits and `_`, beginning with a letter.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a slug has 1 to 64 of a-z, 0-9 and _, and begins with a letter")]
pub struct SlugInvalid;

fn checked_slug(text: &str) -> Result<String, SlugInvalid> {
    let fits = text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if fits { Ok(text.to_owned()) } else { Err(SlugInvalid) }
}

/// The name of an app in addresses and files; for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppSlug(String);

impl AppSlug {
    /// # Errors
    /// [`SlugInvalid`] as said there.
    pub fn new(text: &str) -> Result<Self, SlugInvalid> {
        checked_slug(text).map(Self)
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a category in addresses and folders; for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategorySlug(String);

impl CategorySlug {
    /// # Errors
    /// [`SlugInvalid`] as said there.
    pub fn new(text: &str) -> Result<Self, SlugInvalid> {
        checked_slug(text).map(Self)
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CategorySlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text for the citizen: always in Chinese, in English where somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: Option<String>,
}

impl Wording {
    /// English where there is some, else Chinese.
    pub fn en_or_zh(&self) -> &str {
        self.en.as_deref().unwrap_or(&self.zh)
    }
}

/// A word of a closed list, as app files write it.
pub(super) trait Word: Copy + 'static {
    /// Every word of the list.
    const ALL: &'static [Self];
    /// How files write it.
    fn word(self) -> &'static str;
    /// The member that files write as `word`.
    fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.word() == word)
    }
}

/// What an app does for the citizen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppKind {
    /// Looks something up.
    Query,
    /// Books a time.
    Book,
    /// Opens a case.
    Apply,
    /// Pays.
    Pay,
    /// Issues a certificate.
    Certificate,
}

impl Word for AppKind {
    const ALL: &'static [Self] =
        &[Self::Query, Self::Book, Self::Apply, Self::Pay, Self::Certificate];

    fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Book => "book",
            Self::Apply => "apply",
            Self::Pay => "pay",
            Self::Certificate => "certificate",
        }
    }
}

/// What an answer to a field looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldType {
    /// A citizen's number.
    IdCard,
    /// A plate.
    PlateNo,
    /// A unified social credit code.
    Uscc,
    /// A mobile number.
    Phone,
    /// A day.
    Date,
    /// A month, `2026-03`.
    Month,
    /// One of the field's options.
    Enum,
    /// Free text.
    Text,
    /// A whole number.
    Int,
    /// Money.
    Amount,
    /// A region of today.
    Region,
    /// A postal address.
    Address,
    /// Yes or no.
    Bool,
    /// An uploaded file.
    File,
    /// Number of a notice (缴款单号).
    NoticeNo,
    /// Code of a receipt.
    ReceiptCode,
    /// Number of a receipt.
    ReceiptNo,
    /// Check code of a receipt.
    CheckCode,
}

impl Word for FieldType {
    const ALL: &'static [Self] = &[
        Self::IdCard,
        Self::PlateNo,
        Self::Uscc,
        Self::Phone,
        Self::Date,
        Self::Month,
        Self::Enum,
        Self::Text,
        Self::Int,
        Self::Amount,
        Self::Region,
        Self::Address,
        Self::Bool,
        Self::File,
        Self::NoticeNo,
        Self::ReceiptCode,
        Self::ReceiptNo,
        Self::CheckCode,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::IdCard => "id_card",
            Self::PlateNo => "plate_no",
            Self::Uscc => "uscc",
            Self::Phone => "phone",
            Self::Date => "date",
            Self::Month => "month",
            Self::Enum => "enum",
            Self::Text => "text",
            Self::Int => "int",
            Self::Amount => "amount",
            Self::Region => "region",
            Self::Address => "address",
            Self::Bool => "bool",
            Self::File => "file",
            Self::NoticeNo => "notice_no",
            Self::ReceiptCode => "receipt_code",
            Self::ReceiptNo => "receipt_no",
            Self::CheckCode => "check_code",
        }
    }
}

/// How a value of a department's row is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShownAs {
    /// As it came; yes and no in words.
    Text,
    /// Fen, shown as yuan.
    Money,
    /// An instant of RFC 3339, shown as Beijing date and time.
    Time,
}

impl Word for ShownAs {
    const ALL: &'static [Self] = &[Self::Text, Self::Money, Self::Time];

    fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Money => "money",
            Self::Time => "time",
        }
    }
}

impl Word for Channel {
    const ALL: &'static [Self] = &Channel::ALL;

    fn word(self) -> &'static str {
        self.code()
    }
}

impl Word for IdentityLevel {
    const ALL: &'static [Self] = &[Self::Anonymous, Self::Phone, Self::RealName, Self::Face];

    fn word(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Phone => "phone",
            Self::RealName => "real_name",
            Self::Face => "face",
        }
    }
}

impl Word for Audience {
    const ALL: &'static [Self] = &[Self::Person, Self::LegalPerson];

    fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::LegalPerson => "legal_person",
        }
    }
}
