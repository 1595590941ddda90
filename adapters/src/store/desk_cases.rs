//! Cases and certificates as ratings, deliveries and draws see them.

use super::entity::{case_file, lottery_entry};
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::casework::case::{Case, CaseState, CaseStore as _};
use domain::casework::certificate::{CertificateBook as _, CertificateStanding};
use domain::casework::desk_case::{DeskCase, DeskCases, DeskCertificate};
use domain::casework::lottery::{ApplicationCode, EntrantBook, LotteryTerms, NewEntrant};
use domain::catalogue::AppSlug;
use domain::engine::{AnswerValue, ExchangeValue};
use domain::ids::{CaseNo, PersonId, SerialNo};
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// Cases take part within seconds of their decision: what was decided a day before the newest
/// entry was seen then, and the history of years is not looked through every time.
const LOOK_BACK_US: i64 = 24 * 60 * 60 * 1_000_000;

#[async_trait]
impl DeskCases for Store {
    async fn find_own_case(
        &self,
        owners: &[PersonId],
        no: &CaseNo,
    ) -> Result<Option<DeskCase>, StoreError> {
        let found = self.find_case(no).await?.filter(|case| owners.contains(&case.person));
        Ok(found.map(|case| DeskCase {
            app: case.form.slug.clone(),
            department: case.department().to_owned(),
            title: case.form.name.zh.clone(),
            over: case.state.is_over(),
            has_result: has_result(&case),
            no: case.no,
        }))
    }

    async fn find_own_certificate(
        &self,
        owners: &[PersonId],
        serial: &str,
        now: Timestamp,
    ) -> Result<Option<DeskCertificate>, StoreError> {
        let Ok(serial) = SerialNo::new(serial) else { return Ok(None) };
        let found = self.find_certificate(&serial).await?;
        let own = found.filter(|certificate| owners.contains(&certificate.person));
        Ok(own.map(|certificate| DeskCertificate {
            // Only what was asked for on paper exists on paper.
            sendable: certificate.post.is_some()
                && certificate.standing(now) == CertificateStanding::Valid,
            serial: certificate.serial.to_string(),
            issuer: certificate.issuer,
            title: certificate.title,
        }))
    }
}

/// Was it decided with a yes, and can what was applied for be sent?
fn has_result(case: &Case) -> bool {
    let good = match case.state {
        CaseState::Approved | CaseState::Done => true,
        CaseState::Submitted
        | CaseState::Accepted
        | CaseState::InReview
        | CaseState::NeedsMaterials
        | CaseState::Rejected
        | CaseState::Withdrawing
        | CaseState::Withdrawn => false,
    };
    good && case.terms().is_some_and(|terms| terms.express)
}

#[async_trait]
impl EntrantBook for Store {
    async fn list_new(
        &self,
        app: &AppSlug,
        terms: &LotteryTerms,
        limit: u16,
    ) -> Result<Vec<NewEntrant>, StoreError> {
        let mut entered = Query::select();
        entered.expr(Expr::value(1)).from(lottery_entry::Entity).and_where(
            Expr::col((lottery_entry::Entity, lottery_entry::Column::CaseNo))
                .equals((case_file::Entity, case_file::Column::No)),
        );
        let newest: Option<Option<i64>> = lottery_entry::Entity::find()
            .select_only()
            .column_as(lottery_entry::Column::EnteredAt.max(), "newest")
            .filter(lottery_entry::Column::App.eq(app.as_str()))
            .into_tuple()
            .one(&self.read)
            .await
            .map_err(unavailable)?;
        let since = newest.flatten().map_or(i64::MIN, |newest| newest.saturating_sub(LOOK_BACK_US));
        let good = [CaseState::Approved, CaseState::Done].map(CaseState::code);
        let numbers: Vec<String> = case_file::Entity::find()
            .select_only()
            .column(case_file::Column::No)
            .filter(case_file::Column::App.eq(app.as_str()))
            .filter(case_file::Column::DecidedAt.gte(since))
            .filter(case_file::Column::State.is_in(good))
            .filter(Condition::all().not().add(Expr::exists(entered)))
            .order_by_asc(case_file::Column::No)
            .limit(u64::from(limit))
            .into_tuple()
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let mut new = Vec::new();
        for no in numbers {
            let Ok(no) = CaseNo::new(&no) else { continue };
            let Some(case) = self.find_case(&no).await? else { continue };
            let pool = pool_of(&case, &terms.pool_field);
            let code = terms.code_from.as_ref().and_then(|key| code_of(&case, key));
            new.push(NewEntrant { case_no: no, person: case.person, pool, code });
        }
        Ok(new)
    }
}

/// What the department calls the application, where that is a code of the lists.
fn code_of(case: &Case, key: &str) -> Option<ApplicationCode> {
    match case.facts.get(key) {
        Some(ExchangeValue::Text(text)) => ApplicationCode::new(text).ok(),
        Some(_) | None => None,
    }
}

/// The answer that names the pool; empty where the form of that time did not ask.
fn pool_of(case: &Case, field: &str) -> String {
    let answer = case.application.answers.iter().find(|answer| answer.name == field);
    match answer.map(|answer| &answer.value) {
        Some(AnswerValue::Choice(text) | AnswerValue::Text(text)) => text.clone(),
        Some(
            AnswerValue::Number(_)
            | AnswerValue::Fen(_)
            | AnswerValue::Date(_)
            | AnswerValue::Flag(_)
            | AnswerValue::FileId(_),
        )
        | None => String::new(),
    }
}
