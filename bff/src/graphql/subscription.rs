//! What a client can wait for.

use super::case::Case;
use super::error::{FailureCode, bad_input, store_failed};
use super::payment::Payment;
use super::{UseCases, signed_in};
use async_graphql::{Context, Result, Subscription as Subscribable};
use domain::ids::{CaseNo, PaymentNo};
use domain::outside::StoreError;
use futures_util::{Stream, StreamExt as _, stream};
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
        #[graphql(default = 3, desc = "The first number, 0 to 60.")] from: i32,
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
        #[graphql(desc = "An own payment.")] payment_no: String,
    ) -> Result<impl Stream<Item = Result<Payment>> + use<>> {
        let caller = signed_in(ctx)?.clone();
        let no = PaymentNo::new(payment_no.trim()).map_err(|_| FailureCode::NotFound.error())?;
        let read = ctx.data_unchecked::<UseCases>().read_payments.clone();
        let look = move || {
            let (read, caller, no) = (read.clone(), caller.clone(), no.clone());
            async move { read.find(&caller, &no).await }
        };
        let states = states(look, |payment| Seen {
            version: payment.version,
            over: !payment.state.is_unsettled(),
        });
        Ok(states.await?.map(|payment| payment.map(Payment)))
    }

    /// An own case: as it is, and again whenever it has changed, until nothing is left to happen.
    async fn case_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An own case.")] case_no: String,
    ) -> Result<impl Stream<Item = Result<Case>> + use<>> {
        let caller = signed_in(ctx)?.clone();
        let no = CaseNo::new(case_no.trim()).map_err(|_| FailureCode::NotFound.error())?;
        let cases = ctx.data_unchecked::<UseCases>().cases.cases.clone();
        let look = move || {
            let (cases, caller, no) = (cases.clone(), caller.clone(), no.clone());
            async move {
                let found = cases.find_case(&no).await?;
                Ok(found.filter(|case| caller.person.owns(&case.person)))
            }
        };
        let states =
            states(look, |case| Seen { version: case.version, over: case.ended_at.is_some() });
        Ok(states.await?.map(|case| case.map(Case)))
    }
}

/// What tells one state of a thing from another.
#[derive(Debug, Clone, Copy)]
struct Seen {
    version: u32,
    /// Whether it will change no more.
    over: bool,
}

/// The thing as it is, then each version after that until it is over or was looked at long
/// enough.
async fn states<T, Look, Found, See>(
    look: Look,
    seen: See,
) -> Result<impl Stream<Item = Result<T>> + use<T, Look, Found, See>>
where
    Look: Fn() -> Found + Send + 'static,
    See: Fn(&T) -> Seen + Send + 'static,
    Found: Future<Output = Result<Option<T>, StoreError>> + Send,
    T: Send + 'static,
{
    let first = look().await.map_err(|error| store_failed(&error))?;
    let first = first.ok_or_else(|| FailureCode::NotFound.error())?;
    let begun = (seen(&first), LOOKS_MAX);
    let later = stream::unfold((look, seen, begun), |(look, seen, (last, mut looks))| async move {
        if last.over {
            return None;
        }
        loop {
            looks = looks.checked_sub(1)?;
            tokio::time::sleep(LOOK_EVERY).await;
            match look().await {
                Ok(Some(now)) => {
                    let this = seen(&now);
                    if this.version != last.version {
                        return Some((Ok(now), (look, seen, (this, looks))));
                    }
                }
                Ok(None) => return None,
                Err(error) => return Some((Err(store_failed(&error)), (look, seen, (last, 0)))),
            }
        }
    });
    Ok(stream::once(async move { Ok(first) }).chain(later))
}
