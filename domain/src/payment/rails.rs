//! The rails that are connected, and the orders that are being placed with them: none twice at once.

use super::{PaymentRail, Rail};
use crate::ids::PaymentNo;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The rails that are connected. Clones know of each other's orders.
#[derive(Clone, Default)]
pub struct Rails {
    ports: Vec<Arc<dyn PaymentRail>>,
    placing: Placing,
}

impl Rails {
    /// At most one per [`Rail`]; the first counts.
    pub fn new(rails: Vec<Arc<dyn PaymentRail>>) -> Self {
        Self { ports: rails, placing: Placing::default() }
    }

    /// The port of a rail, if it is connected.
    pub fn get(&self, rail: Rail) -> Option<&Arc<dyn PaymentRail>> {
        self.ports.iter().find(|port| port.rail() == rail)
    }

    /// All that are connected.
    pub fn all(&self) -> &[Arc<dyn PaymentRail>] {
        &self.ports
    }

    /// Begins to place the order of this payment, until what it answers is dropped. `None`: the
    /// order is being placed at this moment, by somebody else in this process. Another process
    /// may place it too: it has the same number, so the rail keeps one.
    pub fn place(&self, no: &PaymentNo) -> Option<PlacingOrder> {
        self.placing.begin(no)
    }
}

/// Orders that this process is placing at this moment; clones share them.
#[derive(Clone, Default)]
struct Placing(Arc<Mutex<BTreeSet<PaymentNo>>>);

impl Placing {
    /// `None`: it is being placed already.
    fn begin(&self, no: &PaymentNo) -> Option<PlacingOrder> {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        orders.insert(no.clone()).then(|| PlacingOrder { of: self.clone(), no: no.clone() })
    }
}

/// One order that is being placed: until this is dropped, also by somebody who waits no more.
pub struct PlacingOrder {
    of: Placing,
    no: PaymentNo,
}

impl Drop for PlacingOrder {
    fn drop(&mut self) {
        self.of.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.no);
    }
}
