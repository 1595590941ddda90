//! What the express carrier gives a customer.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a customer of the express carrier is given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpressOnboarding {
    /// Address before `/express/v1/`.
    pub base_url: String,
    /// 大客户号.
    pub customer_no: String,
    /// 32 bytes, base64.
    pub key_base64: String,
}

impl fmt::Debug for ExpressOnboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpressOnboarding")
            .field("base_url", &self.base_url)
            .field("customer_no", &self.customer_no)
            .finish_non_exhaustive()
    }
}
