//! Mandates, and what was done under them: each change with its line of the audit trail.

use super::audit::append;
use super::column::{Row, micros};
use super::entity::{mandate, mandate_act, session};
use super::personal_data::Place;
use super::{Store, conflict_if_duplicate, unavailable};
use async_trait::async_trait;
use domain::catalogue::AppSlug;
use domain::identity::{
    AuditRecord, LegalPerson, Mandate, MandateKind, MandateState, MandateStore, PersonName,
    Principal, ProxyAct,
};
use domain::ids::{ActNo, MandateNo, PersonId, SessionId};
use domain::outside::StoreError;
use domain::standards::{CitizenId, Uscc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

/// The words of the column `status`.
const ASKED: &str = "ASKED";
const GIVEN: &str = "GIVEN";
const ENDED: &str = "ENDED";

fn place<'a>(column: &'static str, no: &'a str) -> Place<'a> {
    Place { table: "mandate", column, row: no }
}

impl Store {
    /// Legal and natural persons are indexed apart, whatever their numbers look like.
    fn principal_index(&self, principal: &Principal) -> String {
        match principal {
            Principal::LegalPerson(legal) => self.keys.blind("uscc", legal.uscc.as_str()),
            Principal::Person { id_card, .. } => self.keys.blind("id_card", id_card.as_str()),
        }
    }

    fn mandate_row(&self, mandate: &Mandate) -> Result<mandate::Model, StoreError> {
        let no = mandate.no.as_str();
        let (name, number) = match &mandate.principal {
            Principal::LegalPerson(legal) => (legal.name.as_str(), legal.uscc.as_str()),
            Principal::Person { name, id_card } => (name.as_str(), id_card.as_str()),
        };
        let (status, given_at, ended_at) = match mandate.state {
            MandateState::Asked => (ASKED, None, None),
            MandateState::Given { at } => (GIVEN, Some(at), None),
            MandateState::Ended { given_at, at } => (ENDED, given_at, Some(at)),
        };
        Ok(mandate::Model {
            no: no.to_owned(),
            kind: mandate.kind.code().to_owned(),
            agent_id: mandate.agent.as_str().to_owned(),
            principal_index: self.principal_index(&mandate.principal),
            principal_name: self.keys.seal(place("principal_name", no), name)?,
            principal_number: self.keys.seal(place("principal_number", no), number)?,
            status: status.to_owned(),
            held: status != ENDED,
            asked_at: micros(mandate.asked_at),
            given_at: given_at.map(micros),
            ended_at: ended_at.map(micros),
            until: micros(mandate.until),
            version: i64::from(mandate.version),
        })
    }

    fn mandate_of(&self, row: &mandate::Model) -> Result<Mandate, StoreError> {
        let at = Row { table: "mandate", key: &row.no };
        let open = |column, sealed: &str| self.keys.open(place(column, &row.no), sealed);
        let name = open("principal_name", &row.principal_name)?;
        let number = open("principal_number", &row.principal_number)?;
        let kind = at.some("kind", MandateKind::from_code(&row.kind))?;
        let principal = match kind {
            MandateKind::Representative | MandateKind::Operator => {
                let uscc = at.valid("principal_number", Uscc::new(&number))?;
                Principal::LegalPerson(LegalPerson { uscc, name })
            }
            MandateKind::MinorChild | MandateKind::Adult => Principal::Person {
                name: at.valid("principal_name", PersonName::new(&name))?,
                id_card: at.valid("principal_number", CitizenId::new(&number))?,
            },
        };
        let given_at = at.time_if_any("given_at", row.given_at)?;
        let ended_at = at.time_if_any("ended_at", row.ended_at)?;
        let state = match (row.status.as_str(), given_at, ended_at) {
            (ASKED, None, None) => MandateState::Asked,
            (GIVEN, Some(at), None) => MandateState::Given { at },
            (ENDED, given_at, Some(at)) => MandateState::Ended { given_at, at },
            _ => return Err(at.corrupt("status")),
        };
        Ok(Mandate {
            no: at.valid("no", MandateNo::new(&row.no))?,
            kind,
            agent: at.valid("agent_id", PersonId::new(&row.agent_id))?,
            principal,
            state,
            asked_at: at.time("asked_at", row.asked_at)?,
            until: at.time("until", row.until)?,
            version: at.count("version", row.version)?,
        })
    }

    async fn mandates_where(&self, which: Condition) -> Result<Vec<Mandate>, StoreError> {
        let rows = mandate::Entity::find()
            .filter(which)
            .order_by_desc(mandate::Column::No)
            .limit(u64::from(Mandate::MOST))
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.iter().map(|row| self.mandate_of(row)).collect()
    }
}

fn act_of(row: &mandate_act::Model) -> Result<ProxyAct, StoreError> {
    let at = Row { table: "mandate_act", key: &row.no };
    Ok(ProxyAct {
        no: at.valid("no", ActNo::new(&row.no))?,
        mandate: at.valid("mandate_no", MandateNo::new(&row.mandate_no))?,
        agent: at.valid("agent_id", PersonId::new(&row.agent_id))?,
        app: at.valid("app", AppSlug::new(&row.app))?,
        at: at.time("at", row.at)?,
    })
}

#[async_trait]
impl MandateStore for Store {
    async fn ask_mandate(&self, mandate: &Mandate, audit: &AuditRecord) -> Result<(), StoreError> {
        let row = self.mandate_row(mandate)?;
        let transaction = self.begin().await?;
        // One whose time is over, or that nobody answered, is held no more.
        let unanswered = Condition::all()
            .add(mandate::Column::Status.eq(ASKED))
            .add(mandate::Column::AskedAt.lte(micros(mandate.asked_at - Mandate::ANSWER_WITHIN)));
        let over = Condition::any()
            .add(mandate::Column::Until.lte(micros(mandate.asked_at)))
            .add(unanswered);
        let free = mandate::ActiveModel { held: Set(false), ..Default::default() };
        mandate::Entity::update_many()
            .set(free)
            .filter(mandate::Column::AgentId.eq(row.agent_id.as_str()))
            .filter(mandate::Column::PrincipalIndex.eq(row.principal_index.as_str()))
            .filter(mandate::Column::Held.eq(true))
            .filter(over)
            .exec(&transaction)
            .await
            .map_err(unavailable)?;
        let insert = mandate::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&transaction).await.map_err(conflict_if_duplicate)?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn change_mandate(
        &self,
        mandate: &Mandate,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let stored = i64::from(mandate.version);
        let row = mandate::Model { version: stored + 1, ..self.mandate_row(mandate)? };
        let mut row = row.into_active_model().reset_all();
        row.no = Unchanged(mandate.no.as_str().to_owned());
        let transaction = self.begin().await?;
        let updated = mandate::Entity::update_many()
            .set(row)
            .filter(mandate::Column::No.eq(mandate.no.as_str()))
            .filter(mandate::Column::Version.eq(stored))
            .exec(&transaction)
            .await
            .map_err(unavailable)?;
        if updated.rows_affected != 1 {
            return Err(StoreError::Conflict);
        }
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn find_mandate(&self, no: &MandateNo) -> Result<Option<Mandate>, StoreError> {
        let row = mandate::Entity::find_by_id(no.as_str()).one(&self.read).await;
        row.map_err(unavailable)?.map(|row| self.mandate_of(&row)).transpose()
    }

    async fn mandates_of_agent(&self, agents: &[PersonId]) -> Result<Vec<Mandate>, StoreError> {
        let agents = agents.iter().map(PersonId::as_str);
        self.mandates_where(mandate::Column::AgentId.is_in(agents).into()).await
    }

    async fn mandates_of_principal(&self, of: &Principal) -> Result<Vec<Mandate>, StoreError> {
        let index = self.principal_index(of);
        self.mandates_where(mandate::Column::PrincipalIndex.eq(index).into()).await
    }

    async fn act_under(
        &self,
        session: &SessionId,
        mandate: Option<&MandateNo>,
    ) -> Result<(), StoreError> {
        let mandate_no = Set(mandate.map(|no| no.as_str().to_owned()));
        let changed = session::ActiveModel { mandate_no, ..Default::default() };
        session::Entity::update_many()
            .set(changed)
            .filter(session::Column::Id.eq(session.as_str()))
            .exec(&self.write)
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn mandate_of_session(
        &self,
        session: &SessionId,
    ) -> Result<Option<MandateNo>, StoreError> {
        let row = session::Entity::find_by_id(session.as_str()).one(&self.read).await;
        let no = row.map_err(unavailable)?.and_then(|row| row.mandate_no);
        let at = Row { table: "session", key: session.as_str() };
        at.valid("mandate_no", no.as_deref().map(MandateNo::new).transpose())
    }

    async fn note_act(&self, act: &ProxyAct, audit: &AuditRecord) -> Result<(), StoreError> {
        let row = mandate_act::Model {
            no: act.no.as_str().to_owned(),
            mandate_no: act.mandate.as_str().to_owned(),
            agent_id: act.agent.as_str().to_owned(),
            app: act.app.as_str().to_owned(),
            at: micros(act.at),
        };
        let transaction = self.begin().await?;
        let insert = mandate_act::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn list_acts(
        &self,
        mandate: &MandateNo,
        before: Option<&ActNo>,
        limit: u16,
    ) -> Result<Vec<ProxyAct>, StoreError> {
        let mut select = mandate_act::Entity::find()
            .filter(mandate_act::Column::MandateNo.eq(mandate.as_str()))
            .order_by_desc(mandate_act::Column::No)
            .limit(u64::from(limit));
        if let Some(before) = before {
            select = select.filter(mandate_act::Column::No.lt(before.as_str()));
        }
        let rows = select.all(&self.read).await.map_err(unavailable)?;
        rows.iter().map(act_of).collect()
    }
}
