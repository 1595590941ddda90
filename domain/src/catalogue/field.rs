//! One field of a form.

use super::words::Word;
use super::{FieldType, OptionsFrom, Wording};
use crate::files::{FileKind, FileRule};
use crate::money::PayableFen;

/// A checked field. Made by [`super::AppDefinition::check`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Unique in its form.
    pub name: String,
    /// What the citizen reads beside it.
    pub label: Wording,
    /// What an answer looks like.
    pub field_type: FieldType,
    /// Whether it must be answered.
    pub required: bool,
    /// More words, where the label is not enough.
    pub help: Option<String>,
    /// The choices of an [`FieldType::Enum`]; empty for every other type.
    pub options: Vec<FieldOption>,
    /// Where the choices come from, when a department has them.
    pub options_from: Option<OptionsFrom>,
    /// Fields of the same form that must be answered for this one to have a meaning.
    pub depends_on: Vec<String>,
    /// The answer must be the caller's own verified data.
    pub own: Option<OwnData>,
    /// To which of several parties the own data belong: the caller must be one of them, whichever.
    /// `None`: the caller alone.
    pub party: Option<String>,
    /// A further rule for a text or a number.
    pub check: Option<FieldCheck>,
    /// What a [`FieldType::File`] takes; `None` for every other type.
    pub file: Option<FileRule>,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldOption {
    /// What is sent.
    pub value: String,
    /// What the citizen reads.
    pub label: String,
    /// What it costs, where that is published.
    pub price: Option<PayableFen>,
}

/// Verified data of the caller that an answer must equal: nobody reads another's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnData {
    /// The verified name.
    Name,
    /// The verified citizen's number.
    IdCard,
    /// The code of the legal person for which the caller acts.
    Uscc,
}

impl Word for OwnData {
    const ALL: &'static [Self] = &[Self::Name, Self::IdCard, Self::Uscc];

    fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::IdCard => "id_card",
            Self::Uscc => "uscc",
        }
    }
}

impl Word for FileKind {
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        self.code()
    }
}

/// Rules beyond the type. A small closed set, not a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldCheck {
    /// Exactly so many ASCII letters and digits; letters are read as capitals.
    LettersAndDigits {
        /// How many, 1 to 64.
        length: u8,
    },
    /// A number from the least to the most, both included.
    Between {
        /// At least.
        least: u32,
        /// At most.
        most: u32,
    },
}
