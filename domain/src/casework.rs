//! What departments do for a citizen over time, and the citizen can follow.
//! Invariant: whatever belongs to a person is read by that person alone; to others it does not exist.

pub mod booking;
pub mod case;
pub mod certificate;
pub mod delivery;
pub mod desk_case;
pub mod lottery;
pub mod rating;
pub mod supervision;
