//! Labels of documents, few whatever comes.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// So many documents have a label of their own in the life of a process. The clients of today
/// have about 60; manifests may be changed while it runs.
const MOST: usize = 200;
const NAME_MAX: usize = 64;
/// The label of all others, and of everything that is not a trusted document.
const OTHER: &str = "other";

/// The names that are labels.
pub struct Names {
    other: Arc<str>,
    known: RwLock<BTreeSet<Arc<str>>>,
}

impl Default for Names {
    fn default() -> Self {
        Self { other: OTHER.into(), known: RwLock::default() }
    }
}

impl Names {
    /// The label of a document: its name, which only a manifest of ours gives.
    pub fn label(&self, name: Option<&Arc<str>>) -> Arc<str> {
        let Some(name) = name.filter(|name| is_name(name)) else { return self.other.clone() };
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        known.unwrap_or_else(|| self.add(name))
    }

    fn add(&self, name: &Arc<str>) -> Arc<str> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(name) {
            return known.clone();
        }
        if known.len() >= MOST {
            return self.other.clone();
        }
        known.insert(name.clone());
        name.clone()
    }
}

fn is_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.len() <= NAME_MAX && name.bytes().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_names_make_two_hundred_labels_and_one_for_the_rest() {
        let names = Names::default();
        let of = |n: usize| names.label(Some(&format!("Document{n}").into()));
        let labels: BTreeSet<Arc<str>> = (0..10_000).map(of).collect();
        assert_eq!(labels.len(), MOST + 1);
        assert_eq!((&*of(0), &*of(MOST - 1), &*of(MOST)), ("Document0", "Document199", OTHER));
    }

    #[test]
    fn what_is_no_name_is_no_label() {
        let names = Names::default();
        for bad in ["", "a b", "a\"b", "名", "a\n", &"a".repeat(NAME_MAX + 1)] {
            assert_eq!(&*names.label(Some(&bad.into())), OTHER, "{bad:?}");
        }
        assert_eq!(&*names.label(None), OTHER);
        assert_eq!(&*names.label(Some(&"MyCases_2".into())), "MyCases_2");
    }
}
