//! Which answers are the same for everybody: those of operations all of whose fields the schema
//! marks with `cache_control(max_age = …)`. What is not marked is private.

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::registry::{MetaField, MetaType, MetaTypeName, Registry};
use async_graphql::{CacheControl, Name};
use std::collections::HashSet;

/// For how many seconds the answer of the document's one operation may be kept; `None`: it is the
/// asker's own, or changes by itself.
pub fn max_age_s(document: &ExecutableDocument, registry: &Registry) -> Option<u32> {
    let (_, operation) = document.operations.iter().next()?;
    if operation.node.ty != OperationType::Query {
        return None;
    }
    let mut walk = Walk { document, registry, seen: HashSet::new(), least: u32::MAX };
    walk.set(&operation.node.selection_set.node, &registry.query_type)?;
    // `{__typename}` alone is nobody's either, and not worth a place.
    (walk.least < u32::MAX).then_some(walk.least)
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    registry: &'a Registry,
    /// Fragments that were walked: each once, however often it is spread.
    seen: HashSet<&'a Name>,
    least: u32,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet, on: &str) -> Option<()> {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    if name == "__typename" {
                        continue;
                    }
                    let (age, of) = hint(self.registry, on, name)?;
                    self.least = self.least.min(age);
                    let below = &field.node.selection_set.node;
                    if !below.items.is_empty() {
                        self.set(below, of)?;
                    }
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let on = condition.map_or(on, |condition| condition.node.on.node.as_str());
                    self.set(&inline.node.selection_set.node, on)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.document.fragments.get(name)?;
                    if self.seen.insert(name) {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.set(&fragment.node.selection_set.node, on)?;
                    }
                }
            }
        }
        Some(())
    }
}

/// How long the field may be kept, and the type of what it gives.
fn hint<'a>(registry: &'a Registry, on: &str, name: &str) -> Option<(u32, &'a str)> {
    let Some(MetaType::Object { fields, cache_control, .. }) = registry.types.get(on) else {
        return None;
    };
    let field = fields.get(name)?;
    let age = field_age(field, cache_control, on == registry.query_type)?;
    Some((age, MetaTypeName::concrete_typename(&field.ty)))
}

/// A field's own mark goes before that of its type; a root field needs its own.
fn field_age(field: &MetaField, of_type: &CacheControl, is_root: bool) -> Option<u32> {
    let own = field.cache_control;
    if !own.public || own.max_age < 0 {
        return None;
    }
    let age = |hint: &CacheControl| u32::try_from(hint.max_age).ok().filter(|age| *age > 0);
    let inherited = if is_root || !of_type.public { None } else { age(of_type) };
    age(&own).or(inherited)
}

/// Every field whose value is the same for everybody, as `Type.field`, for the page that lists
/// them.
pub fn listed(registry: &Registry) -> Vec<String> {
    let mut all = Vec::new();
    for (name, of) in &registry.types {
        if let MetaType::Object { fields, cache_control, .. } = of {
            let is_root = *name == registry.query_type;
            let public =
                fields.values().filter(|field| field_age(field, cache_control, is_root).is_some());
            all.extend(public.map(|field| format!("{name}.{}", field.name)));
        }
    }
    all
}
