//! Who owes a notice.

use super::World;
use super::notice::Notice;
use crate::gateway::magic::Magic;

/// A payer as bills name one.
#[derive(Debug, Default)]
pub(crate) struct Payer {
    pub(crate) name: String,
    /// Empty for a company.
    pub(crate) id_card: String,
    pub(crate) phone: String,
}

impl World {
    pub(crate) fn payer_of(&self, notice: &Notice) -> Payer {
        if let Some(company) = notice.company.as_deref().and_then(|uscc| self.gateway.company(uscc))
        {
            let (name, phone) = (company.name.clone(), company.phone.clone());
            return Payer { name, phone, id_card: String::new() };
        }
        if let Some(walk_in) = &notice.walk_in {
            let (name, phone) = (walk_in.name.clone(), walk_in.phone.clone());
            return Payer { name, phone, id_card: String::new() };
        }
        let citizen = self.citizen(&notice.citizen_id);
        citizen.map_or_else(Payer::default, |citizen| Payer {
            name: citizen.name.clone(),
            id_card: citizen.id_card.clone(),
            phone: citizen.phone.clone(),
        })
    }

    /// Plate and kind of the car that a notice is about.
    pub(crate) fn vehicle_of(&self, notice: &Notice) -> Option<(String, String)> {
        let number = Some(&notice.notice_no);
        let violation =
            self.violations.iter().find(|violation| violation.notice_no.as_ref() == number)?;
        let cars = self.citizens.iter().flat_map(|citizen| &citizen.vehicles);
        cars.into_iter()
            .find(|car| car.plate_no == violation.plate_no)
            .map(|car| (car.plate_no.clone(), car.plate_kind.clone()))
    }

    /// What the payer's name asks the gateway to do, or else the sum that is owed.
    pub(crate) fn magic_of_notice(&self, notice: &Notice) -> Option<Magic> {
        let by_name = Magic::of(&self.payer_of(notice).name);
        by_name.or_else(|| Magic::of_amount(notice.principal_fen()))
    }

    /// Whether a call is the first of its kind, which a magic payer's gateway is too busy for.
    pub(crate) fn is_busy_once(&mut self, call: String) -> bool {
        let first = !self.gateway.was_busy.contains(&call);
        if first {
            self.gateway.was_busy.push(call);
        }
        first
    }
}
