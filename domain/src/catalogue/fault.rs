//! What can be wrong with a definition, and where.

use std::fmt;

/// One thing that is wrong, with its path: `field.plate_no.type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the definition.
    pub place: Place,
    /// What is wrong there.
    pub problem: Problem,
}

impl Fault {
    /// The path that maintainers read.
    pub fn path(&self) -> String {
        self.place.to_string()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// Where something is. The index tells two parts of one name apart, and finds the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A key of the app itself.
    App {
        /// The key.
        key: &'static str,
    },
    /// A key of one field.
    Field {
        /// Which, from 0.
        index: usize,
        /// Its name as written.
        name: String,
        /// The key.
        key: &'static str,
    },
    /// A key of one row.
    Row {
        /// Which, from 0.
        index: usize,
        /// Its `from` as written.
        from: String,
        /// The key.
        key: &'static str,
    },
    /// A key of the section that says what runs behind the app.
    Section {
        /// Which: `look_up`.
        section: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A key of one material of a case.
    Material {
        /// Which, from 0.
        index: usize,
        /// Its name as written.
        name: String,
        /// The key.
        key: &'static str,
    },
    /// A key of what it leads to.
    LeadsTo {
        /// The key.
        key: &'static str,
    },
    /// A key of one category.
    Category {
        /// Which, from 0.
        index: usize,
        /// Its slug as written.
        slug: String,
        /// The key.
        key: &'static str,
    },
    /// A key of one app among all.
    AppOf {
        /// Its slug.
        slug: String,
        /// The key.
        key: &'static str,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App { key } => f.write_str(key),
            Self::Field { index, name, key } => write_part(f, "field", *index, name, key),
            Self::Row { index, from, key } => write_part(f, "row", *index, from, key),
            Self::Section { section, key } => write!(f, "{section}.{key}"),
            Self::Material { index, name, key } => write_part(f, "material", *index, name, key),
            Self::LeadsTo { key } => write!(f, "leads_to.{key}"),
            Self::Category { index, slug, key } => write_part(f, "category", *index, slug, key),
            Self::AppOf { slug, key } => write!(f, "app.{slug}.{key}"),
        }
    }
}

/// A part without a name is called by its place in the list, from 1.
fn write_part(
    f: &mut fmt::Formatter<'_>,
    kind: &str,
    index: usize,
    name: &str,
    key: &str,
) -> fmt::Result {
    if name.is_empty() {
        write!(f, "{kind}[{}].{key}", index + 1)
    } else {
        write!(f, "{kind}.{name}.{key}")
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A text is missing.
    #[error("is empty")]
    Empty,
    /// A text is longer than people read.
    #[error("has more than {max} characters")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// A list is longer than a screen bears.
    #[error("has more than {max} entries")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// A text with control characters.
    #[error("has control characters")]
    ControlCharacters,
    /// Not a name: lower-case letters, digits and `_`.
    #[error("`{0}` is not a name of a-z, 0-9 and _ that begins with a letter")]
    NotAName(String),
    /// A word outside its closed list.
    #[error("`{word}` is unknown; known are {known}")]
    UnknownWord {
        /// As written.
        word: String,
        /// The list.
        known: String,
    },
    /// The same twice.
    #[error("`{0}` is there twice")]
    Duplicate(String),
    /// A name that nothing has.
    #[error("there is no {kind} `{name}`")]
    Dangling {
        /// What should exist.
        kind: &'static str,
        /// Its name as written.
        name: String,
    },
    /// Dependencies that lead back to where they began.
    #[error("depends on itself by way of `{0}`")]
    Cycle(String),
    /// Not six digits.
    #[error("`{0}` is not a region code")]
    NotARegion(String),
    /// Not an operation.
    #[error("`{0}` is not an operation: words of a-z and _ between dots")]
    NotAnOperation(String),
    /// Not `08:30`, or `2026-03-02 22:00`.
    #[error("`{0}` is not a time: hours as 08:30, moments as 2026-03-02 22:00")]
    NotATime(String),
    /// Not days of the week.
    #[error(
        "`{0}` is no list of days: daily, workdays, restdays, or mon-fri, sat, sun between commas"
    )]
    NotDays(String),
    /// A number outside its range.
    #[error("is outside {0}")]
    OutOfRange(&'static str),
    /// Two parts of the definition contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
}
