//! What each field of a schema costs: made once from the schema's own definition.
//!
//! A point is one field of an answer. A list costs what one of it costs, as often as there may be
//! of it: `first`, where the field has it, else what is known of the list's size.

use async_graphql::Value;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::parser::{Error, parse_schema};
use std::collections::HashMap;

/// Lists of which nothing more is known: tracks of a parcel, fields of a result.
const USUAL_SIZE: u64 = 10;
/// Asked for without a number, though there is no default: as many as a page may have.
pub const LARGEST_PAGE: u64 = 100;
/// A change costs this beside what it answers: it is stored, and often told to somebody outside.
const CHANGE: u64 = 10;

/// Sizes of lists without `first`, where they are other than usual.
const SIZES: [(&str, u64); 26] = [
    ("Query.categories", 16),
    ("Home.categories", 16),
    ("Home.hot", 25),
    ("Query.regions", 15),
    ("Query.rails", 4),
    ("Query.ratingChoices", 5),
    ("RatingChoice.tags", 1),
    ("Case.timeline", 20),
    ("Case.wanted", 5),
    ("Case.deliveries", 3),
    ("Certificate.deliveries", 3),
    ("Certificate.rows", 3),
    ("VerifiedCertificate.rows", 3),
    ("LookupResult.rows", 20),
    ("Notice.items", 2),
    ("PayRequest.items", 2),
    ("Receipt.items", 2),
    ("Payment.notices", 2),
    ("Payment.receipts", 2),
    ("Payment.refunds", 2),
    ("LotteryDraw.pools", 5),
    ("Viewer.linkedChannels", 3),
    ("Viewer.sessions", 5),
    ("Viewer.favourites", 20),
    ("Viewer.messageTemplates", 4),
    ("MessageTemplate.groups", 1),
];

/// What is heavy in itself: it asks somebody outside, reads much, or must not be guessed with.
const WEIGHTS: [(&str, u64); 16] = [
    // Every word is looked for in every app.
    ("Query.searchApps", 100),
    ("Query.quote", 100),
    ("Query.fieldOptions", 50),
    ("Query.verifyReceipt", 5_000),
    ("Query.resolveScan", 5_000),
    ("Query.verifyCertificate", 5_000),
    ("Viewer.yearlyStatement", 10_000),
    ("Viewer.notices", 50),
    ("Mutation.submitApp", 100),
    ("Mutation.startPayment", 100),
    ("Mutation.refreshPayment", 50),
    ("Mutation.signIn", 200),
    ("Mutation.sendPhoneCode", 1_000),
    ("Mutation.verifyRealName", 1_000),
    ("Mutation.startFaceCheck", 500),
    ("StaffMutation.signIn", 1_000),
];

/// The shape of the schema itself is as large as this.
const SCHEMA_ITSELF: [(&str, u64); 2] = [("__schema", 5_000), ("__type", 100)];

/// What one field costs.
#[derive(Debug, Clone)]
pub struct Price {
    /// The field's own points.
    pub weight: u64,
    /// How often what lies below is answered.
    pub size: Size,
    /// The type of what lies below.
    pub below: String,
}

/// How many there are of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Always so many.
    Fixed(u64),
    /// As many as the argument `first` says; without it so many.
    First(u64),
}

/// The prices of one schema.
#[derive(Debug)]
pub struct Prices {
    fields: HashMap<String, HashMap<String, Price>>,
    roots: [String; 3],
}

impl Prices {
    /// Of the schema that this text defines.
    ///
    /// # Errors
    /// The text is no schema.
    pub fn of(sdl: &str) -> Result<Self, Error> {
        let document = parse_schema(sdl)?;
        let mut prices = Self {
            fields: HashMap::new(),
            roots: ["Query", "Mutation", "Subscription"].map(str::to_owned),
        };
        for definition in &document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    let schema = &schema.node;
                    for (root, named) in prices.roots.iter_mut().zip([
                        &schema.query,
                        &schema.mutation,
                        &schema.subscription,
                    ]) {
                        if let Some(named) = named {
                            *root = named.node.to_string();
                        }
                    }
                }
                TypeSystemDefinition::Type(_) | TypeSystemDefinition::Directive(_) => {}
            }
        }
        for definition in &document.definitions {
            match definition {
                TypeSystemDefinition::Type(defined) => prices.add(&defined.node),
                TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => {}
            }
        }
        Ok(prices)
    }

    fn add(&mut self, defined: &TypeDefinition) {
        let fields = match &defined.kind {
            TypeKind::Object(object) => &object.fields,
            TypeKind::Interface(interface) => &interface.fields,
            TypeKind::Scalar
            | TypeKind::Union(_)
            | TypeKind::Enum(_)
            | TypeKind::InputObject(_) => {
                return;
            }
        };
        let of = defined.name.node.as_str();
        let priced = fields.iter().map(|field| {
            (field.node.name.node.to_string(), price(of, &field.node, of == self.roots[1]))
        });
        self.fields.insert(of.to_owned(), priced.collect());
    }

    /// The type at the root of queries, mutations and subscriptions.
    pub const fn roots(&self) -> &[String; 3] {
        &self.roots
    }

    /// The price of a field; `None`: the schema has none of that name there.
    pub fn find(&self, of: &str, field: &str) -> Option<&Price> {
        self.fields.get(of)?.get(field)
    }

    /// Every field that has a size or a weight of its own, as `Type.field`.
    #[cfg(test)]
    pub fn named() -> impl Iterator<Item = &'static str> {
        SIZES.iter().chain(&WEIGHTS).map(|(name, _)| *name)
    }

    /// What a field of the schema's own types costs.
    pub fn of_meta(field: &str) -> u64 {
        SCHEMA_ITSELF.iter().find(|(name, _)| *name == field).map_or(1, |(_, weight)| *weight)
    }
}

fn price(of: &str, field: &FieldDefinition, changes: bool) -> Price {
    let name = format!("{of}.{}", field.name.node);
    let known = |table: &[(&str, u64)]| {
        table.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
    };
    let (below, is_list) = named(&field.ty.node);
    let first = field.arguments.iter().find(|argument| argument.node.name.node == "first");
    let size = match first {
        Some(first) => Size::First(match first.node.default_value.as_ref().map(|of| &of.node) {
            Some(Value::Number(number)) => number.as_u64().unwrap_or(LARGEST_PAGE),
            _ => LARGEST_PAGE,
        }),
        // The page was counted where it was asked for.
        None if of.ends_with("Connection") || field.name.node == "userErrors" => Size::Fixed(1),
        None if is_list => Size::Fixed(known(&SIZES).unwrap_or(USUAL_SIZE)),
        None => Size::Fixed(1),
    };
    let weight = known(&WEIGHTS).unwrap_or(1).saturating_add(if changes { CHANGE } else { 0 });
    Price { weight, size, below }
}

/// The type's name, and whether it is a list.
fn named(of: &Type) -> (String, bool) {
    match &of.base {
        BaseType::Named(name) => (name.to_string(), false),
        BaseType::List(inner) => (named(inner).0, true),
    }
}
