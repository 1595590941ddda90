//! A list of apps. A home page has 153 of them with seven fields each, and the executor makes a
//! task of every field. Where nothing but plain fields is asked for, the list is answered in one
//! pass instead; whatever else is asked for goes the usual way.

use super::{App, AppKind, Availability};
use crate::graphql::Requester;
use crate::graphql::node_id::Kind;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value, context::QueryEnvInner,
};
use domain::catalogue::{AppDefinition, Catalogue, CategorySlug};
use domain::identity::Audience;
use domain::standards::RegionCode as Code;
use std::borrow::Cow;
use std::sync::Arc;

/// Apps of one catalogue, for the region that was asked about.
pub struct AppList {
    catalogue: Arc<Catalogue>,
    region: Option<Code>,
    audience: Option<Audience>,
    which: Which,
}

enum Which {
    Category(CategorySlug),
    Hot,
}

impl AppList {
    /// The apps of a category, in display order.
    pub fn of_category(
        catalogue: &Arc<Catalogue>,
        category: &CategorySlug,
        region: Option<&Code>,
        audience: Option<Audience>,
    ) -> Self {
        let which = Which::Category(category.clone());
        Self { catalogue: Arc::clone(catalogue), region: region.cloned(), audience, which }
    }

    /// The apps that most people use, in the editors' order.
    pub fn hot(
        catalogue: &Arc<Catalogue>,
        region: Option<&Code>,
        audience: Option<Audience>,
    ) -> Self {
        let catalogue = Arc::clone(catalogue);
        Self { catalogue, region: region.cloned(), audience, which: Which::Hot }
    }

    fn definitions(&self) -> Vec<&AppDefinition> {
        let mut found: Vec<_> = match &self.which {
            Which::Category(slug) => self.catalogue.apps_of(slug).collect(),
            Which::Hot => self.catalogue.hot(),
        };
        found.retain(|app| self.audience.is_none_or(|of| app.audience.contains(&of)));
        found
    }

    fn one_by_one(&self) -> Vec<App> {
        let app = |app: &AppDefinition| {
            App::of(Arc::clone(&self.catalogue), app.slug.clone(), self.region.clone())
        };
        self.definitions().into_iter().map(app).collect()
    }
}

impl OutputType for AppList {
    fn type_name() -> Cow<'static, str> {
        Vec::<App>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<App>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<App>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let who = ctx.data_unchecked::<Requester>();
        let plan = Plan::of(&ctx.item.node, ctx.query_env);
        match plan.and_then(|plan| plan.answer(self, who)) {
            Some(answer) => Ok(answer),
            None => self.one_by_one().resolve(ctx, field).await,
        }
    }
}

/// A plain field of an app.
enum Part {
    TypeName,
    Id,
    Slug,
    Name,
    Summary,
    Kind,
    Department,
    Availability(Vec<(Name, Said)>),
}

/// A plain field of its availability.
enum Said {
    TypeName,
    Status,
    Reason,
    Until,
}

/// What is asked of each app, under which names.
struct Plan(Vec<(Name, Part)>);

impl Plan {
    /// `None`: more than plain fields.
    fn of(set: &SelectionSet, query: &QueryEnvInner) -> Option<Self> {
        let part = |field: &Field| match field.name.node.as_str() {
            "__typename" => Some(Part::TypeName),
            "id" => Some(Part::Id),
            "slug" => Some(Part::Slug),
            "name" => Some(Part::Name),
            "summary" => Some(Part::Summary),
            "kind" => Some(Part::Kind),
            "department" => Some(Part::Department),
            "availability" => {
                let mut said = Vec::new();
                let set = &field.selection_set.node;
                collect(set, "Availability", query, &mut said, &Said::of)?;
                Some(Part::Availability(said))
            }
            _ => None,
        };
        let mut parts = Vec::new();
        collect(set, "App", query, &mut parts, &part)?;
        Some(Self(parts))
    }

    /// `None`: something failed, which the usual way reports at its place.
    fn answer(&self, list: &AppList, who: &Requester) -> Option<Value> {
        let region = list.region.as_ref().unwrap_or_else(|| list.catalogue.regions().root());
        let apps = list.definitions().into_iter();
        let all: Option<Vec<_>> = apps.map(|app| self.one(app, list, region, who)).collect();
        all.map(Value::List)
    }

    fn one(
        &self,
        app: &AppDefinition,
        list: &AppList,
        region: &Code,
        who: &Requester,
    ) -> Option<Value> {
        let mut fields = IndexMap::with_capacity(self.0.len());
        for (name, part) in &self.0 {
            let value = match part {
                Part::TypeName => Value::from("App"),
                Part::Id => Value::from(Kind::App.id(app.slug.as_str()).0),
                Part::Slug => Value::from(app.slug.as_str()),
                Part::Name => Value::from(app.name.zh.as_str()),
                Part::Summary => Value::from(app.summary.as_str()),
                Part::Kind => Value::from(AppKind::from(app.kind)),
                Part::Department => Value::from(app.department.as_str()),
                Part::Availability(said) => {
                    let found = list.catalogue.availability(app, region, who.channel, who.now);
                    availability((&found.ok()?).into(), said)
                }
            };
            fields.insert(name.clone(), value);
        }
        Some(Value::Object(fields))
    }
}

impl Said {
    fn of(field: &Field) -> Option<Self> {
        match field.name.node.as_str() {
            "__typename" => Some(Self::TypeName),
            "status" => Some(Self::Status),
            "reason" => Some(Self::Reason),
            "until" => Some(Self::Until),
            _ => None,
        }
    }
}

fn availability(found: Availability, asked: &[(Name, Said)]) -> Value {
    let mut fields = IndexMap::with_capacity(asked.len());
    for (name, said) in asked {
        let value = match said {
            Said::TypeName => Value::from("Availability"),
            Said::Status => Value::from(found.status),
            Said::Reason => found.reason.as_deref().map_or(Value::Null, Value::from),
            Said::Until => found.until.as_ref().map_or(Value::Null, |at| at.0.as_str().into()),
        };
        fields.insert(name.clone(), value);
    }
    Value::Object(fields)
}

/// The plain fields of a selection and of its fragments on that very type, in their order. `None`:
/// a field with arguments or directives, a name twice, or what `part` does not know.
fn collect<P>(
    set: &SelectionSet,
    on: &str,
    query: &QueryEnvInner,
    found: &mut Vec<(Name, P)>,
    part: &impl Fn(&Field) -> Option<P>,
) -> Option<()> {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let field = &field.node;
                let name = &field.response_key().node;
                let plain = field.arguments.is_empty() && field.directives.is_empty();
                if !plain || found.iter().any(|(known, _)| known == name) {
                    return None;
                }
                found.push((name.clone(), part(field)?));
            }
            Selection::FragmentSpread(spread) => {
                let fragment = query.fragments.get(&spread.node.fragment_name.node)?;
                let fragment = &fragment.node;
                let same = fragment.type_condition.node.on.node == on;
                if !same || !spread.node.directives.is_empty() {
                    return None;
                }
                collect(&fragment.selection_set.node, on, query, found, part)?;
            }
            Selection::InlineFragment(fragment) => {
                let fragment = &fragment.node;
                let condition = fragment.type_condition.as_ref();
                let same = condition.is_none_or(|condition| condition.node.on.node == on);
                if !same || !fragment.directives.is_empty() {
                    return None;
                }
                collect(&fragment.selection_set.node, on, query, found, part)?;
            }
        }
    }
    Some(())
}
