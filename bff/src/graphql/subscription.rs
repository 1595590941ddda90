//! What a client can wait for.

use super::error::{FailureCode, bad_input, store_failed};
use super::payment::Payment;
use super::{UseCases, signed_in};
use async_graphql::{Context, Result, Subscription as Subscribable};
use domain::identity::Caller;
use domain::ids::PaymentNo;
use domain::payment::ReadPayments;
use futures_util::{Stream, StreamExt as _, stream};
use std::sync::Arc;
use std::time::Duration;

/// A countdown begins at most so high.
const HEARTBEAT_MAX: i32 = 60;
/// So often a payment is looked at: another node may have settled it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A payment is watched so long; a client that wants more subscribes again.
const LOOKS_MAX: u32 = 15 * 60;

/// What a client can wait for.
pub struct Subscription;

/// What a client can wait for.
#[Subscribable]
impl Subscription {
    /// Counts down to 0 once a second, from at most 60: lets a client prove its socket end to
    /// end.
    async fn heartbeat(
        &self,
        #[graphql(default = 3)] from: i32,
    ) -> Result<impl Stream<Item = i32> + use<>> {
        if !(0..=HEARTBEAT_MAX).contains(&from) {
            return Err(bad_input("from 应为0至60"));
        }
        Ok(stream::unfold(Some(from), move |left| async move {
            let now = left?;
            if now != from {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Some((now, now.checked_sub(1).filter(|left| *left >= 0)))
        }))
    }

    /// An own payment: as it is, and again whenever it has changed, until it is settled.
    async fn payment_changed(
        &self,
        ctx: &Context<'_>,
        payment_no: String,
    ) -> Result<impl Stream<Item = Result<Payment>> + use<>> {
        let caller = signed_in(ctx)?.clone();
        let no = PaymentNo::new(payment_no.trim()).map_err(|_| FailureCode::NotFound.error())?;
        let read = ctx.data_unchecked::<UseCases>().read_payments.clone();
        let found = read.find(&caller, &no).await.map_err(|error| store_failed(&error))?;
        let first = found.ok_or_else(|| FailureCode::NotFound.error())?;
        let later = changes(read, caller, first.clone());
        Ok(stream::once(async move { Ok(Payment(first)) }).chain(later))
    }
}

/// Each version after `seen`, until one is settled or it was looked at long enough.
fn changes(
    read: Arc<ReadPayments>,
    caller: Caller,
    seen: domain::payment::Payment,
) -> impl Stream<Item = Result<Payment>> + use<> {
    stream::unfold((seen, LOOKS_MAX), move |(seen, mut looks)| {
        let (read, caller) = (read.clone(), caller.clone());
        async move {
            if !seen.state.is_unsettled() {
                return None;
            }
            loop {
                looks = looks.checked_sub(1)?;
                tokio::time::sleep(LOOK_EVERY).await;
                match read.find(&caller, &seen.no).await {
                    Ok(Some(now)) if now.version != seen.version => {
                        return Some((Ok(Payment(now.clone())), (now, looks)));
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    Err(error) => return Some((Err(store_failed(&error)), (seen, 0))),
                }
            }
        }
    })
}
