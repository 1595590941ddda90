//! The gateway's refund procedure and red receipts, by the adapter itself, open under RSA and
//! sealed under SM2.

use adapters::http::{Deadlines, HttpClient};
use adapters::non_tax::{GatewayKeyConfig, NonTaxConfig, NonTaxGateway, SealConfig};
use adapters::system::RandomIds;
use bff::demo::BesideClock;
use domain::ids::{PaymentNo, RefundNo};
use domain::money::{Fen, PayableFen};
use domain::notice::NoticeNo;
use domain::outside::OutsideError;
use domain::payment::{
    DeskNotice, DeskRequest, DeskStanding, NoticeAfter, RailTxn, RefundDesk, RefundReasonCode,
};
use domain::receipt::ReceiptBook;
use serde_json::json;
use std::sync::Arc;
use tests::app::TestApp;
use tests::citizen::Citizen;

/// An adapter of our own beside the server's.
fn gateway(app: &TestApp, sm2: bool) -> NonTaxGateway {
    let given = app.mocks.onboarding().gateway;
    let keys = given.gateway_keys.iter().map(|key| GatewayKeyConfig {
        id: key.key_id.clone(),
        algorithm: key.algorithm.clone(),
        public_key_pem: key.public_key_pem.clone(),
    });
    let (our_key_id, our_algorithm, our_private_key_pem) = if sm2 {
        (given.our_sm2_key_id, "SM2-SM3".to_owned(), given.our_sm2_private_key_pem)
    } else {
        (given.our_key_id, given.algorithm, given.our_private_key_pem)
    };
    let config = NonTaxConfig {
        base_url: given.base_url,
        our_key_id,
        our_algorithm,
        our_private_key_pem,
        gateway_keys: keys.collect(),
        seal: sm2.then_some(SealConfig {
            key_id: given.sm4_key_id,
            key_base64: given.sm4_key_base64,
            requests: true,
        }),
    };
    let http = HttpClient::new(Deadlines::USUAL).unwrap();
    NonTaxGateway::new(&config, http, BesideClock::of(&app.mocks), Arc::new(RandomIds)).unwrap()
}

/// A paid, written-off and receipted fine of a citizen of this name, and a request for all of it.
async fn paid(app: &TestApp, name: &str) -> DeskRequest {
    let facts = app.levers.pull("citizens", json!({ "name": name })).await;
    let citizen = Citizen::signs_in(&app.node.base_url, &app.levers, facts).await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment_no).await;
    citizen.waits_for_receipt(&payment_no).await;
    let payment_no = PaymentNo::new(&payment_no).unwrap();
    let stored = domain::payment::PaymentStore::find(&app.node.store, &payment_no).await;
    let agency_code = stored.unwrap().unwrap().notices[0].agency.code.clone();
    DeskRequest {
        refund_no: RefundNo::generate(BesideClock::of(&app.mocks).now(), &RandomIds),
        notice_no: NoticeNo::new(&fine).unwrap(),
        payment_no,
        amount: PayableFen::new(fen).unwrap(),
        reason_code: RefundReasonCode::Overcharged,
        reason: "多收".to_owned(),
        applicant: name.to_owned(),
        agency_code,
    }
}

fn code<T>(refused: Result<T, OutsideError>) -> String {
    match refused {
        Err(OutsideError::Refused { code, .. }) => code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => "taken".to_owned(),
    }
}

fn paid_back(app: &TestApp, request: &DeskRequest) -> DeskNotice {
    DeskNotice {
        refund_no: request.refund_no.clone(),
        notice_no: request.notice_no.clone(),
        payment_no: request.payment_no.clone(),
        amount: request.amount,
        txn: RailTxn::new("5030000000000001").unwrap(),
        at: BesideClock::of(&app.mocks).now(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_after_approval_and_a_red_receipt() {
    for (sm2, name, after) in
        [(false, "退付通过", NoticeAfter::Cancelled), (true, "退付重开", NoticeAfter::Open)]
    {
        let app = TestApp::start().await;
        let request = paid(&app, name).await;
        let gateway = gateway(&app, sm2);
        assert_eq!(gateway.query(&request.refund_no).await.unwrap(), None);
        let asked = gateway.ask(&request).await.unwrap();
        assert_eq!(asked.standing, DeskStanding::Approved(after), "{asked:?}");
        assert_eq!(asked.decisions.len(), 1 + asked.levels.len(), "{asked:?}");
        assert_eq!(gateway.ask(&request).await.unwrap(), asked, "the same again");
        assert_eq!(gateway.query(&request.refund_no).await.unwrap(), Some(asked));
        let less = PayableFen::new(1).unwrap();
        let other = DeskRequest { amount: less, ..request.clone() };
        assert_eq!(code(gateway.ask(&other).await), "CONFLICT");

        let notice = paid_back(&app, &request);
        assert_eq!(code(gateway.tell_paid_back(&notice).await), "RECEIPT_NOT_REVERSED");
        let receipts = app.node.store.list_of_payment(&request.payment_no).await.unwrap();
        let id = &receipts[0].receipt.id;
        let reverse_no = request.refund_no.as_str();
        let red = gateway.reverse_receipt(id, "退付", reverse_no).await.unwrap();
        assert_eq!(red.amount, Fen::new(-request.amount.fen().value()));
        assert_eq!(gateway.reverse_receipt(id, "退付", reverse_no).await.unwrap(), red);
        let told = gateway.tell_paid_back(&notice).await.unwrap();
        assert_eq!(told.standing, DeskStanding::PaidBack);
        assert_eq!(gateway.tell_paid_back(&notice).await.unwrap(), told);
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_refund_stays_refused_and_says_by_whom() {
    for (name, decisions) in [("退付驳回", 1), ("退付否决", 2)] {
        let app = TestApp::start().await;
        let request = paid(&app, name).await;
        let gateway = gateway(&app, false);
        let asked = gateway.ask(&request).await.unwrap();
        assert_eq!(asked.standing, DeskStanding::Rejected, "{name}");
        assert_eq!(asked.decisions.len(), decisions, "{asked:?}");
        assert!(!asked.decisions.last().unwrap().approved);
        let notice = paid_back(&app, &request);
        assert_eq!(code(gateway.tell_paid_back(&notice).await), "NOT_APPROVED");
        let more = PayableFen::new(request.amount.fen().value() + 1).unwrap();
        let refund_no = RefundNo::generate(BesideClock::of(&app.mocks).now(), &RandomIds);
        let over = DeskRequest { refund_no, amount: more, ..request.clone() };
        assert_eq!(code(gateway.ask(&over).await), "AMOUNT");
        app.finish().await;
    }
}
