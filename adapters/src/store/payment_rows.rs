//! Rows of a payment, its notices and its history.

use super::column::{Row, micros};
use super::entity::{payment, payment_event, payment_notice};
use domain::identity::{Channel, OpenId};
use domain::ids::{IdempotencyKey, PaymentNo, PersonId};
use domain::money::{Fen, PayableFen};
use domain::notice::{Agency, Destination, NoticeNo, Shares};
use domain::outside::StoreError;
use domain::payment::{
    Allotment, CashierKind, EventReason, Money, NoticeSnapshot, Payment, PaymentRecord,
    PaymentState, PaymentStatus, Rail, RailTxn, RefundOrigin, SnapshotItem,
};
use domain::standards::RegionCode;
use serde::{Deserialize, Serialize};

/// One element of the column `payment_notice.items`.
/// Another version of this program may have written more: what is not known is let pass.
#[derive(Serialize, Deserialize)]
struct ItemColumn {
    code: String,
    name: String,
    fen: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<AllotmentColumn>,
}

/// Destination, and percents of central government, province, city or county.
#[derive(Serialize, Deserialize)]
struct AllotmentColumn {
    destination: String,
    shares: [u8; 3],
}

/// The columns that say where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StateColumns {
    pub status: String,
    pub txn: Option<String>,
    pub paid_amount: Option<i64>,
    pub paid_at: Option<i64>,
    pub refund_origin: Option<String>,
    pub unsettled: bool,
}

fn origin_of(state: &PaymentState) -> Option<RefundOrigin> {
    use PaymentState as S;
    match state {
        S::Refunding(_, origin) | S::PartiallyRefunded(_, origin) | S::Refunded(_, origin) => {
            Some(*origin)
        }
        S::Submitted
        | S::Unknown
        | S::UnderReview(_)
        | S::Paid(_)
        | S::Closed
        | S::RefundDue(_) => None,
    }
}

/// The word of the column `refund_origin`: the state that the refund began in.
const fn origin_code(origin: RefundOrigin) -> &'static str {
    match origin {
        RefundOrigin::Paid => PaymentStatus::Paid.code(),
        RefundOrigin::RefundDue => PaymentStatus::RefundDue.code(),
    }
}

pub(super) fn state_columns(state: &PaymentState) -> StateColumns {
    let money = state.money();
    StateColumns {
        status: state.status().code().to_owned(),
        txn: money.map(|money| money.txn.as_str().to_owned()),
        paid_amount: money.map(|money| money.amount.fen().value()),
        paid_at: money.map(|money| micros(money.at)),
        refund_origin: origin_of(state).map(|origin| origin_code(origin).to_owned()),
        unsettled: state.is_unsettled(),
    }
}

/// One arm per state; nothing is guessed.
fn state_of(row: &payment::Model) -> Result<PaymentState, StoreError> {
    use {PaymentState as S, PaymentStatus as Is};
    let at = Row { table: "payment", key: &row.no };
    let money = match (row.txn.as_deref(), row.paid_amount, row.paid_at) {
        (None, None, None) => None,
        (Some(txn), Some(amount), Some(paid_at)) => Some(Money {
            txn: at.valid("txn", RailTxn::new(txn))?,
            amount: at.valid("paid_amount", PayableFen::new(amount))?,
            at: at.time("paid_at", paid_at)?,
        }),
        _ => return Err(at.corrupt("txn")),
    };
    let origins = [RefundOrigin::Paid, RefundOrigin::RefundDue];
    let named = |code: &str| origins.into_iter().find(|origin| origin_code(*origin) == code);
    let origin = row.refund_origin.as_deref().map(|code| at.some("refund_origin", named(code)));
    let status = at.some("status", PaymentStatus::from_code(&row.status))?;
    let state = match (status, money, origin.transpose()?) {
        (Is::Submitted, None, None) => S::Submitted,
        (Is::Unknown, None, None) => S::Unknown,
        (Is::UnderReview, Some(money), None) => S::UnderReview(money),
        (Is::Paid, Some(money), None) => S::Paid(money),
        (Is::Closed, None, None) => S::Closed,
        (Is::RefundDue, Some(money), None) => S::RefundDue(money),
        (Is::Refunding, Some(money), Some(origin)) => S::Refunding(money, origin),
        (Is::PartiallyRefunded, Some(money), Some(origin)) => S::PartiallyRefunded(money, origin),
        (Is::Refunded, Some(money), Some(origin)) => S::Refunded(money, origin),
        (_, _, _) => return Err(at.corrupt("status")),
    };
    if state.is_unsettled() == row.unsettled { Ok(state) } else { Err(at.corrupt("unsettled")) }
}

pub(super) fn payment_row(payment: &Payment) -> payment::Model {
    let state = state_columns(&payment.state);
    payment::Model {
        no: payment.no.as_str().to_owned(),
        person_id: payment.person.as_str().to_owned(),
        channel: payment.channel.code().to_owned(),
        rail: payment.rail.code().to_owned(),
        payer: payment.payer.as_ref().map_or_else(String::new, |payer| payer.as_str().to_owned()),
        amount: payment.amount.fen().value(),
        idempotency_key: payment.key.as_str().to_owned(),
        created_at: micros(payment.created_at),
        expires_at: micros(payment.expires_at),
        status: state.status,
        txn: state.txn,
        paid_amount: state.paid_amount,
        paid_at: state.paid_at,
        refund_origin: state.refund_origin,
        unsettled: state.unsettled,
        next_check_at: micros(payment.next_check_at),
        version: i64::from(payment.version),
        cashier: payment.cashier.code().to_owned(),
        quoted_at: Some(micros(payment.quoted_at)),
    }
}

/// `notices` are the payment's rows, in order of their positions.
pub(super) fn payment_of(
    row: payment::Model,
    notices: Vec<payment_notice::Model>,
) -> Result<Payment, StoreError> {
    let at = Row { table: "payment", key: &row.no };
    if notices.is_empty() {
        return Err(Row { table: "payment_notice", key: &row.no }.corrupt("payment_no"));
    }
    Ok(Payment {
        no: at.valid("no", PaymentNo::new(&row.no))?,
        person: at.valid("person_id", PersonId::new(&row.person_id))?,
        channel: at.some("channel", Channel::from_code(&row.channel))?,
        rail: at.some("rail", Rail::from_code(&row.rail))?,
        cashier: at.some("cashier", CashierKind::from_code(&row.cashier))?,
        payer: payer_of(&row)?,
        amount: at.valid("amount", PayableFen::new(row.amount))?,
        notices: notices.into_iter().map(notice_of).collect::<Result<_, _>>()?,
        key: at.valid("idempotency_key", IdempotencyKey::new(&row.idempotency_key))?,
        created_at: at.time("created_at", row.created_at)?,
        quoted_at: at.time("quoted_at", row.quoted_at.unwrap_or(row.created_at))?,
        expires_at: at.time("expires_at", row.expires_at)?,
        state: state_of(&row)?,
        next_check_at: at.time("next_check_at", row.next_check_at)?,
        version: at.count("version", row.version)?,
    })
}

/// Empty where the cashier needs no payer.
fn payer_of(row: &payment::Model) -> Result<Option<OpenId>, StoreError> {
    let at = Row { table: "payment", key: &row.no };
    let payer = (!row.payer.is_empty()).then(|| at.valid("payer", OpenId::new(&row.payer)));
    payer.transpose()
}

pub(super) fn notice_rows(payment: &Payment) -> Result<Vec<payment_notice::Model>, StoreError> {
    let rows = payment.notices.iter().zip(0..).map(|(notice, position)| {
        Ok(payment_notice::Model {
            payment_no: payment.no.as_str().to_owned(),
            notice_no: notice.no.as_str().to_owned(),
            position,
            title: notice.title.clone(),
            agency_code: notice.agency.code.clone(),
            agency_name: notice.agency.name.clone(),
            items: items_column(&notice.items)?,
            principal: notice.principal.value(),
            late_fee: notice.late_fee.value(),
            expires_at: notice.expires_at.map(micros),
            holds: payment.state.holds_notices(),
            written_off_at: notice.written_off_at.map(micros),
            region: notice.region.as_ref().map_or_else(String::new, ToString::to_string),
        })
    });
    rows.collect()
}

/// Items as a column: see [`ItemColumn`].
pub(super) fn items_column(items: &[SnapshotItem]) -> Result<String, StoreError> {
    let columns: Vec<_> = items.iter().map(item_column).collect();
    serde_json::to_string(&columns).map_err(|error| StoreError::Unavailable(error.into()))
}

fn item_column(item: &SnapshotItem) -> ItemColumn {
    let to = item.allotment.map(|Allotment { destination, shares }| AllotmentColumn {
        destination: destination.word().to_owned(),
        shares: [shares.central(), shares.province(), shares.local()],
    });
    let (code, name) = (item.code.clone(), item.name.clone());
    ItemColumn { code, name, fen: item.amount.value(), to }
}

/// The items of a column that [`items_column`] wrote.
pub(super) fn items_of(at: Row<'_>, column: &str) -> Result<Vec<SnapshotItem>, StoreError> {
    let items: Vec<ItemColumn> = at.valid("items", serde_json::from_str(column))?;
    let allotment = |column: AllotmentColumn| {
        let [central, province, local] = column.shares;
        let shares = at.valid("items", Shares::new(central, province, local))?;
        let destination = at.some("items", Destination::from_word(&column.destination))?;
        Ok::<_, StoreError>(Allotment { destination, shares })
    };
    let item = |item: ItemColumn| {
        let allotment = item.to.map(allotment).transpose()?;
        let amount = Fen::new(item.fen);
        Ok::<_, StoreError>(SnapshotItem { code: item.code, name: item.name, amount, allotment })
    };
    items.into_iter().map(item).collect()
}

fn notice_of(row: payment_notice::Model) -> Result<NoticeSnapshot, StoreError> {
    let at = Row { table: "payment_notice", key: &row.payment_no };
    let region = (!row.region.is_empty()).then(|| RegionCode::new(&row.region));
    Ok(NoticeSnapshot {
        region: region.map(|code| at.valid("region", code)).transpose()?,
        no: at.valid("notice_no", NoticeNo::new(&row.notice_no))?,
        title: row.title,
        agency: Agency { code: row.agency_code, name: row.agency_name },
        items: items_of(at, &row.items)?,
        principal: Fen::new(row.principal),
        late_fee: Fen::new(row.late_fee),
        expires_at: at.time_if_any("expires_at", row.expires_at)?,
        written_off_at: at.time_if_any("written_off_at", row.written_off_at)?,
    })
}

/// `version` is the payment's after what the line tells of.
pub(super) fn event_row(
    no: &PaymentNo,
    version: i64,
    record: &PaymentRecord,
) -> payment_event::Model {
    payment_event::Model {
        payment_no: no.as_str().to_owned(),
        version,
        at: micros(record.at),
        status: record.status.code().to_owned(),
        reason: record.reason.code().to_owned(),
        evidence: record.evidence.clone(),
    }
}

pub(super) fn record_of(row: payment_event::Model) -> Result<PaymentRecord, StoreError> {
    let at = Row { table: "payment_event", key: &row.payment_no };
    Ok(PaymentRecord {
        at: at.time("at", row.at)?,
        status: at.some("status", PaymentStatus::from_code(&row.status))?,
        reason: at.some("reason", EventReason::from_code(&row.reason))?,
        evidence: row.evidence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: &PaymentState) -> payment::Model {
        let StateColumns { status, txn, paid_amount, paid_at, refund_origin, unsettled } =
            state_columns(state);
        let text = || "P00001".to_owned();
        payment::Model {
            no: text(),
            person_id: text(),
            channel: "app".to_owned(),
            rail: Rail::Alipay.code().to_owned(),
            payer: text(),
            amount: 1,
            idempotency_key: text(),
            created_at: 0,
            expires_at: 0,
            status,
            txn,
            paid_amount,
            paid_at,
            refund_origin,
            unsettled,
            next_check_at: 0,
            version: 0,
            cashier: "ALIPAY_APP".to_owned(),
            quoted_at: None,
        }
    }

    fn states() -> Vec<PaymentState> {
        use PaymentState as S;
        let (txn, amount) = (RailTxn::new("T1").unwrap(), PayableFen::new(100).unwrap());
        let money = Money { txn, amount, at: jiff::Timestamp::UNIX_EPOCH };
        let mut states = vec![
            S::Submitted,
            S::Unknown,
            S::UnderReview(money.clone()),
            S::Paid(money.clone()),
            S::Closed,
            S::RefundDue(money.clone()),
        ];
        for origin in [RefundOrigin::Paid, RefundOrigin::RefundDue] {
            states.push(S::Refunding(money.clone(), origin));
            states.push(S::PartiallyRefunded(money.clone(), origin));
            states.push(S::Refunded(money.clone(), origin));
        }
        states
    }

    #[test]
    fn every_state_survives_its_columns() {
        for state in states() {
            assert_eq!(state_of(&row(&state)).unwrap(), state);
        }
    }

    #[test]
    fn a_status_with_the_columns_of_another_state_is_corrupt_or_that_state() {
        for state in states() {
            for status in PaymentStatus::ALL {
                let mixed = payment::Model { status: status.code().to_owned(), ..row(&state) };
                if let Ok(read) = state_of(&mixed) {
                    assert_eq!(row(&read), mixed, "nothing was guessed");
                }
            }
            let none = payment::Model { status: "DONE".to_owned(), ..row(&state) };
            assert!(matches!(state_of(&none), Err(StoreError::Corrupt { column: "status", .. })));
        }
    }
}
