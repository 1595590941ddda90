//! Who is whose child, and who stands for which legal person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// As the registers have it, by numbers of id cards.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kinship {
    pub(crate) families: Vec<Family>,
    /// The legal representative of each code.
    pub(crate) representatives: BTreeMap<String, String>,
}

/// A parent and a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Family {
    pub(crate) parent: String,
    pub(crate) child: String,
}

impl Kinship {
    /// What `other` is to `asking`.
    pub(crate) fn relation(&self, asking: &str, other: &str) -> Option<&'static str> {
        let is = |parent: &str, child: &str| {
            self.families.iter().any(|family| family.parent == parent && family.child == child)
        };
        if is(asking, other) {
            return Some("CHILD");
        }
        is(other, asking).then_some("PARENT")
    }
}
