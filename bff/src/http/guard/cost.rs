//! What an operation costs before it is executed: as many points as its answer may have fields,
//! see [`Prices`]. Each fragment is priced once, so the pass is linear in the document.

use super::prices::{LARGEST_PAGE, Prices, Size};
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Value};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// Points of one operation. The whole catalogue with the forms of all apps costs 40 000; a page
/// costs a thousand.
pub const MAX_COST: u64 = 50_000;

/// One operation may have more fields in its answer than any answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operation costs {0} points, and one may cost {MAX_COST}: ask for fewer at a time")]
pub struct TooDear(pub u64);

impl Prices {
    /// What the operation of this name costs with these variables; where no operation is named,
    /// the dearest.
    ///
    /// # Errors
    /// [`TooDear`].
    pub fn cost(
        &self,
        document: &ExecutableDocument,
        name: Option<&str>,
        variables: &Map<String, Json>,
    ) -> Result<u64, TooDear> {
        let asked = document.operations.iter().filter(|(known, _)| {
            name.is_none() || known.is_none() || known.map(Name::as_str) == name
        });
        let dearest = asked.map(|(_, operation)| {
            let operation = &operation.node;
            let mut pricing =
                Pricing { prices: self, document, operation, variables, known: HashMap::new() };
            let [query, mutation, subscription] = self.roots();
            let root = match operation.ty {
                OperationType::Query => query,
                OperationType::Mutation => mutation,
                OperationType::Subscription => subscription,
            };
            pricing.set(&operation.selection_set.node, Some(root.as_str()))
        });
        let cost = dearest.max().unwrap_or(0).max(1);
        if cost > MAX_COST { Err(TooDear(cost)) } else { Ok(cost) }
    }
}

struct Pricing<'a> {
    prices: &'a Prices,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Map<String, Json>,
    /// Fragments in a circle were refused before; one that is being priced costs nothing again.
    known: HashMap<&'a Name, u64>,
}

impl<'a> Pricing<'a> {
    /// All of it side by side; of alternatives each is counted.
    fn set(&mut self, set: &'a SelectionSet, of: Option<&'a str>) -> u64 {
        let mut sum: u64 = 0;
        for item in &set.items {
            let one = match &item.node {
                Selection::Field(field) => self.field(&field.node, of),
                Selection::InlineFragment(inline) => {
                    let inline = &inline.node;
                    let named = inline.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    self.set(&inline.selection_set.node, named.or(of))
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            };
            sum = sum.saturating_add(one);
        }
        sum
    }

    fn fragment(&mut self, name: &'a Name) -> u64 {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let Some(definition) = self.document.fragments.get(name) else { return 0 };
        self.known.insert(name, 0);
        let definition = &definition.node;
        let cost = self.set(
            &definition.selection_set.node,
            Some(definition.type_condition.node.on.node.as_str()),
        );
        self.known.insert(name, cost);
        cost
    }

    fn field(&mut self, field: &'a Field, of: Option<&'a str>) -> u64 {
        let prices = self.prices;
        let price = of.and_then(|of| prices.find(of, field.name.node.as_str()));
        let below = &field.selection_set.node;
        match price {
            Some(price) => {
                let so_many = match price.size {
                    Size::Fixed(number) => number,
                    Size::First(default) => self.first(field, default),
                };
                let one = self.set(below, Some(&price.below));
                price.weight.saturating_add(so_many.saturating_mul(one))
            }
            // A field that is not there is refused by validation; the schema's own have no prices.
            None => Prices::of_meta(field.name.node.as_str()).saturating_add(self.set(below, None)),
        }
    }

    /// What `first` says, where it can be read; else as many as a page may have.
    fn first(&self, field: &Field, default: u64) -> u64 {
        let Some(sent) = field.get_argument("first") else { return default };
        let operation = self.operation;
        let value = sent.node.clone().into_const_with(|name| {
            let sent = self.variables.get(name.as_str()).map(number);
            let usual = || {
                let mut known = operation.variable_definitions.iter();
                let found = known.find(|known| known.node.name.node == name)?;
                found.node.default_value.as_ref().map(|usual| usual.node.clone())
            };
            Ok::<_, std::convert::Infallible>(sent.or_else(usual).unwrap_or(Value::Null))
        });
        match value {
            Ok(Value::Number(number)) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => number,
                // Fewer than none are refused where they are read.
                (None, Some(_)) => 0,
                (None, None) => LARGEST_PAGE,
            },
            Ok(_) | Err(_) => LARGEST_PAGE,
        }
    }
}

/// Anything else is refused where it is read.
fn number(sent: &Json) -> Value {
    match sent {
        Json::Number(number) => Value::Number(number.clone()),
        Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            Value::Null
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn prices() -> Prices {
        Prices::of(&crate::graphql::sdl()).unwrap()
    }

    fn object(variables: Json) -> Map<String, Json> {
        serde_json::from_value(variables).unwrap()
    }

    fn cost(text: &str, variables: Json) -> u64 {
        let document = async_graphql::parser::parse_query(text).unwrap();
        let got = prices().cost(&document, None, &object(variables));
        got.unwrap_or_else(|TooDear(cost)| cost)
    }

    #[test]
    fn a_point_is_one_field_of_the_answer() {
        for (text, expected) in [
            ("{__typename}", 1),
            ("{viewer{person{id}}}", 3),
            // 1 for the list, and 16 times a slug.
            ("{categories{slug}}", 17),
            ("{categories{apps{slug name}}}", 1 + 16 * (1 + 10 * 2)),
            ("{viewer{payments{nodes{status}}}}", 1 + 1 + 20 * (1 + 1)),
            ("{viewer{payments(first:3){nodes{status}}}}", 1 + 1 + 3 * 2),
            ("{viewer{recentApps{slug}}}", 1 + 1 + 8),
            ("mutation{signOut(input:{}){userErrors{message}}}", 1 + 10 + 1 + 1),
            ("{viewer{...on Viewer{...{person{id}}}}}", 3),
            ("{nothing{at{all}}}", 3),
            ("query A{viewer{person{id}}} query B{__typename}", 3),
        ] {
            assert_eq!(cost(text, json!({})), expected, "{text}");
        }
    }

    #[test]
    fn first_is_read_from_the_variables_and_without_any_it_is_the_most() {
        let page = |definition: &str, variables| {
            let text =
                format!("query({definition}){{viewer{{payments(first:$n){{nodes{{status}}}}}}}}");
            cost(&text, variables)
        };
        assert_eq!(page("$n:Int!", json!({ "n": 7 })), 2 + 7 * 2);
        assert_eq!(page("$n:Int!=5", json!({})), 2 + 5 * 2);
        assert_eq!(page("$n:Int!=5", json!({ "n": 6 })), 2 + 6 * 2);
        assert_eq!(page("$n:Int!", json!({})), 2 + 100 * 2, "not sent");
        assert_eq!(page("$n:Int!", json!({ "n": "7" })), 2 + 100 * 2, "no number");
        assert_eq!(page("$n:Int!", json!({ "n": -7 })), 2);
    }

    #[test]
    fn a_fragment_costs_where_it_is_spread_and_is_priced_once() {
        let two = "{a:viewer{...F} b:viewer{...F}} fragment F on Viewer{person{id}}";
        assert_eq!(cost(two, json!({})), 6);
        // Each spreads the next one twice: 2^40 would never end if each was walked.
        let mut text = String::from("{...F0}");
        for level in 0..40 {
            let next = level + 1;
            text += &format!("fragment F{level} on Query{{...F{next} ...F{next}}}");
        }
        text += "fragment F40 on Query{__typename}";
        assert_eq!(cost(&text, json!({})), 1 << 40);
        let circle = "{...A} fragment A on Query{...A __typename}";
        assert_eq!(cost(circle, json!({})), 1, "refused elsewhere; it ends here");
    }

    #[test]
    fn one_operation_costs_so_much_and_no_more() {
        // 2 for the way there, and `first` times 2.
        let text = "query($n:Int!){viewer{payments(first:$n){nodes{status}}}}";
        let document = async_graphql::parser::parse_query(text).unwrap();
        let (prices, most) = (prices(), (MAX_COST - 2) / 2);
        let at = |n: u64| prices.cost(&document, None, &object(json!({ "n": n })));
        assert_eq!(at(most), Ok(MAX_COST));
        assert_eq!(at(most + 1), Err(TooDear(MAX_COST + 2)));
        assert_eq!(at(u64::MAX), Err(TooDear(u64::MAX)), "without an overflow");
    }

    #[test]
    fn the_operation_that_is_named_is_the_one_that_counts() {
        let text = "query A{viewer{person{id}}} query B{__typename}";
        let document = async_graphql::parser::parse_query(text).unwrap();
        let of = |name| prices().cost(&document, Some(name), &Map::new());
        assert_eq!((of("A"), of("B")), (Ok(3), Ok(1)));
    }
}
