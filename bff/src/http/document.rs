//! How wide a parsed document is once its fragments are spread. The library's own limits walk
//! every spread again, so a document of a few hundred bytes can keep them busy for ever; this
//! counts each fragment once.

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use std::collections::HashMap;

/// Selections with every fragment spread; the widest document of the clients has 400.
const MAX_SELECTIONS: u64 = 10_000;
/// Fragments in one document; also bounds how deep the count below can recurse.
const MAX_FRAGMENTS: usize = 64;

/// Is there more to select than one answer may hold, or do fragments run in a circle?
pub fn too_wide(document: &ExecutableDocument) -> bool {
    if document.fragments.len() > MAX_FRAGMENTS {
        return true;
    }
    let mut counted = HashMap::new();
    let operations = document.operations.iter().map(|(_, operation)| {
        selections(&operation.node.selection_set.node, document, &mut counted)
    });
    operations.fold(0, u64::saturating_add) > MAX_SELECTIONS
}

/// `None` in `counted`: the fragment is being counted further up, so it contains itself.
fn selections<'a>(
    set: &'a SelectionSet,
    document: &'a ExecutableDocument,
    counted: &mut HashMap<&'a Name, Option<u64>>,
) -> u64 {
    let mut sum = 0_u64;
    for item in &set.items {
        let below = match &item.node {
            Selection::Field(field) => {
                selections(&field.node.selection_set.node, document, counted).saturating_add(1)
            }
            Selection::InlineFragment(inline) => {
                selections(&inline.node.selection_set.node, document, counted)
            }
            Selection::FragmentSpread(spread) => {
                fragment(&spread.node.fragment_name.node, document, counted)
            }
        };
        sum = sum.saturating_add(below);
    }
    sum
}

fn fragment<'a>(
    name: &'a Name,
    document: &'a ExecutableDocument,
    counted: &mut HashMap<&'a Name, Option<u64>>,
) -> u64 {
    if let Some(known) = counted.get(name) {
        return known.unwrap_or(u64::MAX);
    }
    // One that is not there selects nothing; validation will say so.
    let Some(definition) = document.fragments.get(name) else { return 0 };
    counted.insert(name, None);
    let sum = selections(&definition.node.selection_set.node, document, counted);
    counted.insert(name, Some(sum));
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn is_too_wide(text: &str) -> bool {
        too_wide(&async_graphql::parser::parse_query(text).unwrap())
    }

    /// Each fragment spreads the next one twice: `2^levels` selections.
    fn fan_out(levels: u32) -> String {
        let mut text = String::from("{...F0}");
        for level in 0..levels {
            let next = level + 1;
            write!(text, "fragment F{level} on Query{{...F{next} ...F{next}}}").unwrap();
        }
        write!(text, "fragment F{levels} on Query{{a}}").unwrap();
        text
    }

    #[test]
    fn fan_out_is_counted_without_walking_it() {
        assert!(!is_too_wide(&fan_out(13)), "8,192 selections");
        assert!(is_too_wide(&fan_out(14)), "16,384 selections");
        assert!(is_too_wide(&fan_out(62)), "more than anybody could walk");
        assert!(is_too_wide(&fan_out(64)), "too many fragments");
    }

    #[test]
    fn circles_are_refused_and_unknown_fragments_left_to_validation() {
        assert!(is_too_wide("{...A} fragment A on Query{...B} fragment B on Query{...A}"));
        assert!(is_too_wide("{...A} fragment A on Query{...A}"));
        assert!(!is_too_wide("{...Nowhere a{b}}"));
    }
}
