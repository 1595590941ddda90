//! Takes a document in: scanned, parsed, measured, validated against the schema, once.

use super::hash::Hash;
use super::inputs::InputTypes;
use super::prepared::{Prepared, PreparedOperation};
use super::publicity;
use crate::graphql::{self, Introspection, PublicSchema};
use crate::http::admission::Class;
use crate::http::guard::{admit, asks_for_the_schema, is_for_post};
use crate::observe;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextValidation,
};
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql::{
    Name, Positioned, Request, Response, ServerError, ValidationResult, Variables,
};
use async_trait::async_trait;
use futures_util::FutureExt as _;
use prometheus_client::metrics::counter::Counter;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// Takes documents in. Its schema has no data behind it: nothing is ever executed by it.
pub struct Preparer {
    schema: PublicSchema,
    introspection: Introspection,
    types: Arc<InputTypes>,
    validations: Counter,
}

impl Preparer {
    /// Over the public schema.
    pub fn new(introspection: Introspection, validations: Counter) -> Self {
        let schema = graphql::limited(graphql::unbound(), introspection).extension(Checking);
        let types = Arc::new(InputTypes::of(&graphql::sdl()));
        Self { schema: schema.finish(), introspection, types, validations }
    }

    /// Takes a document in; `name` is that of the manifest.
    ///
    /// # Errors
    /// The response that says what is wrong with it.
    pub fn prepare(&self, text: &str, name: Option<&str>) -> Result<Prepared, Box<Response>> {
        let document = admit(text).map_err(|why| {
            observe::refused(why.reason());
            Box::new(why.response())
        })?;
        if self.introspection == Introspection::Off && asks_for_the_schema(&document) {
            observe::refused("INTROSPECTION");
            // The library would answer null, and nobody would know why.
            let why = "the schema is not told here; it is published at /docs/";
            let fault = ServerError::new(why, None);
            return Err(Box::new(Response::from_errors(vec![fault])));
        }
        let (class, is_for_post) = (Class::of(&document), is_for_get_never(&document));
        let mut operations = Vec::new();
        let ExecutableDocument { operations: all, fragments } = document;
        let mut spread = HashSet::new();
        for (name, operation) in listed(all) {
            let one = self.operation(name, operation, &fragments, &mut spread)?;
            operations.push(one);
        }
        if let Some((name, unused)) = fragments.iter().find(|(name, _)| !spread.contains(*name)) {
            let what = format!("fragment `{name}` is never spread");
            let fault = ServerError::new(what, Some(unused.pos));
            return Err(Box::new(Response::from_errors(vec![fault])));
        }
        Ok(Prepared {
            name: name.map(Arc::from),
            hash: Hash::of(text),
            class,
            is_for_post,
            operations,
            types: self.types.clone(),
            length: text.len(),
            is_named: AtomicBool::new(false),
        })
    }

    fn operation(
        &self,
        name: Option<Name>,
        operation: Positioned<OperationDefinition>,
        fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
        spread: &mut HashSet<Name>,
    ) -> Result<PreparedOperation, Box<Response>> {
        let needed = reachable(&operation.node.selection_set.node, fragments);
        spread.extend(needed.keys().cloned());
        let ty = operation.node.ty;
        let variables: Vec<_> =
            operation.node.variable_definitions.iter().map(|found| found.node.clone()).collect();
        let operations = DocumentOperations::Single(operation);
        let document = ExecutableDocument { operations, fragments: needed };
        let samples = self.types.samples(&variables);
        let max_age_s = self.validate(&document, samples)?;
        let name = name.map(|name| name.to_string());
        Ok(PreparedOperation { name, ty, document, max_age_s, variables })
    }

    /// Validates, and says for how long the answer may be kept.
    fn validate(
        &self,
        document: &ExecutableDocument,
        samples: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Option<u32>, Box<Response>> {
        self.validations.inc();
        let asked = Arc::new(Asked { document: document.clone(), max_age_s: OnceLock::new() });
        let variables = Variables::from_json(serde_json::Value::Object(samples));
        let mut request = Request::new("").variables(variables).data(asked.clone());
        request.set_parsed_query(document.clone());
        // Nothing is waited for where nothing is executed.
        let response = self.schema.execute(request).now_or_never();
        match response {
            Some(response) if response.errors.is_empty() => {
                Ok(asked.max_age_s.get().copied().flatten())
            }
            Some(refused) => Err(Box::new(refused)),
            None => {
                let fault = ServerError::new("not validated", None);
                Err(Box::new(Response::from_errors(vec![fault])))
            }
        }
    }
}

/// Every field whose value is the same for everybody, as `Type.field`.
pub fn public_fields() -> Vec<String> {
    /// Reads them from the schema, when it is asked for anything.
    struct Listing(Arc<OnceLock<Vec<String>>>);

    #[async_trait]
    impl Extension for Listing {
        async fn validation(
            &self,
            ctx: &ExtensionContext<'_>,
            next: NextValidation<'_>,
        ) -> Result<ValidationResult, Vec<ServerError>> {
            self.0.get_or_init(|| publicity::listed(&ctx.schema_env.registry));
            next.run(ctx).await
        }
    }

    impl ExtensionFactory for Listing {
        fn create(&self) -> Arc<dyn Extension> {
            Arc::new(Self(self.0.clone()))
        }
    }

    let found = Arc::new(OnceLock::new());
    let schema = graphql::unbound().extension(Listing(found.clone())).finish();
    // Nothing is waited for: the answer is a name.
    drop(schema.execute("{__typename}").now_or_never());
    found.get().cloned().unwrap_or_default()
}

/// The operation under validation, and what was found of it.
struct Asked {
    document: ExecutableDocument,
    max_age_s: OnceLock<Option<u32>>,
}

/// Ends the library's work behind its validation.
struct Checking;

impl ExtensionFactory for Checking {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Checking {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        if let Some(asked) = ctx.data_opt::<Arc<Asked>>() {
            let found = publicity::max_age_s(&asked.document, &ctx.schema_env.registry);
            // It is validated once, so it is set once.
            let _ = asked.max_age_s.set(found);
        }
        Ok(result)
    }

    async fn execute(
        &self,
        _: &ExtensionContext<'_>,
        _: Option<&str>,
        _: NextExecute<'_>,
    ) -> Response {
        Response::default()
    }
}

/// In the order of their names, so that the first fault is always the same one.
fn listed(all: DocumentOperations) -> Vec<(Option<Name>, Positioned<OperationDefinition>)> {
    match all {
        DocumentOperations::Single(one) => vec![(None, one)],
        DocumentOperations::Multiple(many) => {
            let mut many: Vec<_> = many.into_iter().map(|(name, one)| (Some(name), one)).collect();
            many.sort_by(|(one, _), (other, _)| one.cmp(other));
            many
        }
    }
}

fn is_for_get_never(document: &ExecutableDocument) -> bool {
    let mut all = document.operations.iter();
    all.any(|(_, operation)| operation.node.ty == OperationType::Mutation) || is_for_post(document)
}

/// The fragments that a selection set spreads, at whatever place.
fn reachable(
    set: &SelectionSet,
    all: &HashMap<Name, Positioned<FragmentDefinition>>,
) -> HashMap<Name, Positioned<FragmentDefinition>> {
    let mut found = HashMap::new();
    let mut open = vec![set];
    while let Some(set) = open.pop() {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => open.push(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => open.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = all.get(name).filter(|_| !found.contains_key(name)) {
                        open.push(&fragment.node.selection_set.node);
                        found.insert(name.clone(), fragment.clone());
                    }
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preparer() -> Preparer {
        Preparer::new(Introspection::On, Counter::default())
    }

    fn refusal(text: &str) -> String {
        match preparer().prepare(text, None) {
            Ok(_) => "fine".to_owned(),
            Err(response) => response.errors[0].message.clone(),
        }
    }

    #[test]
    fn where_the_schema_is_not_told_it_says_so() {
        let silent = Preparer::new(Introspection::Off, Counter::default());
        for text in
            ["{__schema{types{name}}}", "{...F} fragment F on Query{a:__type(name:\"App\"){name}}"]
        {
            let refused = silent.prepare(text, None).map(|_| ()).unwrap_err();
            assert!(refused.errors[0].message.contains("/docs/"), "{text}");
            assert_eq!(refusal(text), "fine", "elsewhere it is told");
        }
        assert!(silent.prepare("{__typename categories{__typename}}", None).is_ok());
    }

    #[test]
    fn a_document_is_validated_as_it_is_taken_in() {
        for (text, expected) in [
            ("{categories{slug}}", "fine"),
            ("{categories{nothing}}", "nothing"),
            ("{", "expected"),
            ("query($x:Nothing){categories{slug}}", "Nothing"),
            ("query($x:Int!){categories{slug}}", "not used"),
            ("{app(slug:1){slug}}", "slug"),
            ("{categories{slug}} fragment F on App{slug}", "`F` is never spread"),
            ("{...F} fragment F on Query{...F}", "circle"),
            ("query A{categories{slug}} query B{nothing}", "nothing"),
            ("query($t:String!,$n:Int!){searchApps(text:$t,first:$n){matched}}", "fine"),
            (
                "query A($n:Int!){searchApps(text:\"a\",first:$n){matched}} query B{app(slug:\"a\"){slug}}",
                "fine",
            ),
            ("query($n:Int){viewer{payments(first:$n){nodes{status}}}}", "fine"),
            ("mutation($i:SignInInput!){signIn(input:$i){userErrors{code}}}", "fine"),
            ("subscription($n:String!){paymentChanged(paymentNo:$n){status}}", "fine"),
        ] {
            let got = refusal(text);
            assert!(got.contains(expected), "{text}: {got}");
        }
    }

    #[test]
    fn an_operation_is_chosen_by_its_name_or_is_the_only_one() {
        let two = preparer()
            .prepare(
                "query A{...F} query B{app(slug:\"a\"){slug}} fragment F on Query{rails{rail}}",
                None,
            )
            .unwrap();
        assert_eq!(
            two.select(Some("B")).map(|at| two.operation(at).document.fragments.len()),
            Ok(0)
        );
        assert_eq!(
            two.select(Some("A")).map(|at| two.operation(at).document.fragments.len()),
            Ok(1)
        );
        assert!(two.select(None).is_err() && two.select(Some("C")).is_err());
        let one = preparer().prepare("{__typename}", None).unwrap();
        assert_eq!(one.select(None), Ok(0));
        assert!(one.select(Some("A")).is_err());
    }

    #[test]
    fn only_answers_of_which_every_field_is_marked_are_for_everybody() {
        for (text, public) in [
            ("{categories{slug name apps{slug name}}}", true),
            ("{home(region:\"330100\"){categories{slug} hot{slug availability{status}}}}", true),
            (
                "query($t:String!){searchApps(text:$t){app{...F} matched}} fragment F on App{name}",
                true,
            ),
            ("{home{elder{tiles{app{slug}}}}}", true),
            ("{categories{slug} viewer{person{id}}}", false),
            ("{home{categories{slug} favourites{apps{slug}}}}", false),
            (
                "{home{...F}} fragment F on Home{hot{slug} ...G} fragment G on Home{recent{apps{slug}}}",
                false,
            ),
            ("{node(id:\"x\"){id ... on App{name}}}", false),
            ("{rails{rail}}", false),
            ("{__typename}", false),
            ("{__schema{queryType{name}}}", false),
            ("mutation($i:SignInInput!){signIn(input:$i){userErrors{code}}}", false),
        ] {
            let prepared = preparer().prepare(text, None).unwrap();
            assert_eq!(prepared.operation(0).max_age_s.is_some(), public, "{text}");
        }
    }
}
