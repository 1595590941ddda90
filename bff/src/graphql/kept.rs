//! A field's say in whether the answer that it is part of may be kept for others.

use async_graphql::Context;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether an answer may be kept, so far.
#[derive(Debug, Default)]
pub struct Keeping(AtomicBool);

impl Keeping {
    /// Whether a field has refused.
    pub fn is_refused(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// This answer is worked out anew each time, because it does more than answer.
pub(super) fn never(ctx: &Context<'_>) {
    if let Some(keeping) = ctx.data_opt::<std::sync::Arc<Keeping>>() {
        keeping.0.store(true, Ordering::Relaxed);
    }
}
