//! Who is whose child, and who stands for a legal person.

use serde_json::json;

use super::people::subject;
use super::{Call, Found, Refusal};
use crate::outside::Outside;
use crate::world::company::is_uscc;
use crate::world::people::is_id_card;

/// What somebody is to the person who asks. Whoever is neither child nor parent, and whoever is
/// called otherwise, gives no row: the answer does not tell who exists.
pub(super) fn family_relation(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let (name, id_card) = (call.required("name")?, call.required("id_card")?);
    if !is_id_card(id_card) {
        return Err(Refusal::Invalid("id_card 不是公民身份号码".to_owned()));
    }
    let relation = outside.read(|world| {
        let asking = subject(world, call)?.map(|citizen| citizen.id_card.as_str());
        let other = world.citizen_by_id_card(id_card).filter(|other| other.name == name);
        let (Some(asking), Some(other)) = (asking, other) else { return Ok(None) };
        Ok(world.kinship.relation(asking, &other.id_card))
    })?;
    let rows = relation.map(|relation| json!({"relation": relation}));
    Ok(Found { source: "省公安厅", rows: rows.into_iter().collect() })
}

/// A row for the legal representative alone.
pub(super) fn legal_person(outside: &Outside, call: &Call) -> Result<Found, Refusal> {
    let uscc = call.required("uscc")?;
    if !is_uscc(uscc) {
        return Err(Refusal::Invalid("uscc 不是统一社会信用代码".to_owned()));
    }
    let rows = outside.read(|world| {
        let asking = subject(world, call)?.map(|citizen| citizen.id_card.as_str());
        let representative = world.kinship.representatives.get(uscc).map(String::as_str);
        let company = world.gateway.company(uscc);
        let company = company.filter(|_| asking.is_some() && asking == representative);
        Ok(company.map(|company| json!({"name": company.name, "status": "存续"})))
    })?;
    Ok(Found { source: "省工商局", rows: rows.into_iter().collect() })
}
