//! What the schema's definition says, as pages need it.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, EnumValueDefinition, FieldDefinition, InputValueDefinition, Type,
    TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};
use std::collections::BTreeMap;

/// The schema, type by type.
#[derive(Debug, Default)]
pub struct Reference {
    /// Fields at the root, in the schema's order.
    pub operations: Vec<Operation>,
    /// Every other type, by name.
    pub types: BTreeMap<String, TypePage>,
}

/// What a field at the root does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Query,
    /// Changes.
    Mutation,
    /// Reads again and again.
    Subscription,
}

impl Verb {
    /// As documents say it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// One field at the root.
#[derive(Debug)]
pub struct Operation {
    /// What it does.
    pub verb: Verb,
    /// Meaning, arguments, result.
    pub field: Field,
}

/// A field, an argument or an input field.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Its type.
    pub of: Type,
    /// Its arguments; none for arguments and input fields.
    pub arguments: Vec<Field>,
    /// As written; `None`: there is none.
    pub default: Option<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
}

/// One word of an enumeration.
#[derive(Debug)]
pub struct Word {
    /// As it is sent.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
}

/// One type.
#[derive(Debug)]
pub struct TypePage {
    /// What it means.
    pub description: String,
    /// What it is made of.
    pub shape: Shape,
}

/// What a type is made of.
#[derive(Debug)]
pub enum Shape {
    /// A value of one piece.
    Scalar,
    /// One of these words.
    Enum(Vec<Word>),
    /// Fields that can be asked for.
    Object(Vec<Field>),
    /// The same of several types.
    Interface(Vec<Field>),
    /// One of these types.
    Union(Vec<String>),
    /// What is sent; exactly one field of it where `one_of` is true.
    Input {
        /// Its fields.
        fields: Vec<Field>,
        /// Exactly one of them.
        one_of: bool,
    },
}

impl Reference {
    /// Of a definition; empty where it cannot be read, which the schema's own never is.
    pub fn of(sdl: &str) -> Self {
        let mut reference = Self::default();
        let definitions = parse_schema(sdl).map_or_else(|_| Vec::new(), |read| read.definitions);
        for definition in definitions {
            let TypeSystemDefinition::Type(found) = definition else { continue };
            let found = found.node;
            let name = found.name.node.to_string();
            let verb = match name.as_str() {
                "Query" => Some(Verb::Query),
                "Mutation" => Some(Verb::Mutation),
                "Subscription" => Some(Verb::Subscription),
                _ => None,
            };
            let shape = shape(found.kind, &found.directives);
            match (verb, shape) {
                (Some(verb), Shape::Object(fields)) => {
                    let operation = |field: Field| Operation { verb, field };
                    reference.operations.extend(fields.into_iter().map(operation));
                }
                (_, shape) => {
                    let description = words(found.description);
                    reference.types.insert(name, TypePage { description, shape });
                }
            }
        }
        reference
    }

    /// The field of this name at a root.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.field.name == name)
    }

    /// The type of this name; `None`: one that the specification has built in.
    pub fn find(&self, name: &str) -> Option<&TypePage> {
        self.types.get(name)
    }
}

/// The innermost name of a type.
pub fn base(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => base(inner),
    }
}

fn shape(kind: TypeKind, directives: &[Positioned<ConstDirective>]) -> Shape {
    let one_of = directives.iter().any(|directive| directive.node.name.node == "oneOf");
    match kind {
        TypeKind::Scalar => Shape::Scalar,
        TypeKind::Enum(of) => Shape::Enum(of.values.into_iter().map(word).collect()),
        TypeKind::Object(of) => Shape::Object(of.fields.into_iter().map(field).collect()),
        TypeKind::Interface(of) => Shape::Interface(of.fields.into_iter().map(field).collect()),
        TypeKind::Union(of) => {
            Shape::Union(of.members.into_iter().map(|name| name.node.to_string()).collect())
        }
        TypeKind::InputObject(of) => {
            Shape::Input { fields: of.fields.into_iter().map(input).collect(), one_of }
        }
    }
}

fn word(found: Positioned<EnumValueDefinition>) -> Word {
    let found = found.node;
    Word {
        name: found.value.node.to_string(),
        description: words(found.description),
        deprecated: deprecated(&found.directives),
    }
}

fn field(found: Positioned<FieldDefinition>) -> Field {
    let found = found.node;
    Field {
        name: found.name.node.to_string(),
        description: words(found.description),
        of: found.ty.node,
        arguments: found.arguments.into_iter().map(input).collect(),
        default: None,
        deprecated: deprecated(&found.directives),
    }
}

fn input(found: Positioned<InputValueDefinition>) -> Field {
    let found = found.node;
    Field {
        name: found.name.node.to_string(),
        description: words(found.description),
        of: found.ty.node,
        arguments: Vec::new(),
        default: found.default_value.map(|value| value.node.to_string()),
        deprecated: deprecated(&found.directives),
    }
}

fn words(description: Option<Positioned<String>>) -> String {
    description.map_or_else(String::new, |text| text.node.replace('\n', " "))
}

fn deprecated(directives: &[Positioned<ConstDirective>]) -> Option<String> {
    let found = directives.iter().find(|directive| directive.node.name.node == "deprecated")?;
    let reason = |(name, value): &(Positioned<Name>, Positioned<async_graphql::Value>)| {
        (name.node == "reason").then(|| value.node.to_string())
    };
    Some(found.node.arguments.iter().find_map(reason).unwrap_or_default())
}

#[cfg(test)]
mod tests;
