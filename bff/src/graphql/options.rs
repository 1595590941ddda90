//! Choices of a field, as they are now.

use super::catalogue::FieldOption;
use super::engine::AnswerInput;
use super::error::{FailureCode, bad_input, chain, store_failed};
use super::unavailable::Unavailable;
use super::{UseCases, requester};
use async_graphql::{Context, Result, SimpleObject};
use domain::catalogue::AppSlug;
use domain::engine::{Answer, Offer, Offers, OptionsError};

/// What can be chosen.
#[derive(SimpleObject)]
pub struct FieldOptions {
    /// In the department's order; empty while it is silent.
    options: Vec<FieldOption>,
    /// The department, when it did not answer.
    unavailable: Option<Unavailable>,
}

/// The query `fieldOptions`.
pub async fn field_options(
    ctx: &Context<'_>,
    app: &str,
    field: &str,
    answers: Vec<AnswerInput>,
) -> Result<FieldOptions> {
    let who = requester(ctx).caller.as_ref().map(|caller| &caller.person);
    let app = AppSlug::new(app).map_err(|_| FailureCode::NotFound.error())?;
    let answers: Vec<Answer> = answers.into_iter().map(Answer::from).collect();
    let find = &ctx.data_unchecked::<UseCases>().find_options;
    match find.run(who, &app, field, &answers).await {
        Ok(Offers::Open(offers)) => {
            let options = offers.iter().map(option).collect();
            Ok(FieldOptions { options, unavailable: None })
        }
        Ok(Offers::Silent { department, source }) => {
            tracing::warn!(department, error = %chain(&source), "department failed");
            let reason = format!("{department}暂时没有应答，请稍后再试");
            let unavailable = Some(Unavailable::for_now(&department, &reason));
            Ok(FieldOptions { options: Vec::new(), unavailable })
        }
        Err(OptionsError::NotFound) => Err(FailureCode::NotFound.error()),
        Err(OptionsError::NoChoices) => Err(bad_input("该项不需要选择，请直接填写")),
        Err(OptionsError::Answers(faults)) => {
            let all: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
            Err(bad_input(&all.join("；")))
        }
        Err(OptionsError::Refused { message }) => Err(bad_input(&message)),
        Err(OptionsError::Store(error)) => Err(store_failed(&error)),
    }
}

fn option(offer: &Offer) -> FieldOption {
    FieldOption {
        value: offer.value.clone(),
        label: offer.label.clone(),
        remaining: offer.remaining.map(|left| i32::try_from(left).unwrap_or(i32::MAX)),
        price: offer.price.map(Into::into),
    }
}
