//! Rows of receipts.

use super::Store;
use super::column::{Row, micros};
use super::entity::receipt;
use super::payment_rows::{items_column, items_of};
use super::personal_data::Place;
use domain::identity::PersonName;
use domain::ids::{PaymentNo, PersonId, RefundNo};
use domain::money::Fen;
use domain::notice::{Agency, NoticeNo};
use domain::outside::StoreError;
use domain::receipt::{FiledReceipt, Receipt, ReceiptId, RedLetter};
use domain::standards::{CheckCode, ReceiptCode, ReceiptNo};

/// Where the payer's name of one receipt is sealed for.
fn payer_place(key: &str) -> Place<'_> {
    Place { table: "receipt", column: "payer", row: key }
}

fn payer_key(row: &receipt::Model) -> String {
    format!("{}:{}", row.code, row.number)
}

fn id_of(at: Row<'_>, code: &str, number: &str) -> Result<ReceiptId, StoreError> {
    Ok(ReceiptId {
        code: at.valid("code", ReceiptCode::new(code))?,
        number: at.valid("number", ReceiptNo::new(number))?,
    })
}

fn letter_of(at: Row<'_>, row: &receipt::Model) -> Result<Option<RedLetter>, StoreError> {
    match (&row.reverses_code, &row.reverses_number, &row.refund_no, &row.reason) {
        (None, None, None, None) => Ok(None),
        (Some(code), Some(number), Some(refund_no), Some(reason)) => Ok(Some(RedLetter {
            original: id_of(at, code, number)?,
            refund_no: at.valid("refund_no", RefundNo::new(refund_no))?,
            reason: reason.clone(),
        })),
        _ => Err(at.corrupt("reverses_number")),
    }
}

impl Store {
    pub(super) fn receipt_row(&self, filed: &FiledReceipt) -> Result<receipt::Model, StoreError> {
        let receipt = &filed.receipt;
        let letter = filed.red_letter.as_ref();
        let reversed_by = filed.reversed_by.as_ref();
        let mut row = receipt::Model {
            code: receipt.id.code.as_str().to_owned(),
            number: receipt.id.number.as_str().to_owned(),
            check_code: receipt.check_code.as_str().to_owned(),
            payment_no: receipt.payment_no.as_str().to_owned(),
            notice_no: receipt.notice_no.as_str().to_owned(),
            amount: receipt.amount.value(),
            issued_at: micros(receipt.issued_at),
            person_id: filed.person.as_str().to_owned(),
            payer: None,
            agency_code: filed.agency.code.clone(),
            agency_name: filed.agency.name.clone(),
            items: items_column(&filed.items)?,
            reverses_code: letter.map(|letter| letter.original.code.as_str().to_owned()),
            reverses_number: letter.map(|letter| letter.original.number.as_str().to_owned()),
            refund_no: letter.map(|letter| letter.refund_no.as_str().to_owned()),
            reason: letter.map(|letter| letter.reason.clone()),
            reversed_by_code: reversed_by.map(|id| id.code.as_str().to_owned()),
            reversed_by_number: reversed_by.map(|id| id.number.as_str().to_owned()),
        };
        if let Some(payer) = &filed.payer {
            let key = payer_key(&row);
            row.payer = Some(self.keys.seal(payer_place(&key), payer.as_str())?);
        }
        Ok(row)
    }

    pub(super) fn receipt_of(&self, row: receipt::Model) -> Result<FiledReceipt, StoreError> {
        let at = Row { table: "receipt", key: &row.number };
        let payer = match &row.payer {
            None => None,
            Some(sealed) => {
                let name = self.keys.open(payer_place(&payer_key(&row)), sealed)?;
                Some(at.valid("payer", PersonName::new(&name))?)
            }
        };
        let reversed_by = match (&row.reversed_by_code, &row.reversed_by_number) {
            (None, None) => None,
            (Some(code), Some(number)) => Some(id_of(at, code, number)?),
            _ => return Err(at.corrupt("reversed_by_number")),
        };
        Ok(FiledReceipt {
            receipt: Receipt {
                id: id_of(at, &row.code, &row.number)?,
                check_code: at.valid("check_code", CheckCode::new(&row.check_code))?,
                notice_no: at.valid("notice_no", NoticeNo::new(&row.notice_no))?,
                payment_no: at.valid("payment_no", PaymentNo::new(&row.payment_no))?,
                amount: Fen::new(row.amount),
                issued_at: at.time("issued_at", row.issued_at)?,
            },
            person: at.valid("person_id", PersonId::new(&row.person_id))?,
            payer,
            items: items_of(at, &row.items)?,
            red_letter: letter_of(at, &row)?,
            reversed_by,
            agency: Agency { code: row.agency_code.clone(), name: row.agency_name.clone() },
        })
    }
}
