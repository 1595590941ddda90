//! Objects whose fields are all there already. The library makes a future for each field and one
//! more to wait for them; a page of 153 apps has a thousand. Here such an object is put together
//! at once. What a plain object cannot give (another field, a directive, the same name twice) is
//! left to the library, for the whole list: the answer is the same, only later.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_list;
use async_graphql::{
    Context, ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value,
};
use std::borrow::Cow;

/// An object that can be put together at once.
pub trait PlainObject: OutputType {
    /// What was selected of it; `None`: not everything is there.
    fn plain(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value>;
}

/// A list of such objects: `[T!]!`.
pub struct PlainList<T>(pub Vec<T>);

impl<T: PlainObject> OutputType for PlainList<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        match list(ctx, &self.0) {
            Some(items) => Ok(items),
            None => resolve_list(ctx, field, &self.0, Some(self.0.len())).await,
        }
    }
}

fn list(ctx: &ContextSelectionSet<'_>, items: &[impl PlainObject]) -> Option<Value> {
    items.iter().map(|item| item.plain(ctx)).collect::<Option<Vec<_>>>().map(Value::List)
}

/// The list behind a field, put together at once.
pub fn list_below(ctx: &Context<'_>, items: &[impl PlainObject]) -> Option<Value> {
    list(&ctx.with_selection_set(&ctx.item.node.selection_set), items)
}

/// Puts an object of this type together; `value` gives a field by its name.
pub fn object<'a>(
    ctx: &ContextSelectionSet<'a>,
    type_name: &str,
    mut value: impl FnMut(&Context<'_>, &str) -> Option<Value>,
) -> Option<Value> {
    let mut fields = IndexMap::with_capacity(ctx.item.node.items.len());
    add(ctx, &ctx.item.node, type_name, &mut fields, &mut value)?;
    // As the library answers where everything was skipped.
    Some(if fields.is_empty() { Value::Null } else { Value::Object(fields) })
}

fn add<'a>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    type_name: &str,
    to: &mut IndexMap<Name, Value>,
    value: &mut impl FnMut(&Context<'_>, &str) -> Option<Value>,
) -> Option<()> {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => {
                if !field.node.directives.is_empty() {
                    return None;
                }
                let found = match field.node.name.node.as_str() {
                    "__typename" => Value::String(type_name.to_owned()),
                    name => value(&ctx.with_field(field), name)?,
                };
                if to.insert(field.node.response_key().node.clone(), found).is_some() {
                    return None;
                }
            }
            Selection::FragmentSpread(spread) => {
                let fragment = ctx.query_env.fragments.get(&spread.node.fragment_name.node)?;
                let on = &fragment.node.type_condition.node.on.node;
                if on != type_name || !spread.node.directives.is_empty() {
                    return None;
                }
                add(ctx, &fragment.node.selection_set.node, type_name, to, value)?;
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref();
                let same = on.is_none_or(|on| on.node.on.node == type_name);
                if !same || !inline.node.directives.is_empty() {
                    return None;
                }
                add(ctx, &inline.node.selection_set.node, type_name, to, value)?;
            }
        }
    }
    Some(())
}

/// The object behind a field, put together at once.
pub fn below(ctx: &Context<'_>, object: &impl PlainObject) -> Option<Value> {
    object.plain(&ctx.with_selection_set(&ctx.item.node.selection_set))
}
