//! What was booked at the departments, and how many places testers leave.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the departments keep of bookings.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bookings {
    /// By the number of the request that made it.
    pub(crate) booked: BTreeMap<String, Booked>,
    /// Places of a slot, or of every slot of a service, where a tester says so.
    pub(crate) places: BTreeMap<String, u32>,
}

/// One booking of a department.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Booked {
    /// Empty for a request that was taken back before it came.
    pub(crate) booking_no: String,
    pub(crate) service: String,
    pub(crate) slot: String,
    /// What was sent along.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Its place in the queue of its slot, from one.
    pub(crate) serial: u64,
    pub(crate) cancelled: bool,
    /// Whether the citizen came, where a tester says so.
    pub(crate) came: Option<bool>,
}

impl Bookings {
    /// The booking of this number of the department.
    pub(crate) fn by_number(&mut self, number: &str) -> Option<&mut Booked> {
        let mut all = self.booked.values_mut();
        all.find(|booked| !booked.booking_no.is_empty() && booked.booking_no == number)
    }

    /// How many hold a place in this slot.
    pub(crate) fn taken(&self, service: &str, slot: &str) -> usize {
        let holds = |booked: &&Booked| {
            booked.service == service && booked.slot == slot && !booked.cancelled
        };
        // Where people come together, all of them are counted.
        let people = |booked: &Booked| {
            booked.parameters.get("visitors").and_then(|all| all.parse().ok()).unwrap_or(1)
        };
        self.booked.values().filter(holds).map(people).sum()
    }

    /// How many places a slot has.
    pub(crate) fn places_of(&self, service: &str, slot: &str, usual: u32) -> u32 {
        let said = self.places.get(slot).or_else(|| self.places.get(service));
        said.copied().unwrap_or(usual)
    }
}
