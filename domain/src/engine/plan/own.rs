//! Whose data an answer must be: the caller's own, or those of a party that the caller is.

use super::super::{AnswerFault, AnswerFaultCode};
use super::fault;
use crate::catalogue::{AppDefinition, Field, OwnData};
use crate::identity::{LegalPerson, Person, PersonName, RealName};
use crate::standards::{CitizenId, Uscc};
use std::collections::BTreeMap;

/// Who answers, as far as it is proved.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Own<'a> {
    /// The person.
    pub(in crate::engine) real_name: Option<&'a RealName>,
    /// The legal person for which that one acts.
    pub(in crate::engine) company: Option<&'a LegalPerson>,
}

impl<'a> Own<'a> {
    pub(in crate::engine) fn of(who: Option<&'a Person>, company: Option<&'a LegalPerson>) -> Self {
        Self { real_name: who.and_then(|person| person.real_name.as_ref()), company }
    }

    /// Does the answer tell the caller's own data, where the field asks for it? A party's field
    /// alone cannot tell: see [`party_faults`].
    pub(in crate::engine) fn allows(self, field: &Field, text: &str) -> bool {
        match field.own {
            Some(own) if field.party.is_none() => self.has(own, text),
            Some(_) | None => true,
        }
    }

    fn has(self, own: OwnData, text: &str) -> bool {
        let proved = self.real_name;
        match own {
            OwnData::Name => proved
                .is_some_and(|proved| PersonName::new(text).is_ok_and(|name| name == proved.name)),
            OwnData::IdCard => proved
                .is_some_and(|proved| CitizenId::new(text).is_ok_and(|id| id == proved.id_card)),
            OwnData::Uscc => self
                .company
                .is_some_and(|company| Uscc::normalised(text).is_ok_and(|c| c == company.uscc)),
        }
    }

    /// What the citizen can do about an answer that is another's.
    pub(in crate::engine) fn refusal(self, field: &Field) -> String {
        let label = &field.label.zh;
        match (field.own, self.company, self.real_name) {
            (Some(OwnData::Uscc), Some(company), _) => {
                format!("您正在代{}办理，“{label}”请填写该单位的统一社会信用代码", company.name)
            }
            (Some(OwnData::Uscc), None, _) => {
                format!("“{label}”只能由该单位授权的办事人填写，请先选择要代表的单位")
            }
            (_, _, Some(_)) => format!("只能办理本人事项，“{label}”请填写您实名认证的信息"),
            (_, _, None) => format!("填写“{label}”前，请先登录并完成实名认证"),
        }
    }
}

/// The caller must be one of the form's parties. Where an answer of theirs is missing or not right,
/// that has its fault already.
pub(super) fn party_faults(
    app: &AppDefinition,
    accepted: &BTreeMap<&str, String>,
    own: Own<'_>,
) -> Vec<AnswerFault> {
    let of_parties: Vec<&Field> = app.fields.iter().filter(|field| field.party.is_some()).collect();
    if of_parties.iter().any(|field| !accepted.contains_key(field.name.as_str())) {
        return Vec::new();
    }
    let is_own = |field: &Field| {
        let text = accepted.get(field.name.as_str());
        field.own.zip(text).is_some_and(|(data, text)| own.has(data, text))
    };
    let foreign: Vec<&Field> = of_parties.iter().copied().filter(|field| !is_own(field)).collect();
    let foreign_of = |party: &Option<String>| {
        let of_party = |field: &&&Field| field.party == *party;
        foreign.iter().filter(of_party).copied().collect::<Vec<_>>()
    };
    if of_parties.iter().any(|field| foreign_of(&field.party).is_empty()) {
        return Vec::new();
    }
    let not_own =
        |field: &Field, message: String| fault(&field.name, AnswerFaultCode::NotYourOwn, message);
    let is_card = |field: &&&Field| field.own == Some(OwnData::IdCard);
    let cards: Vec<&Field> = of_parties.iter().filter(is_card).copied().collect();
    // Whose number is the caller's is the caller, whose name is misspelt.
    if let Some(mine) = cards.iter().find(|field| is_own(field)) {
        let misspelt = foreign_of(&mine.party).into_iter();
        return misspelt.map(|field| not_own(field, own.refusal(field))).collect();
    }
    let labels: String = cards.iter().map(|field| format!("“{}”", field.label.zh)).collect();
    let message = format!("{labels}中须有一项是您实名认证的本人信息，请核对后重填");
    cards.into_iter().map(|field| not_own(field, message.clone())).collect()
}
