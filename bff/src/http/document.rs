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

/// Fields whose answers may not lie in anybody's cache: what was scanned, and choices that run out.
const POST_ONLY: [&str; 2] = ["resolveScan", "fieldOptions"];

/// Does the document ask, at whatever place, for what only POST may ask for?
pub fn is_for_post(document: &ExecutableDocument) -> bool {
    let operations = document.operations.iter().map(|(_, found)| &found.node.selection_set.node);
    let fragments = document.fragments.values().map(|found| &found.node.selection_set.node);
    let mut open: Vec<&SelectionSet> = operations.chain(fragments).collect();
    while let Some(set) = open.pop() {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if POST_ONLY.contains(&field.node.name.node.as_str()) => {
                    return true;
                }
                Selection::Field(field) => open.push(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => open.push(&inline.node.selection_set.node),
                // Its definition is walked by itself.
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    false
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
    fn what_only_post_may_ask_for_is_found_wherever_it_hides() {
        let asks = |text: &str| is_for_post(&async_graphql::parser::parse_query(text).unwrap());
        for text in [
            "{resolveScan(text:\"a\"){__typename}}",
            "{a:resolveScan(text:\"a\"){__typename}}",
            "{...F} fragment F on Query{...on Query{resolveScan(text:\"a\"){__typename}}}",
            "query A{rails{rail}} query B{fieldOptions(app:\"a\",field:\"b\"){__typename}}",
        ] {
            assert!(asks(text), "{text}");
        }
        assert!(!asks("{resolveScan:rails{rail} ...F} fragment F on Query{categories{slug}}"));
    }

    #[test]
    fn circles_are_refused_and_unknown_fragments_left_to_validation() {
        assert!(is_too_wide("{...A} fragment A on Query{...B} fragment B on Query{...A}"));
        assert!(is_too_wide("{...A} fragment A on Query{...A}"));
        assert!(!is_too_wide("{...Nowhere a{b}}"));
    }
}
