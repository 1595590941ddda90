//! The registers of families and of legal persons, asked over the exchange.

use super::HttpDepartments;
use super::identity::{subject, text};
use crate::http::unexpected;
use async_trait::async_trait;
use domain::identity::{
    FamilyRegister, Kinship, LegalPerson, LegalPersonRegister, PersonName, RealName,
};
use domain::outside::OutsideError;
use domain::standards::{CitizenId, Uscc};

const FAMILY: &str = "police.family_relation";
const LEGAL_PERSON: &str = "registry.legal_person";
/// As long as a registered name can be.
const NAME_MAX: usize = 200;

#[async_trait]
impl FamilyRegister for HttpDepartments {
    async fn kin(
        &self,
        of: &RealName,
        name: &PersonName,
        id_card: &CitizenId,
    ) -> Result<Option<Kinship>, OutsideError> {
        let parameters = vec![
            ("name".to_owned(), name.as_str().to_owned()),
            ("id_card".to_owned(), id_card.as_str().to_owned()),
        ];
        let Some(row) = self.first_row(FAMILY, subject(of), parameters).await? else {
            return Ok(None);
        };
        match text(&row, "relation")? {
            "CHILD" => Ok(Some(Kinship::Child)),
            "PARENT" => Ok(Some(Kinship::Parent)),
            other => Err(unexpected("unknown relation", other)),
        }
    }
}

#[async_trait]
impl LegalPersonRegister for HttpDepartments {
    async fn represented_by(
        &self,
        of: &RealName,
        uscc: &Uscc,
    ) -> Result<Option<LegalPerson>, OutsideError> {
        let parameters = vec![("uscc".to_owned(), uscc.as_str().to_owned())];
        let Some(row) = self.first_row(LEGAL_PERSON, subject(of), parameters).await? else {
            return Ok(None);
        };
        let name: String = text(&row, "name")?.chars().take(NAME_MAX).collect();
        Ok(Some(LegalPerson { uscc: uscc.clone(), name }))
    }
}
