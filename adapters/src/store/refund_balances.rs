//! What of payments and of ceilings is left: conditional updates, and a constraint behind them.

use super::entity::{refund_balance, refund_ceiling};
use super::unavailable;
use domain::outside::StoreError;
use domain::payment::{BalanceMove, Ceiling, InsertRefundError, NewRefunds, RefundChange};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
};

/// Takes `wanted` from what is left of the payment.
pub(super) async fn reserve(
    transaction: &DatabaseTransaction,
    new: &NewRefunds,
    wanted: i64,
) -> Result<(), InsertRefundError> {
    use refund_balance::Column;
    let blank = refund_balance::Model {
        payment_no: new.payment_no.as_str().to_owned(),
        captured: new.captured.fen().value(),
        reserved: 0,
        returned: 0,
        made: 0,
    };
    let blank = refund_balance::Entity::insert(blank.into_active_model()).on_conflict_do_nothing();
    blank.exec_without_returning(transaction).await.map_err(unavailable)?;
    let count = i64::try_from(new.refunds.len()).unwrap_or(i64::MAX);
    let taken = refund_balance::Entity::update_many()
        .col_expr(Column::Reserved, Expr::col(Column::Reserved).add(wanted))
        .col_expr(Column::Made, Expr::col(Column::Made).add(count))
        .filter(Column::PaymentNo.eq(new.payment_no.as_str()))
        .filter(Column::Made.eq(i64::from(new.known)))
        .filter(Expr::col(Column::Reserved).add(wanted).lte(Expr::col(Column::Captured)))
        .exec(transaction)
        .await
        .map_err(unavailable)?;
    if taken.rows_affected == 1 {
        return Ok(());
    }
    let left = refund_balance::Entity::find_by_id(new.payment_no.as_str()).one(transaction).await;
    let left = left.map_err(unavailable)?;
    let known = left.is_some_and(|left| left.made == i64::from(new.known));
    Err(if known { InsertRefundError::Exceeds } else { StoreError::Conflict.into() })
}

/// Counts `wanted` against what may go back by rule on that day.
pub(super) async fn spend(
    transaction: &DatabaseTransaction,
    ceiling: &Ceiling,
    wanted: i64,
) -> Result<(), InsertRefundError> {
    use refund_ceiling::Column;
    let (rail, day) = (ceiling.rail.code(), ceiling.day.to_string());
    let blank = refund_ceiling::Model { rail: rail.to_owned(), day: day.clone(), spent: 0 };
    let blank = refund_ceiling::Entity::insert(blank.into_active_model()).on_conflict_do_nothing();
    blank.exec_without_returning(transaction).await.map_err(unavailable)?;
    let spent = refund_ceiling::Entity::update_many()
        .col_expr(Column::Spent, Expr::col(Column::Spent).add(wanted))
        .filter(Column::Rail.eq(rail))
        .filter(Column::Day.eq(day))
        .filter(Expr::col(Column::Spent).add(wanted).lte(ceiling.limit.value()))
        .exec(transaction)
        .await
        .map_err(unavailable)?;
    if spent.rows_affected == 1 { Ok(()) } else { Err(InsertRefundError::CeilingReached) }
}

/// The constraint of the table refuses what would give back more than came.
pub(super) async fn move_balance(
    transaction: &DatabaseTransaction,
    change: &RefundChange,
) -> Result<(), StoreError> {
    use refund_balance::Column;
    let amount = change.refund.amount.fen().value();
    let update = refund_balance::Entity::update_many()
        .filter(Column::PaymentNo.eq(change.refund.payment_no.as_str()));
    let update = match change.balance {
        BalanceMove::None => return Ok(()),
        BalanceMove::Freed => {
            update.col_expr(Column::Reserved, Expr::col(Column::Reserved).sub(amount))
        }
        BalanceMove::PaidBack => {
            update.col_expr(Column::Returned, Expr::col(Column::Returned).add(amount))
        }
    };
    let moved = update.exec(transaction).await.map_err(unavailable)?;
    let row = change.refund.payment_no.to_string();
    let lost = StoreError::Corrupt { table: "refund_balance", column: "payment_no", row };
    if moved.rows_affected == 1 { Ok(()) } else { Err(lost) }
}
