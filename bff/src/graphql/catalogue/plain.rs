//! Apps put together at once: lists of them are most of what is asked.

use super::super::identity::IdentityLevel;
use super::super::node_id::Kind;
use super::super::plain::{PlainObject, below, list_below, object};
use super::super::scalars::RegionCode;
use super::{App, AppKind, Availability, Category};
use async_graphql::resolver_utils::enum_value;
use async_graphql::{ContextSelectionSet, ScalarType, Value};

impl PlainObject for Category {
    fn plain(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        let category = self.catalogue.category(&self.slug)?;
        object(ctx, "Category", |ctx, field| {
            Some(match field {
                "id" => Value::String(Kind::Category.id(self.slug.as_str()).0),
                "slug" => Value::from(self.slug.as_str()),
                "name" => Value::from(category.name.zh.as_str()),
                "apps" => list_below(ctx, &self.all_apps())?,
                _ => return None,
            })
        })
    }
}

impl PlainObject for App {
    fn plain(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        let app = self.catalogue.app(&self.slug)?;
        object(ctx, "App", |ctx, field| {
            Some(match field {
                "id" => Value::String(Kind::App.id(app.slug.as_str()).0),
                "slug" => Value::from(app.slug.as_str()),
                "name" => Value::from(app.name.zh.as_str()),
                "summary" => Value::from(app.summary.as_str()),
                "department" => Value::from(app.department.as_str()),
                "kind" => enum_value(AppKind::from(app.kind)),
                "identityLevel" => enum_value(IdentityLevel::from(app.identity_level)),
                "stars" => app.stars.map_or(Value::Null, Value::from),
                "availability" => {
                    let (_, region) = ctx.param_value::<Option<RegionCode>>("region", None).ok()?;
                    below(ctx, &self.available(ctx, app, region).ok()?)?
                }
                _ => return None,
            })
        })
    }
}

impl PlainObject for Availability {
    fn plain(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        object(ctx, "Availability", |_, field| {
            Some(match field {
                "status" => enum_value(self.status),
                "reason" => self.reason.as_deref().map_or(Value::Null, Value::from),
                "until" => self.until.as_ref().map_or(Value::Null, ScalarType::to_value),
                _ => return None,
            })
        })
    }
}
