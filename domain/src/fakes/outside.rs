//! A rail and a gateway in memory, for the fault suite.

use super::store::locked;
use super::{Fault, FaultPlan, samples};
use crate::identity::Channel;
use crate::ids::PaymentNo;
use crate::money::{Fen, PayableFen};
use crate::notice::{Notice, NoticeBook, NoticeNo, NoticeStanding, PayerKey};
use crate::outside::OutsideError;
use crate::payment::{
    Cashier, CashierKind, MerchantIdentity, Money, OrderKey, PaymentRail, Rail, RailOrder,
    RailOrderState, RailReport, ReversalRequest,
};
use crate::receipt::{
    Confirmation, NoticeWriteOff, Receipt, ReceiptId, ReceiptIssuer, RedReceiptIssuer, WriteOff,
};
use crate::standards::{CheckCode, PayCode, ReceiptCode, ReceiptNo};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub(super) fn faulty<T>(
    plan: &FaultPlan,
    act: impl FnOnce() -> Result<T, OutsideError>,
) -> Result<T, OutsideError> {
    match plan.next() {
        None => act(),
        Some(fault) => {
            if fault == Fault::SilentDone {
                act()?;
            }
            Err(fault.outside())
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Order {
    Open(RailOrder),
    Paid(Money),
    Closed,
}

/// A rail that takes orders and money as tests say.
#[derive(Debug)]
pub struct FakeRail {
    pub(super) orders: Mutex<BTreeMap<String, Order>>,
    pub(super) refunds: Mutex<super::refunds::RefundsAtRail>,
    merchant: MerchantIdentity,
    pub(super) plan: Arc<FaultPlan>,
}

impl FakeRail {
    /// Without orders.
    pub fn new(plan: Arc<FaultPlan>) -> Self {
        let merchant = MerchantIdentity {
            merchant_no: samples::MERCHANT_NO.to_owned(),
            app_ids: vec![samples::APP_ID.to_owned()],
        };
        Self { orders: Mutex::default(), refunds: Mutex::default(), merchant, plan }
    }

    /// The citizen pays; `false` when the rail has no open order of this number.
    pub fn citizen_pays(&self, no: &PaymentNo, money: Money) -> bool {
        let mut orders = locked(&self.orders);
        match orders.get(no.as_str()) {
            Some(Order::Open(_)) => {
                let paid = Order::Paid(money);
                orders.insert(no.to_string(), paid);
                true
            }
            Some(Order::Paid(..) | Order::Closed) | None => false,
        }
    }

    /// How many orders were ever placed.
    pub fn orders(&self) -> usize {
        locked(&self.orders).len()
    }

    /// How many orders hold money.
    pub fn paid_orders(&self) -> usize {
        locked(&self.orders).values().filter(|order| matches!(order, Order::Paid(..))).count()
    }

    /// What the rail would report of this order.
    pub fn report(&self, no: &PaymentNo) -> Option<RailReport> {
        match locked(&self.orders).get(no.as_str()) {
            Some(Order::Paid(money)) => Some(self.report_of(no, money.clone())),
            Some(Order::Open(_) | Order::Closed) | None => None,
        }
    }

    fn report_of(&self, no: &PaymentNo, money: Money) -> RailReport {
        RailReport {
            rail: Rail::WeChatPay,
            order_no: no.to_string(),
            app_id: samples::APP_ID.to_owned(),
            merchant_no: samples::MERCHANT_NO.to_owned(),
            currency: "CNY".to_owned(),
            money,
        }
    }
}

#[async_trait]
impl PaymentRail for FakeRail {
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
        faulty(&self.plan, || {
            let mut orders = locked(&self.orders);
            match orders.get(order.no.as_str()) {
                None => {
                    orders.insert(order.no.to_string(), Order::Open(order.clone()));
                }
                Some(Order::Open(known)) if known == order => {}
                Some(Order::Open(_) | Order::Paid(..) | Order::Closed) => {
                    return Err(OutsideError::OutcomeUnknown("the number is taken".into()));
                }
            }
            Ok(Cashier::WeChatMini {
                time_stamp: "0".to_owned(),
                nonce_str: "nonce".to_owned(),
                package: format!("prepay_id=wx-{}", order.no),
                sign_type: "RSA".to_owned(),
                pay_sign: "sign".to_owned(),
            })
        })
    }

    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError> {
        let no = &order.no;
        faulty(&self.plan, || {
            Ok(match locked(&self.orders).get(no.as_str()) {
                None => RailOrderState::NotFound,
                Some(Order::Open(_)) => RailOrderState::Open,
                Some(Order::Closed) => RailOrderState::Closed,
                Some(Order::Paid(money)) => {
                    RailOrderState::Paid(Box::new(self.report_of(no, money.clone())))
                }
            })
        })
    }

    async fn close(&self, order: &OrderKey) -> Result<(), OutsideError> {
        let no = &order.no;
        faulty(&self.plan, || {
            let refused = |code: &str| {
                Err(OutsideError::Refused { code: code.to_owned(), message: String::new() })
            };
            let mut orders = locked(&self.orders);
            match orders.get(no.as_str()) {
                None => refused("ORDER_NOT_EXIST"),
                Some(Order::Paid(..)) => refused("ORDERPAID"),
                Some(Order::Open(_) | Order::Closed) => {
                    orders.insert(no.to_string(), Order::Closed);
                    Ok(())
                }
            }
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Desk {
    pub notices: BTreeMap<String, Notice>,
    pub written_off: Vec<WriteOff>,
    pub receipts: Vec<Receipt>,
    pub followers: Vec<((u8, ReceiptId), Receipt)>,
    pub refunds: super::refunds::RefundsAtDesk,
}

/// A gateway that knows notices, write-offs and receipts.
#[derive(Debug)]
pub struct FakeGateway {
    pub(super) desk: Mutex<Desk>,
    pub(super) plan: Arc<FaultPlan>,
}

impl FakeGateway {
    /// With these notices.
    pub fn new(notices: Vec<Notice>, plan: Arc<FaultPlan>) -> Self {
        let notices = notices.into_iter().map(|notice| (notice.no.to_string(), notice)).collect();
        Self { desk: Mutex::new(Desk { notices, ..Desk::default() }), plan }
    }

    /// How many notices were written off, and how many receipts issued.
    pub fn counts(&self) -> (usize, usize) {
        let desk = locked(&self.desk);
        (desk.written_off.len(), desk.receipts.len())
    }
}

#[async_trait]
impl NoticeBook for FakeGateway {
    async fn find(&self, no: &NoticeNo) -> Result<Option<Notice>, OutsideError> {
        faulty(&self.plan, || Ok(locked(&self.desk).notices.get(no.as_str()).cloned()))
    }

    async fn find_by_pay_code(&self, code: &PayCode) -> Result<Option<Notice>, OutsideError> {
        faulty(&self.plan, || {
            let desk = locked(&self.desk);
            let fits = |notice: &&Notice| notice.pay_code.as_ref() == Some(code);
            Ok(desk.notices.values().find(fits).cloned())
        })
    }

    async fn list_of_payer(&self, _payer: &PayerKey) -> Result<Vec<Notice>, OutsideError> {
        faulty(&self.plan, || Ok(locked(&self.desk).notices.values().cloned().collect()))
    }
}

#[async_trait]
impl NoticeWriteOff for FakeGateway {
    async fn write_off(&self, write_off: &WriteOff) -> Result<Confirmation, OutsideError> {
        faulty(&self.plan, || {
            let mut desk = locked(&self.desk);
            let known = desk.written_off.iter().find(|w| w.notice_no == write_off.notice_no);
            match known {
                Some(known) if known != write_off => Err(OutsideError::Refused {
                    code: "ALREADY_PAID".to_owned(),
                    message: String::new(),
                }),
                Some(_) => Ok(Confirmation::Confirmed),
                None => {
                    if let Some(notice) = desk.notices.get_mut(write_off.notice_no.as_str()) {
                        notice.standing = NoticeStanding::Paid;
                    }
                    desk.written_off.push(write_off.clone());
                    Ok(Confirmation::Confirmed)
                }
            }
        })
    }
}

#[async_trait]
impl ReceiptIssuer for FakeGateway {
    async fn issue(&self, write_off: &WriteOff) -> Result<Receipt, OutsideError> {
        faulty(&self.plan, || {
            let mut desk = locked(&self.desk);
            let known = desk.receipts.iter().find(|r| r.notice_no == write_off.notice_no);
            if let Some(known) = known {
                return Ok(known.clone());
            }
            let number = format!("{:010}", desk.receipts.len() + 1);
            let receipt = Receipt {
                id: ReceiptId {
                    code: ReceiptCode::new("33030126").expect("a receipt code"),
                    number: ReceiptNo::new(&number).expect("a receipt number"),
                },
                check_code: CheckCode::new("a1b2c3").expect("a check code"),
                notice_no: write_off.notice_no.clone(),
                payment_no: write_off.payment_no.clone(),
                amount: write_off.amount,
                issued_at: write_off.paid_at,
            };
            desk.receipts.push(receipt.clone());
            Ok(receipt)
        })
    }
}

#[async_trait]
impl RedReceiptIssuer for FakeGateway {
    async fn reverse(
        &self,
        receipt: &Receipt,
        _request: &ReversalRequest,
    ) -> Result<Receipt, OutsideError> {
        faulty(&self.plan, || Ok(locked(&self.desk).follows(receipt, 9, receipt.amount)))
    }

    async fn replace(
        &self,
        rest: &WriteOff,
        reversed: &ReceiptId,
    ) -> Result<Receipt, OutsideError> {
        faulty(&self.plan, || {
            let mut desk = locked(&self.desk);
            let known = desk.receipts.iter().find(|receipt| receipt.id == *reversed).cloned();
            let reversed = known.unwrap_or_else(|| Receipt {
                id: reversed.clone(),
                check_code: CheckCode::new("a1b2c3").expect("a check code"),
                notice_no: rest.notice_no.clone(),
                payment_no: rest.payment_no.clone(),
                amount: rest.amount,
                issued_at: rest.paid_at,
            });
            Ok(desk.follows(&reversed, 8, rest.amount))
        })
    }
}

impl Desk {
    /// The receipt of this series that follows `receipt`, made when first asked for.
    fn follows(&mut self, receipt: &Receipt, series: u8, amount: Fen) -> Receipt {
        let key = (series, receipt.id.clone());
        if let Some((_, known)) = self.followers.iter().find(|(known, _)| *known == key) {
            return known.clone();
        }
        let number = format!("{series}{:09}", self.followers.len() + 1);
        let number = ReceiptNo::new(&number).expect("a receipt number");
        let id = ReceiptId { code: receipt.id.code.clone(), number };
        let issued_at = receipt.issued_at + jiff::SignedDuration::from_secs(60);
        let made = Receipt { id, amount, issued_at, ..receipt.clone() };
        self.followers.push((key, made.clone()));
        made
    }
}
