//! Drafts: forms that are not submitted yet.

use super::catalogue::{self, App, Form};
use super::engine::{AnswerInput, answer_fault};
use super::error::{UserError, UserErrorCode as Code, nothing_done, store_failed};
use super::node_id::Kind;
use super::scalars::{DateTime, Day, Fen};
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::casework::case::{DraftError, Drafts, FIELD_MAX, SaveDraft};
use domain::catalogue::AppSlug;
use domain::engine::{Answer, AnswerValue};

fn drafts<'a>(ctx: &Context<'a>) -> &'a Drafts {
    &ctx.data_unchecked::<UseCases>().cases.drafts
}

/// A form that the caller has begun to fill in; one per app, on whichever channel.
pub struct Draft(domain::casework::case::Draft);

impl Draft {
    fn key(&self) -> String {
        format!("{}:{}", self.0.person, self.0.form.slug)
    }
}

/// One answer as it was given: in the shape in which it is sent again.
#[derive(SimpleObject, Default)]
pub struct GivenAnswer {
    /// The field's name.
    name: String,
    /// For every type without a shape of its own.
    text: Option<String>,
    /// INT.
    number: Option<i32>,
    /// AMOUNT.
    fen: Option<Fen>,
    /// DATE.
    date: Option<Day>,
    /// BOOL.
    flag: Option<bool>,
    /// ENUM.
    choice: Option<String>,
    /// FILE.
    file_id: Option<ID>,
}

impl From<&Answer> for GivenAnswer {
    fn from(answer: &Answer) -> Self {
        let name = answer.name.clone();
        let none = Self { name, ..Self::default() };
        match answer.value.clone() {
            AnswerValue::Text(text) => Self { text: Some(text), ..none },
            AnswerValue::Number(number) => Self { number: i32::try_from(number).ok(), ..none },
            AnswerValue::Fen(fen) => Self { fen: Some(Fen(domain::money::Fen::new(fen))), ..none },
            AnswerValue::Date(date) => Self { date: Some(Day(date)), ..none },
            AnswerValue::Flag(flag) => Self { flag: Some(flag), ..none },
            AnswerValue::Choice(choice) => Self { choice: Some(choice), ..none },
            AnswerValue::FileId(id) => Self { file_id: Some(Kind::File.id(&id)), ..none },
        }
    }
}

/// A form that the caller has begun to fill in; one per app, on whichever channel.
#[Object]
impl Draft {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Draft.id(&self.key())
    }

    /// The app as it is published now; null where it is no longer.
    async fn app(&self, ctx: &Context<'_>) -> Option<App> {
        catalogue::app(ctx, self.0.form.slug.as_str())
    }

    /// The form that was begun: the draft is finished by it, though a newer one is published.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn form(&self) -> Form {
        Form::from(self.0.form.as_ref())
    }

    /// What is filled in, in the order of its sending. The caller's own words, not masked.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn answers(&self) -> Vec<GivenAnswer> {
        self.0.answers.iter().map(GivenAnswer::from).collect()
    }

    /// The field at which the citizen stopped.
    async fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// When it was last saved.
    async fn saved_at(&self) -> DateTime {
        self.0.saved_at.into()
    }
}

/// The caller's drafts, the last saved first.
pub async fn own_drafts(ctx: &Context<'_>) -> Result<Vec<Draft>> {
    let found = drafts(ctx).list(signed_in(ctx)?).await;
    Ok(found.map_err(|error| store_failed(&error))?.into_iter().map(Draft).collect())
}

/// The caller's draft with this key, for `node(id:)`.
pub async fn own_draft(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    if requester(ctx).caller.is_none() {
        return Ok(None);
    }
    let own = own_drafts(ctx).await?;
    Ok(own.into_iter().find(|own| own.key() == key).map(super::Node::Draft))
}

/// What is to be kept.
#[derive(InputObject)]
pub struct SaveDraftInput {
    /// The app's slug.
    app: String,
    /// The version of the form that is filled in.
    form_version: i32,
    /// As far as they go; each that is given has the shape of its field.
    answers: Vec<AnswerInput>,
    /// The field at which the citizen stopped.
    field: Option<String>,
}

/// The draft, or why it is not kept.
#[derive(SimpleObject)]
pub struct SaveDraftPayload {
    /// As it is kept.
    draft: Option<Draft>,
    /// Why not; all faults of the answers at once.
    user_errors: Vec<UserError>,
}

/// The mutation `saveDraft`.
pub async fn save(ctx: &Context<'_>, input: SaveDraftInput) -> Result<SaveDraftPayload> {
    let caller = signed_in(ctx)?;
    let refused = |user_errors| Ok(SaveDraftPayload { draft: None, user_errors });
    let Ok(app) = AppSlug::new(&input.app) else { return refused(vec![unknown_app()]) };
    let save = SaveDraft {
        app,
        form_version: u32::try_from(input.form_version).unwrap_or_default(),
        answers: input.answers.into_iter().map(Answer::from).collect(),
        field: input.field.filter(|field| field.len() <= FIELD_MAX),
    };
    match drafts(ctx).save(caller, save).await {
        Ok(draft) => Ok(SaveDraftPayload { draft: Some(Draft(draft)), user_errors: Vec::new() }),
        Err(DraftError::UnknownApp) => refused(vec![unknown_app()]),
        Err(DraftError::FormVersionRetired { current }) => {
            let message = format!("表单已更新到第{current}版，请刷新后重新填写");
            refused(vec![UserError::at(Code::FormVersionRetired, &["formVersion"], message)])
        }
        Err(DraftError::UnknownField) => {
            refused(vec![UserError::at(Code::Invalid, &["field"], "表单中没有该项")])
        }
        Err(DraftError::Answers(faults)) => refused(faults.iter().map(answer_fault).collect()),
        Err(DraftError::Full) => {
            let message = "最多保留20份草稿，请先完成或删除一些";
            refused(vec![UserError::at(Code::Conflict, &["app"], message)])
        }
        Err(DraftError::Store(error)) => Err(nothing_done(&error)),
    }
}

fn unknown_app() -> UserError {
    UserError::at(Code::NotFound, &["app"], "没有这个应用")
}

/// Which draft to forget.
#[derive(InputObject)]
pub struct DiscardDraftInput {
    /// The app's slug.
    app: String,
}

/// Forgotten, or why not.
#[derive(SimpleObject)]
pub struct DiscardDraftPayload {
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `discardDraft`.
pub async fn discard(ctx: &Context<'_>, input: DiscardDraftInput) -> Result<DiscardDraftPayload> {
    let caller = signed_in(ctx)?;
    let gone = match AppSlug::new(&input.app) {
        Ok(app) => drafts(ctx).discard(&caller.person, &app).await,
        Err(_) => Ok(false),
    };
    let gone = gone.map_err(|error| store_failed(&error))?;
    let none = || UserError::at(Code::NotFound, &["app"], "您没有这份草稿");
    Ok(DiscardDraftPayload { user_errors: (!gone).then(none).into_iter().collect() })
}
