//! How much a parsed document asks for once its fragments are spread. The library's own limits
//! walk every spread again, so that a document of a few hundred bytes can keep them busy for
//! ever; this looks at every fragment once.

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned};
use std::collections::{HashMap, HashSet};

/// Selections with every fragment spread; the widest document of the clients has 400.
pub const MAX_SELECTIONS: u64 = 10_000;
/// Fragments in one document; also bounds how deep the pass below can recurse.
pub const MAX_FRAGMENTS: usize = 64;
/// Operations in one document.
const MAX_OPERATIONS: u64 = 16;
/// Fields at the root of one operation: a start page asks for 8.
pub const MAX_ROOT_FIELDS: u64 = 32;
/// Aliases in the whole operation; the clients use none.
pub const MAX_ALIASES: u64 = 48;
/// Directives in the whole operation; a page that folds away uses 12.
pub const MAX_DIRECTIVES: u64 = 48;
/// Directives at one place: there are two.
const MAX_DIRECTIVES_AT_ONE: u64 = 4;
/// The same field twice under the same name, in the whole operation: fragments of a page repeat
/// some.
const MAX_REPEATS: u64 = 96;
/// Fields deep, the schema's own included: what tools ask of the schema is 13 deep.
pub const MAX_DEPTH: u64 = 16;
/// `fields` of types of `fields` of the schema itself: tools ask for one.
const MAX_SCHEMA_ROUNDS: u64 = 2;

/// A document asks for more than one answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// Too many fragments.
    #[error("there are more than {MAX_FRAGMENTS} fragments")]
    Fragments,
    /// Too many operations.
    #[error("there are more than {MAX_OPERATIONS} operations")]
    Operations,
    /// A fragment is spread that is not there. The library would look for it along every path.
    #[error("a fragment is spread that is not defined")]
    Missing,
    /// A fragment that contains itself, or more than can be counted.
    #[error("there are more than {MAX_SELECTIONS} selections, or fragments run in a circle")]
    Selections,
    /// Too many fields at the root.
    #[error("there are more than {MAX_ROOT_FIELDS} fields at the root")]
    RootFields,
    /// Too many aliases.
    #[error("there are more than {MAX_ALIASES} aliases")]
    Aliases,
    /// Too many directives.
    #[error(
        "there are more than {MAX_DIRECTIVES} directives, or {MAX_DIRECTIVES_AT_ONE} at one place"
    )]
    Directives,
    /// Too many fields that were asked for already.
    #[error("more than {MAX_REPEATS} fields are asked for again")]
    Repeats,
    /// Too deep.
    #[error("fields nest deeper than {MAX_DEPTH}")]
    Depth,
    /// The schema is asked round and round.
    #[error("fields of the schema's types nest more than {MAX_SCHEMA_ROUNDS} times")]
    SchemaRounds,
}

impl TooMuch {
    /// The reason in one word, for counters.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Fragments => "FRAGMENTS",
            Self::Operations => "OPERATIONS",
            Self::Missing => "MISSING_FRAGMENT",
            Self::Selections => "SELECTIONS",
            Self::RootFields => "ROOT_FIELDS",
            Self::Aliases => "ALIASES",
            Self::Directives => "DIRECTIVES",
            Self::Repeats => "REPEATS",
            Self::Depth => "DEPTH",
            Self::SchemaRounds => "SCHEMA_ROUNDS",
        }
    }
}

/// What a selection set asks for, its fragments spread.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    selections: u64,
    /// Fields of the set itself.
    roots: u64,
    aliases: u64,
    directives: u64,
    repeats: u64,
    depth: u64,
    schema_rounds: u64,
}

impl Extent {
    /// Of a fragment that contains itself.
    const ENDLESS: Self = Self {
        selections: u64::MAX,
        roots: 0,
        aliases: 0,
        directives: 0,
        repeats: 0,
        depth: 0,
        schema_rounds: 0,
    };

    /// Both, side by side.
    fn and(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            roots: self.roots.saturating_add(other.roots),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            repeats: self.repeats.saturating_add(other.repeats),
            depth: self.depth.max(other.depth),
            schema_rounds: self.schema_rounds.max(other.schema_rounds),
        }
    }

    fn check(self) -> Result<(), TooMuch> {
        for (so_much, most, why) in [
            (self.selections, MAX_SELECTIONS, TooMuch::Selections),
            (self.roots, MAX_ROOT_FIELDS, TooMuch::RootFields),
            (self.aliases, MAX_ALIASES, TooMuch::Aliases),
            (self.directives, MAX_DIRECTIVES, TooMuch::Directives),
            (self.repeats, MAX_REPEATS, TooMuch::Repeats),
            (self.depth, MAX_DEPTH, TooMuch::Depth),
            (self.schema_rounds, MAX_SCHEMA_ROUNDS, TooMuch::SchemaRounds),
        ] {
            if so_much > most {
                return Err(why);
            }
        }
        Ok(())
    }
}

/// Does the document ask for no more than one answer holds?
///
/// # Errors
/// [`TooMuch`]: the first limit that it breaks.
pub fn measure(document: &ExecutableDocument) -> Result<(), TooMuch> {
    if document.fragments.len() > MAX_FRAGMENTS {
        return Err(TooMuch::Fragments);
    }
    if document.operations.iter().count() as u64 > MAX_OPERATIONS {
        return Err(TooMuch::Operations);
    }
    let mut measuring = Measuring { document, known: HashMap::new(), missing: false };
    for (_, operation) in document.operations.iter() {
        let set = measuring.set(&operation.node.selection_set.node);
        let own = Extent { directives: count(&operation.node.directives), ..Extent::default() };
        set.and(own).check()?;
    }
    // A fragment that nobody spreads is validated all the same.
    let names: Vec<&Name> = document.fragments.keys().collect();
    for name in names {
        let extent = measuring.fragment(name);
        Extent { roots: 0, ..extent }.check()?;
    }
    if measuring.missing { Err(TooMuch::Missing) } else { Ok(()) }
}

/// How many there are; where they are more than one place may have, more than there may be.
fn count<T>(directives: &[Positioned<T>]) -> u64 {
    let count = directives.len() as u64;
    if count > MAX_DIRECTIVES_AT_ONE { u64::MAX } else { count }
}

/// Fields whose answers may not lie in anybody's cache: what was scanned, and choices that run out.
const POST_ONLY: [&str; 2] = ["resolveScan", "fieldOptions"];

/// Fields that tell the schema.
const OF_THE_SCHEMA: [&str; 2] = ["__schema", "__type"];

/// Does the document ask, at whatever place, for what only POST may ask for?
pub fn is_for_post(document: &ExecutableDocument) -> bool {
    asks_for(document, &POST_ONLY)
}

/// Does the document ask for the schema?
pub fn asks_for_the_schema(document: &ExecutableDocument) -> bool {
    asks_for(document, &OF_THE_SCHEMA)
}

fn asks_for(document: &ExecutableDocument, names: &[&str]) -> bool {
    let operations = document.operations.iter().map(|(_, found)| &found.node.selection_set.node);
    let fragments = document.fragments.values().map(|found| &found.node.selection_set.node);
    let mut open: Vec<&SelectionSet> = operations.chain(fragments).collect();
    while let Some(set) = open.pop() {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if names.contains(&field.node.name.node.as_str()) => {
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

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    /// `None`: the fragment is being measured further up, so it contains itself.
    known: HashMap<&'a Name, Option<Extent>>,
    /// Some fragment is spread and not there.
    missing: bool,
}

impl<'a> Measuring<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Extent {
        let mut seen = HashSet::new();
        let mut sum = Extent::default();
        for item in &set.items {
            let below = match &item.node {
                Selection::Field(field) => {
                    let repeated = !seen.insert(&field.node.response_key().node);
                    let extent = self.field(&field.node);
                    Extent { repeats: extent.repeats + u64::from(repeated), ..extent }
                }
                Selection::InlineFragment(inline) => {
                    let own = count(&inline.node.directives);
                    let inside = self.set(&inline.node.selection_set.node);
                    inside.and(Extent { directives: own, ..Extent::default() })
                }
                Selection::FragmentSpread(spread) => {
                    let own = count(&spread.node.directives);
                    let inside = self.fragment(&spread.node.fragment_name.node);
                    inside.and(Extent { directives: own, ..Extent::default() })
                }
            };
            sum = sum.and(below);
        }
        sum
    }

    fn field(&mut self, field: &'a Field) -> Extent {
        let below = self.set(&field.selection_set.node);
        let is_round = matches!(
            field.name.node.as_str(),
            "fields" | "inputFields" | "interfaces" | "possibleTypes"
        );
        Extent {
            selections: below.selections.saturating_add(1),
            roots: 1,
            aliases: below.aliases.saturating_add(u64::from(field.alias.is_some())),
            directives: below.directives.saturating_add(count(&field.directives)),
            repeats: below.repeats,
            depth: below.depth.saturating_add(1),
            schema_rounds: below.schema_rounds + u64::from(is_round),
        }
    }

    fn fragment(&mut self, name: &'a Name) -> Extent {
        if let Some(known) = self.known.get(name) {
            return known.unwrap_or(Extent::ENDLESS);
        }
        let Some(definition) = self.document.fragments.get(name) else {
            self.missing = true;
            return Extent::default();
        };
        self.known.insert(name, None);
        let own = count(&definition.node.directives);
        let extent = self
            .set(&definition.node.selection_set.node)
            .and(Extent { directives: own, ..Extent::default() });
        self.known.insert(name, Some(extent));
        extent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn measured(text: &str) -> Result<(), TooMuch> {
        measure(&async_graphql::parser::parse_query(text).unwrap())
    }

    /// Each fragment spreads the next one so often.
    fn fan_out(levels: u32, width: usize) -> String {
        let mut text = String::from("{x{...F0}}");
        for level in 0..levels {
            let spread = format!("...F{} ", level + 1).repeat(width);
            write!(text, "fragment F{level} on Query{{{spread}}}").unwrap();
        }
        write!(text, "fragment F{levels} on Query{{a}}").unwrap();
        text
    }

    /// `most` of them fit, one more does not.
    fn at_the_edge(most: u64, why: TooMuch, text: impl Fn(u64) -> String) {
        assert_eq!(measured(&text(most)), Ok(()), "{why}");
        assert_eq!(measured(&text(most + 1)), Err(why));
    }

    fn many(count: u64, unit: impl Fn(u64) -> String) -> String {
        (0..count).map(unit).collect()
    }

    #[test]
    fn every_limit_holds_at_its_edge() {
        at_the_edge(MAX_ROOT_FIELDS, TooMuch::RootFields, |n| {
            format!("{{{}}}", many(n, |n| format!("a{n} ")))
        });
        at_the_edge(MAX_ALIASES, TooMuch::Aliases, |n| {
            format!("{{x{{{}}}}}", many(n, |n| format!("a{n}:b ")))
        });
        at_the_edge(MAX_DIRECTIVES, TooMuch::Directives, |n| {
            format!("{{x{{{}}}}}", many(n, |n| format!("a{n} @x ")))
        });
        at_the_edge(MAX_DIRECTIVES_AT_ONE, TooMuch::Directives, |n| {
            format!("{{a {}}}", "@x ".repeat(usize::try_from(n).unwrap()))
        });
        at_the_edge(MAX_REPEATS, TooMuch::Repeats, |n| {
            format!("{{x{{b {}}}}}", many(n, |_| "b ".to_owned()))
        });
        at_the_edge(MAX_DEPTH, TooMuch::Depth, |n| {
            let n = usize::try_from(n).unwrap();
            format!("{}{}", "{a".repeat(n), "}".repeat(n))
        });
        at_the_edge(MAX_SCHEMA_ROUNDS, TooMuch::SchemaRounds, |n| {
            let n = usize::try_from(n).unwrap();
            format!("{{__schema{}{{name}}{}}}", "{fields{type".repeat(n), "}}".repeat(n))
        });
        at_the_edge(MAX_OPERATIONS, TooMuch::Operations, |n| {
            many(n, |n| format!("query Q{n}{{a}}"))
        });
        at_the_edge(MAX_FRAGMENTS as u64, TooMuch::Fragments, |n| {
            format!("{{a}}{}", many(n, |n| format!("fragment F{n} on Query{{a}}")))
        });
    }

    #[test]
    fn what_hides_in_fragments_is_counted_where_it_is_spread() {
        let aliases = format!("fragment F on Query{{x{{{}}}}}", many(30, |n| format!("a{n}:b ")));
        assert_eq!(measured(&format!("{{...F}}{aliases}")), Ok(()));
        let twice = format!("{{a{{...F}} b{{...F}}}}{aliases}");
        assert_eq!(measured(&twice), Err(TooMuch::Aliases));
        let deep = "{a{b{c{d{e{f{g{...F}}}}}}}} fragment F on Query{a{b{c{d{e{f{g{h{i{j}}}}}}}}}}";
        assert_eq!(measured(deep), Err(TooMuch::Depth));
        let nobodys = format!("{{a}} fragment F on Query{{{}}}", "b ".repeat(98));
        assert_eq!(measured(&nobodys), Err(TooMuch::Repeats), "also where nobody spreads it");
    }

    #[test]
    fn spreads_are_counted_without_walking_them() {
        assert_eq!(measured(&fan_out(12, 2)), Ok(()), "2^12 selections");
        assert_eq!(measured(&fan_out(14, 2)), Err(TooMuch::Selections), "2^14 selections");
        assert_eq!(measured(&fan_out(60, 2)), Err(TooMuch::Selections), "more than can be walked");
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
    fn circles_and_missing_fragments_end_the_count() {
        let circle = "{...A} fragment A on Query{...B} fragment B on Query{a{...A}}";
        assert_eq!(measured(circle), Err(TooMuch::Selections));
        let in_itself = "{a} fragment A on Query{...A}";
        assert_eq!(measured(in_itself), Err(TooMuch::Selections), "also where nobody spreads it");
        assert_eq!(measured("{...Gone a}"), Err(TooMuch::Missing));
        let fan_out = fan_out(60, 2).replace("F60 on", "Other on");
        assert_eq!(measured(&fan_out), Err(TooMuch::Missing), "a fan-out that ends nowhere");
    }
}
