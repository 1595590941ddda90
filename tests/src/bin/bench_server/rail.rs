//! A rail that opens its cashier without being asked, for figures without the rail's call.

use async_trait::async_trait;
use bff::settings::ChannelSettings;
use domain::clock::Clock;
use domain::identity::Channel;
use domain::money::PayableFen;
use domain::outside::OutsideError;
use domain::payment::{
    Cashier, CashierKind, MerchantIdentity, OrderKey, PaymentRail, Rail, RailOrder, RailOrderState,
};
use std::sync::Arc;

/// WeChat Pay, as far as a mini-program opens it.
pub struct SilentRail {
    merchant: MerchantIdentity,
    clock: Arc<dyn Clock>,
}

impl SilentRail {
    /// The same merchant, whom nobody asks.
    pub fn of(channels: &ChannelSettings, clock: Arc<dyn Clock>) -> Self {
        let merchant = MerchantIdentity {
            merchant_no: channels.we_chat_pay.merchant_no.clone(),
            app_ids: vec![channels.we_chat.app_id.clone()],
        };
        Self { merchant, clock }
    }
}

#[async_trait]
impl PaymentRail for SilentRail {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    fn merchant(&self) -> &MerchantIdentity {
        &self.merchant
    }

    fn cashier(&self, channel: Channel) -> Option<CashierKind> {
        (channel == Channel::WeChat).then_some(CashierKind::WeChatMini)
    }

    fn limit(&self) -> PayableFen {
        PayableFen::USUAL_ORDER_LIMIT
    }

    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        Ok(Cashier::WeChatMini {
            time_stamp: self.clock.now().as_second().to_string(),
            nonce_str: order.no.as_str().to_owned(),
            package: "prepay_id=wx00000000000000000000000000000000".to_owned(),
            sign_type: "RSA".to_owned(),
            pay_sign: String::new(),
        })
    }

    async fn query(&self, _: &OrderKey) -> Result<RailOrderState, OutsideError> {
        Ok(RailOrderState::Open)
    }

    async fn close(&self, _: &OrderKey) -> Result<(), OutsideError> {
        Ok(())
    }
}
