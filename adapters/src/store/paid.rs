//! Payments by the time of their money, for a person's statement.

use super::Store;
use super::column::micros;
use super::entity::payment;
use super::payments::all;
use async_trait::async_trait;
use domain::ids::{PaymentNo, PersonId};
use domain::outside::StoreError;
use domain::payment::Payment;
use domain::receipt::{PaidBook, PaidWithin};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

#[async_trait]
impl PaidBook for Store {
    async fn list_paid(
        &self,
        within: &PaidWithin,
        after: Option<&(Timestamp, PaymentNo)>,
        limit: u16,
    ) -> Result<Vec<Payment>, StoreError> {
        use payment::Column as C;
        let mut select = payment::Entity::find()
            .filter(C::PersonId.is_in(within.owners.iter().map(PersonId::as_str)))
            .filter(C::PaidAt.gte(micros(within.from)))
            .filter(C::PaidAt.lt(micros(within.until)))
            .order_by_asc(C::PaidAt)
            .order_by_asc(C::No)
            .limit(u64::from(limit));
        if let Some((at, no)) = after {
            let same_time =
                Condition::all().add(C::PaidAt.eq(micros(*at))).add(C::No.gt(no.as_str()));
            select = select.filter(Condition::any().add(C::PaidAt.gt(micros(*at))).add(same_time));
        }
        all(&self.read, select).await
    }
}
