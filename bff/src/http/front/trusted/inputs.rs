//! What may stand in for a variable: checked before anything is executed, because a document that
//! was validated once is not validated again.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, InputObjectType, Type, TypeKind, TypeSystemDefinition, VariableDefinition,
};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Types that values of variables can have.
#[derive(Debug)]
pub struct InputTypes(HashMap<String, InputType>);

#[derive(Debug)]
enum InputType {
    Enum(BTreeSet<String>),
    Object(InputObject),
}

#[derive(Debug)]
struct InputObject {
    fields: HashMap<String, InputField>,
    one_of: bool,
}

#[derive(Debug)]
struct InputField {
    of: Type,
    has_default: bool,
}

/// A value does not fit its type; says where and what, for a developer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(String);

impl InputTypes {
    /// Those of a schema's definition; empty where it cannot be read, which the schema's own
    /// definition never is.
    pub fn of(sdl: &str) -> Self {
        let definitions = parse_schema(sdl).map_or_else(|_| Vec::new(), |read| read.definitions);
        let input = |definition: TypeSystemDefinition| match definition {
            TypeSystemDefinition::Type(found) => {
                let one_of = found
                    .node
                    .directives
                    .iter()
                    .any(|directive| directive.node.name.node == "oneOf");
                let name = found.node.name.node.to_string();
                Some((name, InputType::read(found.node.kind, one_of)?))
            }
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        };
        Self(definitions.into_iter().filter_map(input).collect())
    }

    /// The declared ones of `sent`, each as its type wants it; what is not declared is left out.
    ///
    /// # Errors
    /// [`Unfit`]: the first that is missing or of another type.
    pub fn fit(
        &self,
        declared: &[VariableDefinition],
        mut sent: Map<String, Value>,
    ) -> Result<Map<String, Value>, Unfit> {
        let mut fitting = Map::new();
        for variable in declared {
            let (name, of) = (variable.name.node.as_str(), &variable.var_type.node);
            match sent.remove(name) {
                Some(value) => {
                    self.check(of, &value).map_err(|why| unfit(name, of, &why))?;
                    fitting.insert(name.to_owned(), value);
                }
                None if of.nullable || variable.default_value.is_some() => {}
                None => return Err(unfit(name, of, "it is missing")),
            }
        }
        Ok(fitting)
    }

    fn check(&self, of: &Type, value: &Value) -> Result<(), String> {
        match (&of.base, value) {
            (_, Value::Null) if of.nullable => Ok(()),
            (_, Value::Null) => Err("it is null".to_owned()),
            (BaseType::List(inner), Value::Array(items)) => {
                let mut at = items.iter().enumerate();
                at.try_for_each(|(at, item)| {
                    self.check(inner, item).map_err(|why| format!("at {at}: {why}"))
                })
            }
            // One value stands for a list of one.
            (BaseType::List(inner), one) => self.check(inner, one),
            (BaseType::Named(name), value) => self.check_named(name, value),
        }
    }

    fn check_named(&self, name: &str, value: &Value) -> Result<(), String> {
        let fits = match (name, value) {
            ("Int", Value::Number(number)) => {
                number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
            }
            ("Float", Value::Number(_))
            | ("String" | "ID", Value::String(_))
            | ("Boolean", Value::Bool(_)) => true,
            ("ID", Value::Number(number)) => number.is_i64() || number.is_u64(),
            ("Int" | "Float" | "String" | "ID" | "Boolean", _) => false,
            _ => return self.check_declared(name, value),
        };
        if fits { Ok(()) } else { Err(format!("it is no {name}")) }
    }

    fn check_declared(&self, name: &str, value: &Value) -> Result<(), String> {
        match (self.0.get(name), value) {
            (Some(InputType::Enum(values)), Value::String(word)) if values.contains(word) => Ok(()),
            (Some(InputType::Enum(_)), _) => Err(format!("it is no {name}")),
            (Some(InputType::Object(object)), Value::Object(fields)) => {
                self.check_object(name, object, fields)
            }
            (Some(InputType::Object(_)), _) => Err(format!("it is no {name}")),
            // A scalar of our own is read, and refused, by whoever takes it.
            (None, _) => Ok(()),
        }
    }

    fn check_object(
        &self,
        name: &str,
        object: &InputObject,
        sent: &Map<String, Value>,
    ) -> Result<(), String> {
        if object.one_of && (sent.len() != 1 || sent.values().any(Value::is_null)) {
            return Err(format!("{name} takes exactly one field, which is not null"));
        }
        for (field, value) in sent {
            let known = object.fields.get(field);
            let known = known.ok_or_else(|| format!("{name} has no field `{field}`"))?;
            self.check(&known.of, value).map_err(|why| format!("in `{field}`: {why}"))?;
        }
        let missing = object.fields.iter().find(|(field, known)| {
            !known.of.nullable && !known.has_default && !sent.contains_key(*field)
        });
        match missing {
            Some((field, _)) => Err(format!("`{field}` of {name} is missing")),
            None => Ok(()),
        }
    }

    /// Values that fit, for a document that is validated before anybody has sent any. None is
    /// null: null may stand where a list wants a number, and that is for the request to tell.
    pub fn samples(&self, declared: &[VariableDefinition]) -> Map<String, Value> {
        let needed = declared.iter().filter(|variable| variable.default_value.is_none());
        needed
            .map(|variable| (variable.name.node.to_string(), self.sample(&variable.var_type.node)))
            .collect()
    }

    fn sample(&self, of: &Type) -> Value {
        let name = match &of.base {
            BaseType::List(_) => return Value::Array(Vec::new()),
            BaseType::Named(name) => name.as_str(),
        };
        match (name, self.0.get(name)) {
            ("Int" | "Float", _) => Value::from(1),
            ("Boolean", _) => Value::Bool(true),
            (_, Some(InputType::Enum(values))) => {
                values.first().map_or(Value::Null, |value| Value::from(value.as_str()))
            }
            (_, Some(InputType::Object(object))) => Value::Object(self.sample_object(object)),
            (_, None) => Value::from(""),
        }
    }

    fn sample_object(&self, object: &InputObject) -> Map<String, Value> {
        let one = |(name, field): (&String, &InputField)| (name.clone(), self.sample(&field.of));
        if object.one_of {
            return object.fields.iter().take(1).map(one).collect();
        }
        let needed =
            object.fields.iter().filter(|(_, field)| !field.of.nullable && !field.has_default);
        needed.map(one).collect()
    }
}

impl InputType {
    fn read(kind: TypeKind, one_of: bool) -> Option<Self> {
        match kind {
            TypeKind::Enum(found) => {
                let words = found.values.iter().map(|value| value.node.value.node.to_string());
                Some(Self::Enum(words.collect()))
            }
            TypeKind::InputObject(InputObjectType { fields }) => {
                let field = |field: &async_graphql::Positioned<
                    async_graphql::parser::types::InputValueDefinition,
                >| {
                    let (of, has_default) =
                        (field.node.ty.node.clone(), field.node.default_value.is_some());
                    (field.node.name.node.to_string(), InputField { of, has_default })
                };
                let fields = fields.iter().map(field).collect();
                Some(Self::Object(InputObject { fields, one_of }))
            }
            TypeKind::Scalar
            | TypeKind::Object(_)
            | TypeKind::Interface(_)
            | TypeKind::Union(_) => None,
        }
    }
}

fn unfit(name: &str, of: &Type, why: &str) -> Unfit {
    Unfit(format!("variable `${name}` is no {of}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use serde_json::json;

    const SDL: &str = "scalar Day enum Side{LEFT RIGHT} \
        input By @oneOf{phone:String card:By2} input By2{no:ID!} \
        input Order{key:ID! sides:[Side!]! note:String by:By count:Int!=3 day:Day} \
        type Query{a:Int}";

    fn declared(variables: &str) -> Vec<VariableDefinition> {
        let document = parse_query(format!("query({variables}){{a}}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        operation.node.variable_definitions.iter().map(|found| found.node.clone()).collect()
    }

    fn fit(variables: &str, sent: Value) -> Result<Value, String> {
        let Value::Object(sent) = sent else { panic!("an object") };
        let fitted = InputTypes::of(SDL).fit(&declared(variables), sent);
        fitted.map(Value::Object).map_err(|why| why.to_string())
    }

    #[test]
    fn what_fits_goes_through_and_what_was_not_declared_is_left_out() {
        for (variables, value) in [
            ("$v:Int!", json!(-2_147_483_648)),
            ("$v:Float!", json!(1)),
            ("$v:Boolean", json!(null)),
            ("$v:ID!", json!(7)),
            ("$v:[Int!]!", json!([1, 2])),
            ("$v:[Int!]!", json!(1)),
            ("$v:Side!", json!("LEFT")),
            ("$v:Day!", json!("2026-03-02")),
            ("$v:Order!", json!({ "key": "k", "sides": [], "by": { "phone": "1" } })),
        ] {
            let fitted = fit(variables, json!({ "v": value, "other": 1 }));
            assert_eq!(fitted, Ok(json!({ "v": value })), "{variables}");
        }
        assert_eq!(fit("$v:Int,$w:Int!=2", json!({})), Ok(json!({})));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_place() {
        for (variables, value, expected) in [
            ("$v:Int!", json!(2_147_483_648_i64), "it is no Int"),
            ("$v:Int!", json!(1.5), "it is no Int"),
            ("$v:Int!", json!("1"), "it is no Int"),
            ("$v:Int!", json!(null), "it is null"),
            ("$v:String", json!(1), "it is no String"),
            ("$v:Boolean", json!("true"), "it is no Boolean"),
            ("$v:ID", json!(1.5), "it is no ID"),
            ("$v:[Int!]", json!([1, null]), "at 1: it is null"),
            ("$v:Side", json!("UP"), "it is no Side"),
            ("$v:Side", json!(1), "it is no Side"),
            ("$v:Order", json!("x"), "it is no Order"),
            ("$v:Order", json!({ "sides": [] }), "`key` of Order is missing"),
            ("$v:Order", json!({ "key": "k", "sides": [], "x": 1 }), "Order has no field `x`"),
            ("$v:Order", json!({ "key": "k", "sides": ["UP"] }), "in `sides`: at 0: it is no Side"),
            ("$v:By", json!({}), "exactly one field"),
            ("$v:By", json!({ "phone": "1", "card": { "no": "2" } }), "exactly one field"),
            ("$v:By", json!({ "phone": null }), "exactly one field"),
            ("$v:By", json!({ "card": { "no": null } }), "in `card`: in `no`: it is null"),
        ] {
            let refused = fit(variables, json!({ "v": value })).unwrap_err();
            assert!(refused.contains("`$v`") && refused.contains(expected), "{refused}");
        }
        assert!(fit("$v:Int!", json!({})).unwrap_err().contains("missing"));
    }

    #[test]
    fn samples_fit() {
        let variables = "$a:Int!,$b:Order!,$c:By!,$d:[Side!]!,$e:Side!,$f:Day!,$g:Int,$h:Int!=1";
        let types = InputTypes::of(SDL);
        let declared = declared(variables);
        let samples = types.samples(&declared);
        assert!(samples.values().all(|sample| !sample.is_null()), "{samples:?}");
        assert_eq!(types.fit(&declared, samples.clone()), Ok(samples));
    }
}
