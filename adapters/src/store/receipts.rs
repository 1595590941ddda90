//! Fiscal e-receipts that were issued.

use super::entity::{payment, payment_notice, receipt};
use super::{Store, unavailable};
use crate::crash::{Step, around};
use async_trait::async_trait;
use domain::ids::{PaymentNo, PersonId};
use domain::notice::NoticeNo;
use domain::outside::StoreError;
use domain::receipt::{
    FiledReceipt, GivenBack, GivenBackBook, ReceiptBook, ReceiptId, ReceiptPage,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Select, TryInsertResult,
};
use std::collections::BTreeMap;

fn key(id: &ReceiptId) -> (String, String) {
    (id.code.as_str().to_owned(), id.number.as_str().to_owned())
}

/// Stores a receipt once. Told again it changes nothing; another one while one stands for the
/// same notice and payment, or the same number for another notice, is a conflict.
pub(super) async fn keep(
    transaction: &DatabaseTransaction,
    row: receipt::Model,
) -> Result<(), StoreError> {
    let key = (row.code.clone(), row.number.clone());
    // Whichever rule it breaks: its key, or that only one receipt stands.
    let nothing = OnConflict::new().do_nothing().to_owned();
    let insert = receipt::Entity::insert(row.clone().into_active_model()).on_conflict(nothing);
    let insert = insert.try_insert();
    match insert.exec_without_returning(transaction).await.map_err(unavailable)? {
        TryInsertResult::Inserted(1..) => return Ok(()),
        TryInsertResult::Inserted(_) | TryInsertResult::Conflicted | TryInsertResult::Empty => {}
    }
    let stored = receipt::Entity::find_by_id(key).one(transaction).await.map_err(unavailable)?;
    let same = |known: receipt::Model| {
        let of = |row: &receipt::Model| {
            (row.payment_no.clone(), row.notice_no.clone(), row.reverses_number.clone())
        };
        of(&known) == of(&row)
    };
    if stored.is_some_and(same) { Ok(()) } else { Err(StoreError::Conflict) }
}

fn of_payment(no: &PaymentNo) -> Select<receipt::Entity> {
    receipt::Entity::find()
        .filter(receipt::Column::PaymentNo.eq(no.as_str()))
        .order_by_asc(receipt::Column::NoticeNo)
        .order_by_asc(receipt::Column::IssuedAt)
        .order_by_asc(receipt::Column::Code)
        .order_by_asc(receipt::Column::Number)
}

impl Store {
    async fn filed(
        &self,
        connection: &impl ConnectionTrait,
        select: Select<receipt::Entity>,
    ) -> Result<Vec<FiledReceipt>, StoreError> {
        let rows = select.all(connection).await.map_err(unavailable)?;
        let mut filed = Vec::with_capacity(rows.len());
        for row in rows {
            filed.push(self.receipt_of(completed(connection, row).await?)?);
        }
        Ok(filed)
    }
}

/// A node of the release that kept less of a receipt may still write some: the rest stands in
/// their payment, as for those that it wrote before the tables were brought up to date.
async fn completed(
    connection: &impl ConnectionTrait,
    row: receipt::Model,
) -> Result<receipt::Model, StoreError> {
    if !row.person_id.is_empty() {
        return Ok(row);
    }
    let payment = payment::Entity::find_by_id(row.payment_no.as_str()).one(connection).await;
    let notice = (row.payment_no.clone(), row.notice_no.clone());
    let notice = payment_notice::Entity::find_by_id(notice).one(connection).await;
    let (Some(payment), Some(notice)) =
        (payment.map_err(unavailable)?, notice.map_err(unavailable)?)
    else {
        return Ok(row);
    };
    let (agency_code, agency_name) = (notice.agency_code, notice.agency_name);
    let (person_id, items) = (payment.person_id, notice.items);
    Ok(receipt::Model { person_id, agency_code, agency_name, items, ..row })
}

#[async_trait]
impl ReceiptBook for Store {
    async fn find(&self, id: &ReceiptId) -> Result<Option<FiledReceipt>, StoreError> {
        let select = receipt::Entity::find_by_id(key(id));
        Ok(self.filed(&self.read, select).await?.pop())
    }

    async fn list_of_payment(&self, no: &PaymentNo) -> Result<Vec<FiledReceipt>, StoreError> {
        let black = of_payment(no).filter(receipt::Column::ReversesNumber.is_null());
        self.filed(&self.read, black).await
    }

    async fn find_all(
        &self,
        ids: &[ReceiptId],
    ) -> Result<BTreeMap<ReceiptId, FiledReceipt>, StoreError> {
        let one = |id: &ReceiptId| {
            let (code, number) = key(id);
            Condition::all()
                .add(receipt::Column::Code.eq(code))
                .add(receipt::Column::Number.eq(number))
        };
        let any = ids.iter().fold(Condition::any(), |any, id| any.add(one(id)));
        let found = self.filed(&self.read, receipt::Entity::find().filter(any)).await?;
        Ok(found.into_iter().map(|filed| (filed.receipt.id.clone(), filed)).collect())
    }

    async fn list_of_payments(
        &self,
        nos: &[PaymentNo],
    ) -> Result<BTreeMap<PaymentNo, Vec<FiledReceipt>>, StoreError> {
        let black = receipt::Entity::find()
            .filter(receipt::Column::PaymentNo.is_in(nos.iter().map(PaymentNo::as_str)))
            .filter(receipt::Column::ReversesNumber.is_null())
            .order_by_asc(receipt::Column::NoticeNo)
            .order_by_asc(receipt::Column::IssuedAt)
            .order_by_asc(receipt::Column::Code)
            .order_by_asc(receipt::Column::Number);
        let mut found: BTreeMap<PaymentNo, Vec<FiledReceipt>> = BTreeMap::new();
        for filed in self.filed(&self.read, black).await? {
            found.entry(filed.receipt.payment_no.clone()).or_default().push(filed);
        }
        Ok(found)
    }

    async fn list_chain(
        &self,
        payment: &PaymentNo,
        notice: &NoticeNo,
    ) -> Result<Vec<FiledReceipt>, StoreError> {
        let of = of_payment(payment).filter(receipt::Column::NoticeNo.eq(notice.as_str()));
        self.filed(&self.read, of).await
    }

    async fn list_receipts_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&ReceiptId>,
        limit: u16,
    ) -> Result<ReceiptPage, StoreError> {
        use receipt::Column as C;
        let owned = || C::PersonId.is_in(owners.iter().map(PersonId::as_str));
        let mine = || receipt::Entity::find().filter(owned());
        let mut select = mine()
            .order_by_desc(C::IssuedAt)
            .order_by_desc(C::Code)
            .order_by_desc(C::Number)
            .limit(u64::from(limit) + 1);
        if let Some(before) = before {
            let (code, number) = key(before);
            let edge =
                mine().filter(C::Code.eq(code.as_str())).filter(C::Number.eq(number.as_str()));
            let Some(edge) = edge.one(&self.read).await.map_err(unavailable)? else {
                return Ok(ReceiptPage { receipts: Vec::new(), more: false });
            };
            let same_time = Condition::all().add(C::IssuedAt.eq(edge.issued_at));
            let same_code = same_time.clone().add(C::Code.eq(code.as_str()));
            let older = Condition::any()
                .add(C::IssuedAt.lt(edge.issued_at))
                .add(same_time.add(C::Code.lt(code.as_str())))
                .add(same_code.add(C::Number.lt(number.as_str())));
            select = select.filter(older);
        }
        let mut receipts = self.filed(&self.read, select).await?;
        let more = receipts.len() > usize::from(limit);
        receipts.truncate(usize::from(limit));
        Ok(ReceiptPage { receipts, more })
    }

    async fn file_reversal(&self, red: &FiledReceipt) -> Result<(), StoreError> {
        let letter = red.red_letter.as_ref().ok_or(StoreError::Conflict)?;
        let row = self.receipt_row(red)?;
        let (code, number) = key(&letter.original);
        let transaction = self.begin().await?;
        let link = receipt::ActiveModel {
            reversed_by_code: Set(Some(row.code.clone())),
            reversed_by_number: Set(Some(row.number.clone())),
            ..receipt::ActiveModel::default()
        };
        // The original's row is what two who come at once wait for.
        let linked = receipt::Entity::update_many()
            .set(link)
            .filter(receipt::Column::Code.eq(code.as_str()))
            .filter(receipt::Column::Number.eq(number.as_str()))
            .filter(receipt::Column::ReversesNumber.is_null())
            .filter(receipt::Column::ReversedByNumber.is_null());
        let linked = linked.exec(&transaction).await.map_err(unavailable)?.rows_affected;
        if linked == 0 {
            let original = receipt::Entity::find_by_id((code, number)).one(&transaction).await;
            let by = original.map_err(unavailable)?.map(|row| {
                (
                    row.reversed_by_code.unwrap_or_default(),
                    row.reversed_by_number.unwrap_or_default(),
                )
            });
            let again = by.is_some_and(|by| by == (row.code, row.number));
            return if again { Ok(()) } else { Err(StoreError::Conflict) };
        }
        keep(&transaction, row).await?;
        around(Step::ReceiptReversal, transaction.commit()).await.map_err(unavailable)
    }

    async fn file_replacement(&self, receipt: &FiledReceipt) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        keep(&transaction, self.receipt_row(receipt)?).await?;
        around(Step::ReceiptReplacement, transaction.commit()).await.map_err(unavailable)
    }
}

#[async_trait]
impl GivenBackBook for Store {
    async fn list_given_back(&self, payments: &[PaymentNo]) -> Result<Vec<GivenBack>, StoreError> {
        let numbers = payments.iter().map(PaymentNo::as_str);
        let select = receipt::Entity::find()
            .filter(receipt::Column::PaymentNo.is_in(numbers))
            .order_by_asc(receipt::Column::IssuedAt)
            .order_by_asc(receipt::Column::Code)
            .order_by_asc(receipt::Column::Number);
        let mut chains: BTreeMap<_, Vec<FiledReceipt>> = BTreeMap::new();
        for filed in self.filed(&self.read, select).await? {
            let of = (filed.receipt.payment_no.clone(), filed.receipt.notice_no.clone());
            chains.entry(of).or_default().push(filed);
        }
        Ok(chains.values().filter_map(|chain| GivenBack::by_receipts(chain)).collect())
    }
}
