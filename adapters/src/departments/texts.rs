//! Text messages and notifications of the native app, which the province's message platform takes
//! over the exchange and reports on. It knows repeats by their reference.

use super::HttpDepartments;
use crate::http::unexpected;
use async_trait::async_trait;
use domain::catalogue::Operation;
use domain::engine::{DepartmentExchange, ExchangeAnswer, ExchangeCall, ExchangeValue};
use domain::messaging::{
    Delivery, DeliveryReports, EventKey, HandedOver, Letter, LetterContent, MessageChannel,
    MessageSender,
};
use domain::outside::OutsideError;
use std::sync::Arc;

const SEND_TEXT: &str = "messages.send_text";
const PUSH: &str = "messages.push";
const REPORT: &str = "messages.report";

/// Text messages.
#[derive(Debug)]
pub struct TextMessages(pub Arc<HttpDepartments>);

/// Notifications of the native app.
#[derive(Debug)]
pub struct PushMessages(pub Arc<HttpDepartments>);

fn call(operation: &str, parameters: &[(&str, &str)]) -> Result<ExchangeCall, OutsideError> {
    let operation =
        Operation::new(operation).map_err(|error| OutsideError::NotSent(error.into()))?;
    let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Ok(ExchangeCall { operation, subject: None, parameters: parameters.collect() })
}

/// What the platform reports under `kind` and the reference.
async fn report(
    exchange: &HttpDepartments,
    kind: &str,
    key: &EventKey,
) -> Result<Delivery, OutsideError> {
    let call = call(REPORT, &[("kind", kind), ("reference", key.as_str())])?;
    read_report(&exchange.call(&call).await?)
}

fn read_report(answer: &ExchangeAnswer) -> Result<Delivery, OutsideError> {
    // It may take a moment until the platform knows what it took.
    let Some(row) = answer.rows.first() else { return Ok(Delivery::OnItsWay) };
    let text = |name: &str| match row.get(name) {
        Some(ExchangeValue::Text(text)) => Some(text.as_str()),
        Some(ExchangeValue::Number(_) | ExchangeValue::Flag(_) | ExchangeValue::Null) | None => {
            None
        }
    };
    match text("state") {
        Some("WAITING") => Ok(Delivery::OnItsWay),
        Some("DELIVERED") => Ok(Delivery::Arrived),
        Some("FAILED") => {
            let reason = text("reason").unwrap_or_default().chars().take(60).collect();
            Ok(Delivery::Failed { reason })
        }
        other => Err(unexpected("a report without a known state", other.unwrap_or_default())),
    }
}

#[async_trait]
impl MessageSender for TextMessages {
    fn channel(&self) -> MessageChannel {
        MessageChannel::Sms
    }

    fn knows_repeats(&self) -> bool {
        true
    }

    async fn send(&self, letter: &Letter) -> Result<HandedOver, OutsideError> {
        let LetterContent::Sms { phone, text } = &letter.content else {
            return Err(OutsideError::NotSent("a letter for another platform".into()));
        };
        let parameters = [
            ("phone", phone.as_str()),
            ("text", text.as_str()),
            ("reference", letter.key.as_str()),
        ];
        self.0.call(&call(SEND_TEXT, &parameters)?).await?;
        Ok(HandedOver { platform_no: Some(letter.key.as_str().to_owned()) })
    }
}

#[async_trait]
impl DeliveryReports for TextMessages {
    fn channel(&self) -> MessageChannel {
        MessageChannel::Sms
    }

    async fn delivery(&self, key: &EventKey) -> Result<Delivery, OutsideError> {
        report(&self.0, "SMS", key).await
    }
}

#[async_trait]
impl MessageSender for PushMessages {
    fn channel(&self) -> MessageChannel {
        MessageChannel::Push
    }

    fn knows_repeats(&self) -> bool {
        true
    }

    async fn send(&self, letter: &Letter) -> Result<HandedOver, OutsideError> {
        let LetterContent::Push { tokens, title, body } = &letter.content else {
            return Err(OutsideError::NotSent("a letter for another platform".into()));
        };
        let tokens = tokens.join(" ");
        let parameters = [
            ("tokens", tokens.as_str()),
            ("title", title.as_str()),
            ("body", body.as_str()),
            ("reference", letter.key.as_str()),
        ];
        self.0.call(&call(PUSH, &parameters)?).await?;
        Ok(HandedOver { platform_no: Some(letter.key.as_str().to_owned()) })
    }
}

#[async_trait]
impl DeliveryReports for PushMessages {
    fn channel(&self) -> MessageChannel {
        MessageChannel::Push
    }

    async fn delivery(&self, key: &EventKey) -> Result<Delivery, OutsideError> {
        report(&self.0, "PUSH", key).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(pairs: &[(&str, &str)]) -> ExchangeAnswer {
        let value = |text: &str| ExchangeValue::Text(text.to_owned());
        let row = pairs.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
        let as_of = jiff::Timestamp::UNIX_EPOCH;
        ExchangeAnswer { rows: vec![row], as_of, source: "省短信平台".to_owned() }
    }

    #[test]
    fn a_report_says_arrived_failed_or_not_yet_and_nothing_else() {
        let read = |pairs: &[(&str, &str)]| read_report(&row(pairs)).ok();
        assert_eq!(read(&[("state", "WAITING")]), Some(Delivery::OnItsWay));
        assert_eq!(read(&[("state", "DELIVERED")]), Some(Delivery::Arrived));
        let failed = Delivery::Failed { reason: "空号".to_owned() };
        assert_eq!(read(&[("state", "FAILED"), ("reason", "空号")]), Some(failed));
        assert_eq!(read(&[("state", "DANCING")]), None);
        assert_eq!(read(&[]), None);
        let empty = ExchangeAnswer { rows: vec![], ..row(&[]) };
        assert_eq!(read_report(&empty).ok(), Some(Delivery::OnItsWay));
    }
}
