//! After money went back: the invariants, seen from outside and in the store.

use super::proof::the_ledger_is_whole;
use super::refund_story::{LATE, OTHERS, PART, ToldBack, asks_again};
use super::run::Run;
use super::story::DAY;
use domain::ids::{PaymentNo, RefundNo};
use domain::notice::NoticeNo;
use domain::payment::{JournalKind, LedgerBook as _, Rail, Refund, RefundStore};
use domain::receipt::ReceiptBook;
use serde_json::{Value, json};

/// What was asked back went back once, what came late went back once, and nothing else moved.
pub async fn back_once(run: &mut Run, told: &ToldBack) {
    let late = PaymentNo::new(&told.late.1).unwrap();
    let of_late: Vec<Refund> = RefundStore::list_of_payment(&run.store, &late).await.unwrap();
    let all = [told.part.clone(), of_late[0].no.to_string()];
    for_the_citizen(run, told).await;
    at_the_rail(run, told, &all).await;
    at_the_gateway(run, told).await;
    in_the_history(run, told, &all).await;
    in_the_receipts(run, told).await;
    in_the_books(run, told).await;
}

/// M3, M6, M9, M11: each payment stands where it must; the key still means the same refund.
async fn for_the_citizen(run: &mut Run, told: &ToldBack) {
    let (query, name) = asks_again();
    let again = run.asks(&told.citizen, &query, &json!({ "i": told.wish })).await;
    let again = &again["data"][name];
    assert_eq!(again["refund"]["refundNo"], told.part.as_str(), "{again}");
    let payments = run.payments(&told.citizen).await;
    let status = |no: &str| {
        let mut found = payments.iter().filter(|payment| payment["paymentNo"] == no);
        let status = found.next().unwrap()["status"].clone();
        assert!(found.next().is_none());
        status
    };
    assert_eq!(payments.len(), 3);
    assert_eq!(status(&told.fine.1), "PARTIALLY_REFUNDED");
    assert_eq!(status(&told.late.1), "REFUNDED");
    assert_eq!(status(&told.others.1), "PAID");
    assert_eq!(run.count("refund").await, 2, "and none of what was refused");
}

/// M2: the rail gave back twice, under our two numbers, what we asked for.
async fn at_the_rail(run: &Run, told: &ToldBack, all: &[String; 2]) {
    let refunds = run.levers.look("wechat-pay/refunds").await;
    let shown = |refund: &Value| {
        ["refundNo", "outTradeNo", "amountFen", "status"].map(|name| refund[name].clone())
    };
    let mut shown: Vec<_> = refunds["refunds"].as_array().unwrap().iter().map(shown).collect();
    shown.sort_by_key(|[_, _, amount, _]| amount.as_i64());
    let [part, late] = all;
    let expected = [
        [json!(part), json!(told.fine.1), json!(PART), json!("SUCCESS")],
        [json!(late), json!(told.late.1), json!(LATE), json!("SUCCESS")],
    ];
    assert_eq!(shown, expected);
    let truth = run.levers.look(&format!("truth?date={DAY}")).await;
    let totals = &truth["platforms"]["wechat-pay"]["totals"];
    assert_eq!(totals["paidFen"], told.fen + OTHERS + LATE, "{truth}");
    assert_eq!(totals["refundedFen"], PART + LATE, "{truth}");
}

/// M8: the gateway knows of one refund, that it is back; the receipts are one that was taken
/// back, the red one, and one of the rest; nobody told it of what came too late.
async fn at_the_gateway(run: &mut Run, told: &ToldBack) {
    let refunds = run.levers.look("refunds").await;
    let refunds = refunds["refunds"].as_array().unwrap();
    assert_eq!(refunds.len(), 1, "{refunds:?}");
    assert_eq!(refunds[0]["refundNo"], told.part.as_str());
    assert_eq!(
        (&refunds[0]["state"], &refunds[0]["amountFen"]),
        (&json!("PAID_BACK"), &json!(PART))
    );
    let fine = run.levers.gateway_notice(&told.fine.0).await;
    let amounts = |notice: &Value| -> Vec<i64> {
        let receipts = notice["receipts"].as_array().unwrap().iter();
        receipts.map(|receipt| receipt["amountFen"].as_i64().unwrap()).collect()
    };
    assert_eq!(amounts(&fine), [told.fen, -told.fen, told.fen - PART], "{fine}");
    let late = run.levers.gateway_notice(&told.late.0).await;
    assert_eq!((&late["writeOffs"], &late["receipts"]), (&json!([]), &json!([])), "{late}");
    let others = run.levers.gateway_notice(&told.others.0).await;
    assert_eq!((&others["state"], amounts(&others)), (&json!("PAID"), Vec::new()), "{others}");
}

/// M4, M7: a refund moves along edges, is sent under one number, and is over with evidence.
async fn in_the_history(run: &Run, told: &ToldBack, all: &[String; 2]) {
    for no in all {
        let records = run.store.history(&RefundNo::new(no).unwrap()).await.unwrap();
        let mut statuses: Vec<_> = records.iter().map(|record| record.status.code()).collect();
        statuses.dedup();
        let open = ["SUBMITTED", "UNKNOWN"];
        let at_rail = |status: &&str| open.contains(status);
        let sent = statuses.iter().position(|status| open.contains(status)).unwrap();
        let (office, rail) = statuses.split_at(sent);
        // Whoever hears of all decisions at once has never seen it with finance.
        let seen: Vec<_> = office.iter().filter(|status| **status != "AGENCY_CHECKED").collect();
        let requested: &[&&str] =
            if *no == told.part { &[&"REQUESTED", &"APPROVED"] } else { &[&"APPROVED"] };
        assert_eq!(seen, requested, "{no}: {statuses:?}");
        let end = rail.iter().skip_while(|status| at_rail(status)).collect::<Vec<_>>();
        assert_eq!(end, [&"DONE"], "{no}: {statuses:?}");
        let done = records.iter().find(|record| record.status.code() == "DONE").unwrap();
        assert!(done.evidence.is_some(), "{no} is done without evidence");
        let whats = |what: &str| records.iter().filter(|record| record.what == what).count();
        assert_eq!(whats("SEND"), 1, "{no}: {records:?}");
        assert_eq!(whats("TELL_DESK"), usize::from(*no == told.part), "{no}: {records:?}");
    }
}

/// M8: our receipts of the fine are the gateway's, linked both ways; one stands.
async fn in_the_receipts(run: &Run, told: &ToldBack) {
    let (notice, payment) = &told.fine;
    let (payment, notice) = (PaymentNo::new(payment).unwrap(), NoticeNo::new(notice).unwrap());
    let chain = ReceiptBook::list_chain(&run.store, &payment, &notice).await.unwrap();
    let red: Vec<_> = chain.iter().filter(|filed| filed.red_letter.is_some()).collect();
    let stands = |filed: &&domain::receipt::FiledReceipt| {
        filed.red_letter.is_none() && filed.reversed_by.is_none()
    };
    let standing: Vec<_> = chain.iter().filter(stands).collect();
    assert_eq!((chain.len(), red.len(), standing.len()), (3, 1, 1), "{chain:?}");
    let letter = red[0].red_letter.as_ref().unwrap();
    let first = chain.iter().find(|filed| filed.receipt.id == letter.original).unwrap();
    assert_eq!(first.reversed_by.as_ref(), Some(&red[0].receipt.id));
    assert_eq!(letter.refund_no.as_str(), told.part);
    assert_eq!(standing[0].receipt.amount.value(), told.fen - PART);
    assert_eq!(run.count("receipt").await, 3, "and none of the others");
}

/// M1, M2, M5 and M15: the books balance, each movement is booked once, and nothing waits.
async fn in_the_books(run: &Run, told: &ToldBack) {
    the_ledger_is_whole(run).await;
    let journals = run.store.journals_of(Rail::WeChatPay, DAY).await.unwrap();
    let kinds = |no: &str| {
        let of = journals.iter().filter(|journal| journal.payment_no.as_str() == no);
        let mut kinds: Vec<_> = of.map(|journal| journal.kind.code()).collect();
        kinds.sort_unstable();
        kinds
    };
    let sorted = |kinds: &[JournalKind]| {
        let mut kinds: Vec<_> = kinds.iter().map(|kind| kind.code()).collect();
        kinds.sort_unstable();
        kinds
    };
    use JournalKind::{OwedBack, Paid, RefundDone, RefundSent};
    assert_eq!(kinds(&told.fine.1), sorted(&[Paid, RefundSent, RefundDone]));
    assert_eq!(kinds(&told.late.1), sorted(&[OwedBack, RefundSent, RefundDone]));
    assert_eq!(kinds(&told.others.1), sorted(&[Paid]));
    let balance = |no: &str, captured: i64, gone: i64| {
        format!(
            "refund_balance WHERE payment_no = '{no}' AND captured = {captured} \
             AND reserved = {gone} AND returned = {gone}"
        )
    };
    assert_eq!(run.count(&balance(&told.fine.1, told.fen, PART)).await, 1);
    assert_eq!(run.count(&balance(&told.late.1, LATE, LATE)).await, 1);
    assert_eq!(run.count("outbox").await, 4, "a write-off and a receipt of each that counts");
    for waiting in [
        "outbox WHERE done_at IS NULL",
        "callback_inbox WHERE outcome IS NULL",
        "gateway_inbox WHERE outcome IS NULL",
        "refund WHERE next_try_at IS NOT NULL",
    ] {
        assert_eq!(run.count(waiting).await, 0, "{waiting}");
    }
}
