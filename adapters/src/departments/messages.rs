//! Text messages, which the province's message platform takes over the exchange.

use super::HttpDepartments;
use async_trait::async_trait;
use domain::catalogue::Operation;
use domain::engine::{DepartmentExchange, ExchangeCall};
use domain::identity::{CodeSender, PhoneCode};
use domain::outside::OutsideError;

const SEND_CODE: &str = "messages.send_code";

#[async_trait]
impl CodeSender for HttpDepartments {
    async fn send(&self, code: &PhoneCode) -> Result<(), OutsideError> {
        let operation =
            Operation::new(SEND_CODE).map_err(|error| OutsideError::NotSent(error.into()))?;
        let parameters = vec![
            ("phone".to_owned(), code.phone.as_str().to_owned()),
            ("code".to_owned(), code.code.expose().to_owned()),
            // The platform sends once for one phone and time, however often it is asked.
            ("issued_at".to_owned(), code.issued_at.to_string()),
        ];
        self.call(&ExchangeCall { operation, subject: None, parameters }).await?;
        Ok(())
    }
}
