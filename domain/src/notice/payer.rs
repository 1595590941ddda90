//! Who owes: the keys by which the gateway finds bills, and the name on them.

use crate::standards::{CitizenId, PlateKind, PlateNo, Uscc};
use std::fmt;

/// Whose bills are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayerKey {
    /// The holder of an id card.
    Person(CitizenId),
    /// A vehicle, whoever its owner is.
    Vehicle {
        /// Its plate.
        plate: PlateNo,
        /// The plate's kind: two vehicles may have one plate number.
        kind: PlateKind,
    },
    /// A company.
    Company(Uscc),
}

/// The payer's name as printed on a bill. `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PayerName(String);

impl PayerName {
    /// Any text: the gateway's word, at most 100 characters of it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().chars().take(100).collect())
    }

    /// The whole name; empty where the bill names nobody.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.chars().next() {
            Some(first) => write!(f, "{first}**"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_payers_are_masked_in_logs() {
        assert_eq!(format!("{:?}", PayerName::new(" 王小明 ")), "王**");
        assert_eq!(format!("{:?}", PayerName::new("")), "");
        assert_eq!(PayerName::new(&"长".repeat(200)).as_str().chars().count(), 100);
    }
}
