//! Who gets a turn when more is asked at once than can be answered, as after an outage, when
//! everybody tries again: callbacks before questions, questions before new payments, payments
//! before browsing. What has no turn is told so at once and when to come again; nothing queues,
//! because a queue would only make everybody late.

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a request is for, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A platform tells of money: it is what settles everything else.
    Callback,
    /// How does my payment stand? Unanswered, people pay twice.
    Question,
    /// A new payment or refund, and what it takes to be signed in.
    Payment,
    /// Everything that nobody loses money by.
    Browse,
}

impl Class {
    /// Of `whole` turns those that this class may use, in eighths: an eighth is kept free for
    /// callbacks, a quarter for questions too, half for payments too.
    const fn share(self, whole: usize) -> usize {
        let eighths = match self {
            Self::Callback => 8,
            Self::Question => 7,
            Self::Payment => 6,
            Self::Browse => 4,
        };
        whole * eighths / 8
    }

    /// By the fields at the root: a document is as urgent as the least urgent of them, so that
    /// nothing is carried along. What hides in fragments there goes with the last.
    pub fn of(document: &ExecutableDocument) -> Self {
        let operations = document.operations.iter().flat_map(|(_, operation)| {
            let root = operation.node.selection_set.node.items.iter();
            root.map(|item| match &item.node {
                Selection::Field(field) => {
                    Self::of_field(operation.node.ty, field.node.name.node.as_str())
                }
                Selection::FragmentSpread(_) | Selection::InlineFragment(_) => Self::Browse,
            })
        });
        operations.max().unwrap_or(Self::Browse)
    }

    fn of_field(operation: OperationType, name: &str) -> Self {
        match (operation, name) {
            (OperationType::Query, "viewer" | "node")
            | (OperationType::Mutation, "refreshPayment" | "cancelPayment") => Self::Question,
            (OperationType::Query, "quote" | "rails")
            | (
                OperationType::Mutation,
                "startPayment" | "createPayLink" | "requestRefund" | "signIn" | "refreshSession"
                | "sendPhoneCode",
            ) => Self::Payment,
            (OperationType::Query | OperationType::Mutation | OperationType::Subscription, _) => {
                Self::Browse
            }
        }
    }
}

/// The turns of this process.
#[derive(Debug)]
pub struct Admission {
    whole: usize,
    taken: Arc<AtomicUsize>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub struct Turn(Arc<AtomicUsize>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Admission {
    /// So many requests may be under way at once.
    pub fn new(whole: usize) -> Self {
        Self { whole, taken: Arc::default() }
    }

    /// A turn; `None` when what is under way leaves none to this class.
    pub fn enter(&self, class: Class) -> Option<Turn> {
        let share = class.share(self.whole);
        let one_more = |taken: usize| (taken < share).then_some(taken + 1);
        let entered = self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        entered.ok().map(|_| Turn(self.taken.clone()))
    }
}

/// In how many seconds to come again: 2 to 9, by chance, so that not all come at once.
pub fn come_again_s() -> u8 {
    let mut byte = [0];
    // Without chance all come at the same time, which is no worse than without the header.
    let _ = aws_lc_rs::rand::fill(&mut byte);
    2 + byte[0] % 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(document: &str) -> Class {
        Class::of(&async_graphql::parser::parse_query(document).unwrap())
    }

    /// Fault case 31.
    #[test]
    fn each_class_keeps_turns_for_the_more_urgent_ones() {
        let admission = Admission::new(16);
        let mut turns = Vec::new();
        for (class, so_many) in
            [(Class::Browse, 8), (Class::Payment, 4), (Class::Question, 2), (Class::Callback, 2)]
        {
            for _ in 0..so_many {
                turns.push(admission.enter(class).unwrap());
            }
            assert!(admission.enter(class).is_none(), "{class:?}");
        }
        // Whoever ends makes room for the most urgent first.
        turns.pop();
        assert!(admission.enter(Class::Question).is_none());
        drop(admission.enter(Class::Callback).unwrap());
        turns.truncate(7);
        assert!(admission.enter(Class::Browse).is_some());
        drop(turns);
        assert_eq!(admission.taken.load(Ordering::Acquire), 0, "every turn is given back");
    }

    #[test]
    fn a_document_is_as_urgent_as_its_least_urgent_field() {
        for (document, class) in [
            ("{viewer{payments{nodes{paymentNo}}}}", Class::Question),
            ("mutation{refreshPayment(input:{paymentNo:\"x\"}){__typename}}", Class::Question),
            ("mutation{startPayment(input:{}){__typename}}", Class::Payment),
            ("{rails{rail} viewer{person{id}}}", Class::Payment),
            ("{viewer{person{id}} categories{slug}}", Class::Browse),
            ("query A{viewer{person{id}}} query B{categories{slug}}", Class::Browse),
            ("{...F} fragment F on Query{viewer{person{id}}}", Class::Browse),
            ("mutation{submitApp(input:{}){__typename}}", Class::Browse),
            ("{refreshPayment{x}}", Class::Browse),
        ] {
            assert_eq!(of(document), class, "{document}");
        }
    }

    #[test]
    fn not_all_come_again_at_once() {
        let times: std::collections::BTreeSet<_> = (0..200).map(|_| come_again_s()).collect();
        assert!(times.len() > 1 && times.iter().all(|time| (2..10).contains(time)), "{times:?}");
    }
}
