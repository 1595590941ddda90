//! One rail with one of its cashiers: the fake, or the real adapter against its platform.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use adapters::http::{Deadlines, HttpClient};
use adapters::system::RandomIds;
use bff::application::rails::{Outside, Platforms};
use bff::demo::{BesideClock, channels_of};
use domain::clock::{Clock, IdSource};
use domain::fakes::{FakeClock, FakeRail, FaultPlan, samples};
use domain::identity::{Channel, OpenId};
use domain::ids::PaymentNo;
use domain::money::PayableFen;
use domain::payment::{
    Cashier, CashierKind, Money, PaymentRail, Rail, RailCallback, RailCallbacks, RailOrder,
    RailRefunds, RailTxn,
};
use domain::reconciliation::StatementSource;
use jiff::SignedDuration;
use mock_channels::{MockChannels, MockSettings};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tests::app::START_MS;
use tests::levers::{Levers, eventually};

/// What only a real rail has: the fake's callbacks and files are made by the tests that use it.
pub struct Played {
    pub levers: Levers,
    pub refunds: Arc<dyn RailRefunds>,
    pub callbacks: Arc<dyn RailCallbacks>,
    pub statements: Arc<dyn StatementSource>,
    citizen: Value,
    received: Arc<Mutex<Vec<RailCallback>>>,
    mocks: MockChannels,
}

/// One rail, and the hand that pays there.
pub struct RailBench {
    pub rail: Arc<dyn PaymentRail>,
    pub clock: Arc<dyn Clock>,
    pub kind: CashierKind,
    payer: Option<OpenId>,
    fake: Option<Arc<FakeRail>>,
    pub played: Option<Played>,
}

/// The fake with WeChat's mini-program.
pub async fn fake() -> RailBench {
    let rail = Arc::new(FakeRail::new(Arc::new(FaultPlan::none())));
    RailBench {
        rail: rail.clone(),
        clock: Arc::new(FakeClock::at(samples::at(0))),
        kind: CashierKind::WeChatMini,
        payer: OpenId::new("open-1").ok(),
        fake: Some(rail),
        played: None,
    }
}

/// WeChat Pay in the mini-program.
pub async fn we_chat_mini() -> RailBench {
    played(Rail::WeChatPay, Channel::WeChat).await
}

/// WeChat Pay in the native app.
pub async fn we_chat_app() -> RailBench {
    played(Rail::WeChatPay, Channel::App).await
}

/// A code that anybody scans with WeChat.
pub async fn we_chat_native() -> RailBench {
    let app = played(Rail::WeChatPay, Channel::App).await;
    RailBench { kind: CashierKind::WeChatNative, ..app }
}

/// Alipay in the mini-program.
pub async fn alipay_mini() -> RailBench {
    played(Rail::Alipay, Channel::Alipay).await
}

/// Alipay in the native app.
pub async fn alipay_app() -> RailBench {
    played(Rail::Alipay, Channel::App).await
}

/// UnionPay in the native app.
pub async fn union_pay_app() -> RailBench {
    played(Rail::UnionPay, Channel::App).await
}

async fn keep(
    body: web::Bytes,
    request: HttpRequest,
    received: web::Data<Mutex<Vec<RailCallback>>>,
) -> HttpResponse {
    let headers = request.headers().iter().map(|(name, value)| {
        (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
    });
    let callback = RailCallback { headers: headers.collect(), body: body.to_vec() };
    received.lock().unwrap().push(callback);
    HttpResponse::Ok().body("success")
}

/// Answers an address that keeps every callback.
fn mailbox() -> (String, Arc<Mutex<Vec<RailCallback>>>) {
    let received = web::Data::new(Mutex::new(Vec::new()));
    let kept = received.clone();
    let server = HttpServer::new(move || {
        App::new().app_data(received.clone()).default_service(web::to(keep))
    });
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    (address, kept.into_inner())
}

async fn played(rail: Rail, channel: Channel) -> RailBench {
    let mocks = MockChannels::start(MockSettings {
        addr: "127.0.0.1:0".to_owned(),
        state_file: None,
        start_at_ms: Some(START_MS),
    });
    let mocks = mocks.await.unwrap();
    let levers = Levers::of(&mocks.base_url());
    let (public_url, received) = mailbox();
    let clock: Arc<dyn Clock> = BesideClock::of(&mocks);
    let ids: Arc<dyn IdSource> = Arc::new(RandomIds);
    let platforms = Platforms::connect(&Outside {
        channels: &channels_of(&mocks.onboarding()),
        public_url: &public_url,
        http: &HttpClient::new(Deadlines::USUAL).unwrap(),
        clock: &clock,
        ids: &ids,
    });
    let platforms = platforms.unwrap();
    let citizen = levers.citizen().await;
    let id = citizen["citizenId"].as_str().unwrap();
    let (path, code) = match channel {
        Channel::WeChat => (format!("citizens/{id}/wechat-code"), "code"),
        Channel::Alipay | Channel::App => (format!("citizens/{id}/alipay-code"), "authCode"),
    };
    let codes = levers.pull(&path, json!({})).await;
    let platform = platforms.identities.iter().find(|platform| platform.channel() == channel);
    let payer = match platform {
        Some(platform) => {
            let account = platform.account_of(codes[code].as_str().unwrap()).await;
            Some(account.unwrap().open_id)
        }
        None => None,
    };
    let connected = platforms.rails.into_iter().find(|one| one.callbacks.rail() == rail).unwrap();
    RailBench {
        kind: connected.guarded.cashier(channel).unwrap(),
        rail: connected.guarded.clone(),
        clock,
        payer,
        fake: None,
        played: Some(Played {
            levers,
            refunds: connected.guarded,
            callbacks: connected.callbacks,
            statements: connected.statements,
            citizen,
            received,
            mocks,
        }),
    }
}

impl RailBench {
    /// A fresh order that ends in a quarter of an hour.
    pub fn order(&self, fen: i64) -> RailOrder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.now();
        RailOrder {
            no: PaymentNo::new(&format!("YW20260302100000CONTRACT{count:04}")).unwrap(),
            amount: PayableFen::new(fen).unwrap(),
            description: "交通违法罚款".to_owned(),
            cashier: self.kind,
            payer: self.payer.clone(),
            made_at: now,
            expires_at: now + SignedDuration::from_mins(15),
        }
    }

    /// An order that the rail has, with its cashier open before the citizen.
    pub async fn placed(&self, fen: i64) -> RailOrder {
        let order = self.order(fen);
        let cashier = self.rail.submit(&order).await.unwrap();
        self.opens(&cashier).await;
        order
    }

    /// The client hands the cashier to its platform.
    pub async fn opens(&self, cashier: &Cashier) {
        if let (Cashier::AlipayApp { order_string }, Some(played)) = (cashier, &self.played) {
            let id = &played.citizen["citizenId"];
            let opened = json!({ "orderString": order_string, "citizenId": id });
            played.levers.pull("alipay/app-cashier", opened).await;
        }
    }

    /// The citizen pays.
    pub async fn pays(&self, order: &RailOrder) {
        if let Some(fake) = &self.fake {
            let txn = RailTxn::new(&format!("TXN-{}", order.no)).unwrap();
            let money = Money { txn, amount: order.amount, at: self.clock.now() };
            assert!(fake.citizen_pays(&order.no, money));
        }
        if let Some(played) = &self.played {
            let orders = match self.rail.rail() {
                Rail::WeChatPay => "orders",
                Rail::Alipay => "alipay/trades",
                Rail::UnionPay => "unionpay/orders",
            };
            let path = format!("{orders}/{}/approve", order.no);
            played.levers.pull(&path, json!({})).await;
        }
    }

    /// The next call that places an order, or that asks, meets this fault; `false` where this
    /// cashier's order never leaves by a call of ours.
    pub async fn fault(&self, asking: bool, fault: &str, times: u32) -> bool {
        let Some(played) = &self.played else { return false };
        let (channel, operation) = match (self.kind, asking) {
            (CashierKind::AlipayApp, false) => return false,
            (
                CashierKind::WeChatMini | CashierKind::WeChatApp | CashierKind::WeChatNative,
                false,
            ) => ("wechat-pay", "prepay"),
            (
                CashierKind::WeChatMini | CashierKind::WeChatApp | CashierKind::WeChatNative,
                true,
            ) => ("wechat-pay", "query"),
            (CashierKind::AlipayMini, false) => ("alipay", "trade.create"),
            (CashierKind::AlipayMini | CashierKind::AlipayApp, true) => ("alipay", "trade.query"),
            (CashierKind::UnionPayApp, false) => ("unionpay", "order"),
            (CashierKind::UnionPayApp, true) => ("unionpay", "query"),
        };
        played.levers.fault(channel, operation, fault, times).await;
        true
    }

    /// The one thing about this rail that others do differently: its orders are not known to a
    /// question before the citizen opens or pays them, and cannot be closed.
    pub fn is_union_pay(&self) -> bool {
        self.kind == CashierKind::UnionPayApp
    }

    /// Stops the platform.
    pub async fn end(self) {
        if let Some(played) = self.played {
            played.mocks.stop().await;
        }
    }
}

impl Played {
    /// The next callback that the platform sends, as it came; waits for it.
    pub async fn next_callback(&self) -> RailCallback {
        eventually("a callback", || async { self.received.lock().unwrap().pop() }).await
    }
}
