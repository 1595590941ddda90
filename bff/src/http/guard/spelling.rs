//! The library's validation does not look at directives of `__typename`, and then calls their
//! variables unused. `... @include(if: $a) { __typename }` means the same and is understood.

use async_graphql::Positioned;
use async_graphql::parser::types::{
    ExecutableDocument, Field, InlineFragment, Selection, SelectionSet,
};

/// Puts every `__typename` that has directives into a fragment that has them.
pub fn wrap_conditional_typenames(document: &mut ExecutableDocument) {
    for operation in operations_of(document) {
        set(operation);
    }
    for fragment in document.fragments.values_mut() {
        set(&mut fragment.node.selection_set.node);
    }
}

fn operations_of(document: &mut ExecutableDocument) -> Vec<&mut SelectionSet> {
    use async_graphql::parser::types::DocumentOperations;
    match &mut document.operations {
        DocumentOperations::Single(one) => vec![&mut one.node.selection_set.node],
        DocumentOperations::Multiple(many) => {
            many.values_mut().map(|one| &mut one.node.selection_set.node).collect()
        }
    }
}

/// As deep as brackets nest, which were counted before.
fn set(of: &mut SelectionSet) {
    for item in &mut of.items {
        match &mut item.node {
            Selection::Field(field) => {
                let field = &mut field.node;
                if field.name.node == "__typename" && !field.directives.is_empty() {
                    item.node = wrapped(field, item.pos);
                } else {
                    set(&mut field.selection_set.node);
                }
            }
            Selection::InlineFragment(inline) => set(&mut inline.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn wrapped(field: &mut Field, pos: async_graphql::Pos) -> Selection {
    let directives = std::mem::take(&mut field.directives);
    let plain = Positioned::new(Selection::Field(Positioned::new(field.clone(), pos)), pos);
    let inside = SelectionSet { items: vec![plain] };
    let inline = InlineFragment {
        type_condition: None,
        directives,
        selection_set: Positioned::new(inside, pos),
    };
    Selection::InlineFragment(Positioned::new(inline, pos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Schema, Variables};
    use serde_json::json;

    struct Query;

    #[Object]
    impl Query {
        async fn me(&self) -> Self {
            Self
        }
    }

    fn answered(text: &str, shown: bool) -> serde_json::Value {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
        let mut document = async_graphql::parser::parse_query(text).unwrap();
        wrap_conditional_typenames(&mut document);
        let mut request = Request::new(text).variables(Variables::from_json(json!({ "a": shown })));
        request.set_parsed_query(document);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        serde_json::to_value(runtime.block_on(schema.execute(request))).unwrap()
    }

    #[test]
    fn a_conditional_typename_is_there_or_not_as_asked() {
        for text in [
            "query($a:Boolean!){me{__typename} x:__typename @include(if:$a)}",
            "query($a:Boolean!){me{__typename} ...F} fragment F on Query{x:__typename @include(if:$a)}",
            "query($a:Boolean!){me{__typename} ...{x:__typename @include(if:$a)}}",
        ] {
            let me = json!({ "__typename": "Query" });
            assert_eq!(answered(text, true)["data"], json!({ "me": me, "x": "Query" }), "{text}");
            assert_eq!(answered(text, false)["data"], json!({ "me": me }), "{text}");
        }
        let unused = answered("query($a:Boolean!){me{__typename}}", true);
        assert!(unused["errors"][0]["message"].as_str().unwrap().contains("$a"), "{unused}");
    }
}
