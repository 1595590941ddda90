//! Which purse an operation is paid from: what money needs has one of its own, so that whoever has
//! browsed too much can still pay and see how the payment stands.

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection};

/// Where the points come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Paying, looking at a payment, and what it takes to be signed in.
    Money,
    /// Everything else.
    Browse,
}

/// Fields at the root that are paid from the money's own purse. Not `viewer`: everything hangs
/// below it.
const MONEY: [(OperationType, &str); 11] = [
    (OperationType::Query, "quote"),
    (OperationType::Query, "rails"),
    (OperationType::Query, "node"),
    (OperationType::Mutation, "startPayment"),
    (OperationType::Mutation, "refreshPayment"),
    (OperationType::Mutation, "cancelPayment"),
    (OperationType::Mutation, "createPayLink"),
    (OperationType::Mutation, "requestRefund"),
    (OperationType::Mutation, "signIn"),
    (OperationType::Mutation, "refreshSession"),
    (OperationType::Subscription, "paymentChanged"),
];

impl Lane {
    /// By the fields at the root, all of them: nothing is carried along. What hides in fragments
    /// there is browsing.
    pub fn of(document: &ExecutableDocument) -> Self {
        let mut money = document.operations.iter().flat_map(|(_, operation)| {
            let root = operation.node.selection_set.node.items.iter();
            root.map(|item| match &item.node {
                Selection::Field(field) => {
                    MONEY.contains(&(operation.node.ty, field.node.name.node.as_str()))
                }
                Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
            })
        });
        if money.all(|money| money) { Self::Money } else { Self::Browse }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_money_needs_is_paid_from_its_purse() {
        for (document, lane) in [
            ("mutation{startPayment(input:{}){__typename}}", Lane::Money),
            ("mutation{refreshPayment(input:{}){__typename}}", Lane::Money),
            ("subscription{paymentChanged(paymentNo:\"a\"){status}}", Lane::Money),
            ("{rails{rail} quote(noticeNos:[]){token}}", Lane::Money),
            ("{rails{rail} categories{slug}}", Lane::Browse),
            ("query A{rails{rail}} query B{categories{slug}}", Lane::Browse),
            ("{...F} fragment F on Query{rails{rail}}", Lane::Browse),
            ("{viewer{payments{nodes{status}}}}", Lane::Browse),
            ("{startPayment{x}}", Lane::Browse),
        ] {
            let parsed = async_graphql::parser::parse_query(document).unwrap();
            assert_eq!(Lane::of(&parsed), lane, "{document}");
        }
    }

    #[test]
    fn every_field_that_is_named_exists() {
        let sdl = crate::graphql::sdl();
        for (_, field) in MONEY {
            let there =
                sdl.contains(&format!("\t{field}(")) || sdl.contains(&format!("\t{field}:"));
            assert!(there, "{field}");
        }
    }
}
