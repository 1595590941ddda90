//! Keys of what leaves nothing behind to find it by.

use super::UseCases;
use super::error::{UserError, UserErrorCode as Code, store_failed};
use async_graphql::{Context, ID, Result};
use domain::engine::ClaimKeyError;
use domain::identity::Caller;
use domain::ids::IdempotencyKey;

/// Binds the key to this act and these words; a user error where it cannot be.
pub async fn claim(
    ctx: &Context<'_>,
    caller: &Caller,
    key: &ID,
    act: &str,
    words: &[&str],
) -> Result<Option<UserError>> {
    let at_key = |code, message: &str| Ok(Some(UserError::at(code, &["idempotencyKey"], message)));
    let Ok(key) = IdempotencyKey::new(key) else {
        return at_key(Code::Invalid, "幂等键应为8至64位字母、数字、-或_");
    };
    match ctx.data_unchecked::<UseCases>().claim_key.run(caller, &key, act, words).await {
        Ok(()) => Ok(None),
        Err(ClaimKeyError::Reused) => {
            at_key(Code::IdempotencyKeyReused, "这个幂等键已用于另一次办理，请换一个新的")
        }
        Err(ClaimKeyError::Store(error)) => Err(store_failed(&error)),
    }
}
