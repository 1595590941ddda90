//! Fiscal e-receipts that were issued.

use super::column::{Row, micros};
use super::entity::receipt;
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::outside::StoreError;
use domain::receipt::{Receipt, ReceiptBook, ReceiptId};
use domain::standards::{CheckCode, ReceiptCode, ReceiptNo};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

pub(super) fn receipt_row(receipt: &Receipt) -> receipt::Model {
    receipt::Model {
        code: receipt.id.code.as_str().to_owned(),
        number: receipt.id.number.as_str().to_owned(),
        check_code: receipt.check_code.as_str().to_owned(),
        payment_no: receipt.payment_no.as_str().to_owned(),
        notice_no: receipt.notice_no.as_str().to_owned(),
        amount: receipt.amount.value(),
        issued_at: micros(receipt.issued_at),
    }
}

fn receipt_of(row: receipt::Model) -> Result<Receipt, StoreError> {
    let at = Row { table: "receipt", key: &row.number };
    let code = at.valid("code", ReceiptCode::new(&row.code))?;
    let number = at.valid("number", ReceiptNo::new(&row.number))?;
    Ok(Receipt {
        id: ReceiptId { code, number },
        check_code: at.valid("check_code", CheckCode::new(&row.check_code))?,
        notice_no: at.valid("notice_no", NoticeNo::new(&row.notice_no))?,
        payment_no: at.valid("payment_no", PaymentNo::new(&row.payment_no))?,
        amount: Fen::new(row.amount),
        issued_at: at.time("issued_at", row.issued_at)?,
    })
}

#[async_trait]
impl ReceiptBook for Store {
    async fn find(&self, id: &ReceiptId) -> Result<Option<Receipt>, StoreError> {
        let key = (id.code.as_str().to_owned(), id.number.as_str().to_owned());
        let row = receipt::Entity::find_by_id(key).one(&self.read).await;
        row.map_err(unavailable)?.map(receipt_of).transpose()
    }

    async fn list_of_payment(&self, no: &PaymentNo) -> Result<Vec<Receipt>, StoreError> {
        let rows = receipt::Entity::find()
            .filter(receipt::Column::PaymentNo.eq(no.as_str()))
            .order_by_asc(receipt::Column::NoticeNo)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        rows.into_iter().map(receipt_of).collect()
    }
}
