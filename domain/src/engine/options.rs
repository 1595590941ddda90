//! Choices of a field: those of the form, or those that a department offers for the answers given
//! so far.

use super::plan::accept_some;
use super::submit::refused_or_silent;
use super::{
    Answer, AnswerFault, Circumstances, DepartmentExchange, ExchangeCall, ExchangeRow,
    ExchangeValue, SubmitError,
};
use crate::casework::booking::{BookingStore, SlotKey};
use crate::catalogue::{
    Action, AppDefinition, AppSlug, CatalogueSource, Field, FieldOption, OptionsFrom,
};
use crate::clock::{Clock, beijing_day};
use crate::identity::Person;
use crate::money::{Fen, PayableFen};
use crate::outside::{OutsideError, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One choice, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What is answered.
    pub value: String,
    /// What the citizen reads.
    pub label: String,
    /// How many are left, where that is counted.
    pub remaining: Option<u32>,
    /// What it costs, where the department says so.
    pub price: Option<Fen>,
}

/// What can be chosen.
#[derive(Debug)]
pub enum Offers {
    /// This; perhaps nothing.
    Open(Vec<Offer>),
    /// The department did not answer.
    Silent {
        /// Which.
        department: String,
        /// How it failed.
        source: OutsideError,
    },
}

/// Why there are no choices.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// No such app, or none with a field of that name.
    #[error("there is no such field")]
    NotFound,
    /// The field is not answered by choosing.
    #[error("the field has no choices")]
    NoChoices,
    /// The answers given so far are not complete or not right.
    #[error("{} of the answers are not acceptable", .0.len())]
    Answers(Vec<AnswerFault>),
    /// The department does not know what was chosen so far.
    #[error("the department refused")]
    Refused {
        /// What the citizen can do about it, in Chinese.
        message: String,
    },
    /// The database failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Use case: what can be chosen in a field.
pub struct FindOptions {
    /// The catalogue.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// The departments.
    pub exchange: Arc<dyn DepartmentExchange>,
    /// What is taken of slots.
    pub bookings: Arc<dyn BookingStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl FindOptions {
    /// # Errors
    /// [`OptionsError`]; a department that is silent is [`Offers::Silent`].
    pub async fn run(
        &self,
        who: Option<&Person>,
        app: &AppSlug,
        field: &str,
        answers: &[Answer],
    ) -> Result<Offers, OptionsError> {
        let catalogue = self.catalogue.current();
        let app = catalogue.app(app).ok_or(OptionsError::NotFound)?;
        let field = app.field(field).ok_or(OptionsError::NotFound)?;
        let Some(from) = &field.options_from else { return written_offers(field) };
        let today = beijing_day(self.clock.now());
        let circumstances =
            Circumstances { who, company: None, regions: catalogue.regions(), today, files: &[] };
        let sent: Vec<&str> = from.sends.iter().map(|sent| sent.field.as_str()).collect();
        let accepted =
            accept_some(app, &sent, answers, circumstances).map_err(OptionsError::Answers)?;
        let rows = match self.exchange.call(&call_of(from, &accepted)).await {
            Ok(answer) => answer.rows,
            Err(error) => return silent_or_refused(app, error),
        };
        let mut offers: Vec<Offer> = rows.iter().filter_map(|row| offer(from, row)).collect();
        if is_slot(app, field) {
            self.subtract_taken(from, &mut offers).await?;
        }
        Ok(Offers::Open(offers))
    }

    /// The department says how many places there are; how many are taken, we know.
    async fn subtract_taken(
        &self,
        from: &OptionsFrom,
        offers: &mut [Offer],
    ) -> Result<(), StoreError> {
        let key = |offer: &Offer| SlotKey::new(from.operation.clone(), &offer.value).ok();
        let keys: Vec<SlotKey> = offers.iter().filter_map(key).collect();
        let taken = self.bookings.taken(&keys).await?;
        for offer in offers {
            let taken = key(offer).and_then(|key| taken.get(&key).copied()).unwrap_or(0);
            offer.remaining = offer.remaining.map(|places| places.saturating_sub(taken));
        }
        Ok(())
    }
}

fn is_slot(app: &AppDefinition, field: &Field) -> bool {
    match &app.action {
        Some(Action::Book(terms)) => terms.slot == field.name,
        Some(_) | None => false,
    }
}

/// The choices that stand in the form itself.
fn written_offers(field: &Field) -> Result<Offers, OptionsError> {
    let offer = |option: &FieldOption| Offer {
        value: option.value.clone(),
        label: option.label.clone(),
        remaining: None,
        price: option.price.map(PayableFen::fen),
    };
    if field.options.is_empty() {
        return Err(OptionsError::NoChoices);
    }
    Ok(Offers::Open(field.options.iter().map(offer).collect()))
}

fn silent_or_refused(app: &AppDefinition, error: OutsideError) -> Result<Offers, OptionsError> {
    match refused_or_silent(app, error) {
        SubmitError::Refused { message } => Err(OptionsError::Refused { message }),
        SubmitError::DepartmentUnavailable { department, source } => {
            Ok(Offers::Silent { department, source })
        }
        other @ (SubmitError::UnknownApp(_)
        | SubmitError::UnknownRegion(_)
        | SubmitError::NotOpen(_)
        | SubmitError::FormVersionRetired { .. }
        | SubmitError::NotSignedIn
        | SubmitError::LevelTooLow { .. }
        | SubmitError::ActingFor(_)
        | SubmitError::Answers(_)
        | SubmitError::KeyMissing
        | SubmitError::KeyReused
        | SubmitError::Store(_)
        | SubmitError::NoPlace(_)
        | SubmitError::GatewayUnavailable) => Ok(Offers::Silent {
            department: app.department.clone(),
            source: OutsideError::OutcomeUnknown(other.into()),
        }),
    }
}

/// The question whose answer has the choices.
pub(super) fn call_of(from: &OptionsFrom, accepted: &BTreeMap<&str, String>) -> ExchangeCall {
    let value = |field: &str| accepted.get(field).cloned().unwrap_or_default();
    let sends = from.sends.iter();
    let parameters = sends.map(|sent| (sent.parameter.clone(), value(&sent.field))).collect();
    ExchangeCall { operation: from.operation.clone(), subject: None, parameters }
}

/// A row without value or label offers nothing.
pub(super) fn offer(from: &OptionsFrom, row: &ExchangeRow) -> Option<Offer> {
    let text = |key: &str| match row.get(key)? {
        ExchangeValue::Text(text) if !text.is_empty() => Some(text.clone()),
        ExchangeValue::Number(number) => Some(number.to_string()),
        ExchangeValue::Text(_) | ExchangeValue::Flag(_) | ExchangeValue::Null => None,
    };
    let number = |key: &Option<String>| match row.get(key.as_ref()?)? {
        ExchangeValue::Number(number) => Some(*number),
        ExchangeValue::Text(_) | ExchangeValue::Flag(_) | ExchangeValue::Null => None,
    };
    Some(Offer {
        value: text(&from.value)?,
        label: text(&from.label)?,
        remaining: number(&from.remaining).map(|n| u32::try_from(n.max(0)).unwrap_or(u32::MAX)),
        price: number(&from.price).map(Fen::new),
    })
}
