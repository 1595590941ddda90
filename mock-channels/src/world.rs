//! Everything that exists outside the backend: people, what they owe, orders, money, keys.
//!
//! One value, so that one file holds the whole outside world and one lock guards it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Day;

pub(crate) mod alipay;
pub(crate) mod booking;
pub(crate) mod callback;
pub(crate) mod case_book;
pub(crate) mod catalogue;
pub(crate) mod check_code;
pub(crate) mod code;
pub(crate) mod company;
pub(crate) mod express;
pub(crate) mod fault;
pub(crate) mod filing;
pub(crate) mod gateway;
pub(crate) mod gateway_keys;
pub(crate) mod household;
pub(crate) mod kinship;
pub(crate) mod late_fee;
pub(crate) mod magic;
pub(crate) mod notice;
pub(crate) mod order;
pub(crate) mod outbox;
pub(crate) mod payer;
pub(crate) mod people;
pub(crate) mod raised;
pub(crate) mod receipt;
pub(crate) mod refund;
pub(crate) mod script;
pub(crate) mod secrets;
pub(crate) mod seed;
pub(crate) mod unionpay;
pub(crate) mod wechat_pay;

use callback::{Callback, CallbackMode};
use code::{AccessToken, Code};
use express::Express;
use fault::{BillFault, Fault};
use gateway::GatewayWorld;
use notice::Notice;
use order::{Order, Payment};
use outbox::Outbox;
use people::{Citizen, FaceCheck, Violation};
use secrets::Secrets;
use unionpay::UnionPay;

/// The state of all platforms.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) secrets: Secrets,
    /// Virtual minus real time.
    pub(crate) offset_ms: i64,
    /// Source of every sequential number.
    pub(crate) sequence: u64,
    pub(crate) citizens: Vec<Citizen>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) notices: BTreeMap<String, Notice>,
    /// How many receipts were issued under each receipt code.
    pub(crate) receipts: BTreeMap<String, u64>,
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) tokens: Vec<AccessToken>,
    /// When stable tokens were refreshed by force.
    pub(crate) forced_refreshes_ms: Vec<i64>,
    pub(crate) orders: BTreeMap<String, Order>,
    pub(crate) downloads: BTreeMap<String, Download>,
    pub(crate) callbacks: Vec<Callback>,
    pub(crate) callback_mode: CallbackMode,
    pub(crate) faults: Vec<Fault>,
    pub(crate) bill_faults: BTreeMap<String, BillFault>,
    pub(crate) face_checks: BTreeMap<String, FaceCheck>,
    /// By the caller's `request_no`.
    #[serde(default)]
    pub(crate) cases: BTreeMap<String, case_book::FiledCase>,
    #[serde(default)]
    pub(crate) messages: Vec<people::Sms>,
    /// What departments certified, by operation and number of the request: of whom, and what.
    #[serde(default)]
    pub(crate) certified: BTreeMap<String, (String, Vec<serde_json::Value>)>,
    #[serde(default)]
    pub(crate) outbox: Outbox,
    #[serde(default)]
    pub(crate) alipay: alipay::Alipay,
    #[serde(default)]
    pub(crate) wechat_pay: wechat_pay::WechatPay,
    #[serde(default)]
    pub(crate) scripting: script::Scripting,
    #[serde(default)]
    pub(crate) unionpay: UnionPay,
    #[serde(default)]
    pub(crate) gateway: GatewayWorld,
    /// By what makes a repeat the same.
    #[serde(default)]
    pub(crate) raised: BTreeMap<String, raised::Raised>,
    #[serde(default)]
    pub(crate) express: Express,
    #[serde(default)]
    pub(crate) bookings: booking::Bookings,
    #[serde(default)]
    pub(crate) kinship: kinship::Kinship,
}

/// A daily file of WeChat Pay that may be fetched for five minutes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Download {
    pub(crate) day: Day,
    pub(crate) bill_type: String,
    pub(crate) gzip: bool,
    pub(crate) fault: Option<fault::BillFaultKind>,
    /// Which line is wrong, counted from one.
    #[serde(default)]
    pub(crate) line: Option<u32>,
    pub(crate) expires_ms: i64,
}

impl World {
    /// A world with keys and nobody in it.
    pub(crate) fn empty(secrets: Secrets, offset_ms: i64) -> Self {
        Self {
            secrets,
            offset_ms,
            sequence: 0,
            citizens: Vec::new(),
            violations: Vec::new(),
            notices: BTreeMap::new(),
            receipts: BTreeMap::new(),
            codes: BTreeMap::new(),
            tokens: Vec::new(),
            forced_refreshes_ms: Vec::new(),
            orders: BTreeMap::new(),
            downloads: BTreeMap::new(),
            callbacks: Vec::new(),
            callback_mode: CallbackMode::Deliver,
            faults: Vec::new(),
            bill_faults: BTreeMap::new(),
            face_checks: BTreeMap::new(),
            cases: BTreeMap::new(),
            messages: Vec::new(),
            outbox: Outbox::default(),
            certified: BTreeMap::new(),
            alipay: alipay::Alipay::default(),
            wechat_pay: wechat_pay::WechatPay::default(),
            scripting: script::Scripting::default(),
            unionpay: UnionPay::default(),
            gateway: GatewayWorld::default(),
            raised: BTreeMap::new(),
            express: Express::default(),
            bookings: booking::Bookings::default(),
            kinship: kinship::Kinship::default(),
        }
    }

    /// Virtual now.
    pub(crate) fn now_ms(&self) -> i64 {
        crate::clock::real_now_ms().saturating_add(self.offset_ms)
    }

    /// Says what becomes of notifications from now on. Those of events that are planned for later
    /// are made then, so it holds for them too, unless they were spoken of one by one.
    pub(crate) fn set_callback_mode(&mut self, mode: CallbackMode) {
        let (before, now_ms) = (self.callback_mode, self.now_ms());
        let planned = |callback: &&mut Callback| {
            callback.created_ms > now_ms && callback.mode == before && callback.attempts.is_empty()
        };
        self.callbacks.iter_mut().filter(planned).for_each(|callback| callback.set_mode(mode));
        self.callback_mode = mode;
    }

    pub(crate) fn next_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(crate) fn citizen(&self, id: &str) -> Option<&Citizen> {
        self.citizens.iter().find(|citizen| citizen.id == id)
    }

    pub(crate) fn citizen_by_id_card(&self, id_card: &str) -> Option<&Citizen> {
        self.citizens.iter().find(|citizen| citizen.id_card == id_card)
    }

    pub(crate) fn citizen_by_open_id(&self, open_id: &str) -> Option<&Citizen> {
        self.citizens.iter().find(|citizen| citizen.open_id == open_id)
    }

    /// Every payment of a day, in the order in which it happened.
    pub(crate) fn payments_of(&self, day: Day) -> Vec<(&Order, &Payment)> {
        let mut payments: Vec<_> = self
            .orders
            .values()
            .filter_map(|order| order.payment.as_ref().map(|payment| (order, payment)))
            .filter(|(_, payment)| Day::of(payment.at_ms) == day)
            .collect();
        payments.sort_by_key(|(order, payment)| (payment.at_ms, order.out_trade_no.clone()));
        payments
    }

    /// Forgets codes, tokens and downloads that nobody can mean any more, so that the state
    /// does not grow with the days. A day is kept, because "used" and "expired" are answers.
    pub(crate) fn forget_stale(&mut self, now_ms: i64) {
        let horizon = now_ms - crate::clock::DAY_MS;
        self.codes.retain(|_, code| code.made_ms > horizon);
        self.tokens.retain(|token| token.expires_ms > horizon);
        self.downloads.retain(|_, download| download.expires_ms > horizon);
        self.forced_refreshes_ms.retain(|at| *at > horizon);
    }
}
