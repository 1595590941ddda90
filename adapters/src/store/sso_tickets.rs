//! Tickets for departments' own pages, by hashes of their secrets.

use super::column::{Row, micros, sha256_hex};
use super::entity::sso_ticket;
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::catalogue::AppSlug;
use domain::identity::{Channel, Secret, Ticket, TicketStore};
use domain::ids::PersonId;
use domain::outside::StoreError;
use jiff::{SignedDuration, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

/// So long after its end a ticket is forgotten.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

fn ticket_of(row: &sso_ticket::Model) -> Result<Ticket, StoreError> {
    let at = Row { table: "sso_ticket", key: &row.ticket_hash };
    Ok(Ticket {
        person: at.valid("person_id", PersonId::new(&row.person_id))?,
        app: at.valid("app", AppSlug::new(&row.app))?,
        channel: at.some("channel", Channel::from_code(&row.channel))?,
        issued_at: at.time("issued_at", row.issued_at)?,
        until: at.time("until", row.until)?,
    })
}

#[async_trait]
impl TicketStore for Store {
    async fn keep_ticket(&self, secret: &Secret, ticket: &Ticket) -> Result<(), StoreError> {
        let old = sso_ticket::Column::Until.lt(micros(ticket.issued_at - KEPT));
        let forget = sso_ticket::Entity::delete_many().filter(old);
        forget.exec(&self.write).await.map_err(unavailable)?;
        let row = sso_ticket::Model {
            ticket_hash: sha256_hex(secret.expose().as_bytes()),
            person_id: ticket.person.as_str().to_owned(),
            app: ticket.app.as_str().to_owned(),
            channel: ticket.channel.code().to_owned(),
            issued_at: micros(ticket.issued_at),
            until: micros(ticket.until),
            used: false,
        };
        let insert = sso_ticket::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&self.write).await.map_err(unavailable)?;
        Ok(())
    }

    async fn use_ticket(
        &self,
        secret: &Secret,
        app: &AppSlug,
        now: Timestamp,
    ) -> Result<Option<Ticket>, StoreError> {
        let hash = sha256_hex(secret.expose().as_bytes());
        let used = sso_ticket::ActiveModel { used: Set(true), ..Default::default() };
        // One statement: of two that show the ticket at once, one changes the row.
        let taken = sso_ticket::Entity::update_many()
            .set(used)
            .filter(sso_ticket::Column::TicketHash.eq(hash.as_str()))
            .filter(sso_ticket::Column::App.eq(app.as_str()))
            .filter(sso_ticket::Column::Used.eq(false))
            .filter(sso_ticket::Column::Until.gt(micros(now)))
            .exec(&self.write)
            .await
            .map_err(unavailable)?;
        if taken.rows_affected != 1 {
            return Ok(None);
        }
        let row = sso_ticket::Entity::find_by_id(hash).one(&self.write).await;
        row.map_err(unavailable)?.map(|row| ticket_of(&row)).transpose()
    }
}
