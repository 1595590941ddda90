//! Two nodes of the real binary on one PostgreSQL: one dies, the other finishes what it began.

use super::run::count;
use crate::app::{Folder, START_MS};
use crate::citizen::{Citizen, document, started};
use crate::levers::Levers;
use crate::node::{Process, free_port};
use crate::postgres;
use adapters::crash::Point;
use adapters::store::{PersonalDataKeys, Store};
use domain::ids::PaymentNo;
use domain::payment::{LedgerBook as _, OutboxStore as _, PaymentStore, RefundStore};
use mock_channels::{MockChannels, MockSettings};
use sea_orm::{Database, DatabaseConnection};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Payments of a round, begun at both nodes in turn; the first one's money goes back.
const PAYMENTS: i64 = 4;
const PAUSE: Duration = Duration::from_millis(50);
const CEILING: Duration = Duration::from_secs(90);
/// What is leased by a node that died waits so long for the other, by the clock of the mocks.
const STRIDE_SECONDS: i64 = 2;

struct Pair {
    mocks: MockChannels,
    levers: Levers,
    folder: Folder,
    database_url: String,
    store: Store,
    sql: DatabaseConnection,
    /// Those that live; each may die at its point.
    nodes: Vec<Process>,
    /// When the youngest is killed.
    killed_at: Option<Instant>,
    fates: Fates,
}

/// One payment of a round.
struct Begun {
    notice: String,
    fen: i64,
    payment: String,
    /// Is all of it asked back?
    back: bool,
}

/// How the younger node of each round ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fates {
    /// At its crash point.
    pub at_point: u32,
    /// By `kill -9`, in the middle of the work.
    pub at_work: u32,
    /// Not before all was done: the other was always faster at that step.
    pub idle: u32,
}

/// Steps that this work does not pass: another day, another story, or only when something fails.
const ELSEWHERE: [&str; 13] = [
    "clearing.",
    "day.",
    "gateway.fetch_file",
    "gateway.list_files",
    "gateway.query_refund",
    "gateway.replace_receipt",
    "gateway.send_",
    "ledger.",
    "news.",
    "outbox.never_receipted",
    "outbox.postpone",
    "rail.",
    "receipt.replacement",
];
/// Those of them that it passes all the same.
const HERE: [&str; 2] = ["rail.refund:", "rail.submit:"];
/// Steps of the way back.
const BACK: [&str; 6] =
    ["gateway.ask_", "gateway.rev", "gateway.tell_", "rail.refund:", "receipt.", "refund."];
/// The work of a round takes about as long.
const ROUND_MS: u64 = 3_000;

fn is_one_of(at: &str, steps: &[&str]) -> bool {
    steps.iter().any(|step| at.starts_with(step))
}

/// Some moment of a round, another one for every point.
fn some_moment(at: &str) -> Duration {
    let hash = at.bytes().fold(17_u64, |hash, byte| hash.wrapping_mul(31) + u64::from(byte));
    Duration::from_millis(hash % ROUND_MS)
}

/// As many rounds as points: while payments, callbacks, effects and refunds are under way at two
/// nodes, the younger dies at the point, or by `kill -9` at some moment where this work never
/// comes there. Where it is dead before the refund, a third one comes, and the older is killed in
/// the middle of that.
pub async fn either_node_may_die(points: &[String]) -> Fates {
    assert!(points.iter().all(|at| Point::all().iter().any(|point| &point.to_string() == at)));
    let mut pair = Pair::start().await;
    let facts = pair.levers.pull("citizens", json!({ "name": "退付通过" })).await;
    for (round, at) in (0_i64..).zip(points) {
        let victim = pair.node(Some(at)).await;
        pair.nodes.push(victim);
        let comes_there = is_one_of(at, &HERE) || !is_one_of(at, &ELSEWHERE);
        pair.killed_at = (!comes_there).then(|| Instant::now() + some_moment(at));
        let begun = pair.begins(&facts, round).await;
        pair.finishes(&facts, &begun, at).await;
        pair.proves(&begun).await;
    }
    let Fates { at_point, at_work, .. } = pair.fates;
    pair.stop().await;
    let idle = u32::try_from(points.len()).unwrap() - at_point - at_work;
    Fates { at_point, at_work, idle }
}

impl Pair {
    async fn start() -> Self {
        let mocks = MockChannels::start(MockSettings {
            addr: "127.0.0.1:0".to_owned(),
            state_file: None,
            start_at_ms: Some(START_MS),
        });
        let mocks = mocks.await.unwrap();
        let (levers, folder) = (Levers::of(&mocks.base_url()), Folder::fresh());
        let database_url = postgres::fresh_database().await;
        let keys = PersonalDataKeys::generate(&folder.0).unwrap();
        let store = Store::connect(&database_url, keys).await.unwrap();
        let sql = Database::connect(&database_url).await.unwrap();
        let nodes = Vec::new();
        let (killed_at, fates) = (None, Fates::default());
        let mut pair =
            Self { mocks, levers, folder, database_url, store, sql, nodes, killed_at, fates };
        let first = pair.node(None).await;
        pair.nodes.push(first);
        pair
    }

    async fn node(&self, crash_at: Option<&str>) -> Process {
        let port = free_port();
        Process::over(&self.database_url, &self.folder, port, &self.mocks, crash_at).await
    }

    /// Kills whose time has come, and buries who has died.
    fn buries(&mut self) {
        let living = self.nodes.len();
        self.nodes.retain_mut(|node| node.ended().is_none());
        self.fates.at_point += u32::try_from(living - self.nodes.len()).unwrap();
        if self.killed_at.is_some_and(|at| at <= Instant::now()) && self.nodes.len() > 1 {
            self.killed_at = None;
            self.nodes.pop().unwrap().kill();
            self.fates.at_work += 1;
        }
        assert!(!self.nodes.is_empty(), "one of two lives");
    }

    /// A mutation at that node, or at the other when nobody answers there; its payload.
    async fn mutates(
        &mut self,
        citizen: &Citizen,
        (first, name, fields): (usize, &str, &str),
        input: &Value,
    ) -> Value {
        let shape = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let query = document(name, &shape, fields);
        let since = Instant::now();
        for turn in first.. {
            self.buries();
            let url = self.nodes[turn % self.nodes.len()].base_url.clone();
            let asked = citizen.at(&url);
            let answer = asked.asks_a_dying_server(&query, json!({ "i": input })).await;
            if let Some(answer) = answer {
                assert!(answer["errors"].is_null(), "{name}: {answer}");
                return answer["data"][name].clone();
            }
            assert!(since.elapsed() < CEILING, "nobody answers {name}");
            tokio::time::sleep(PAUSE).await;
        }
        unreachable!("turns have no end")
    }

    /// Starts payments at both nodes in turn, and has them paid; asks one back.
    async fn begins(&mut self, facts: &Value, round: i64) -> Vec<Begun> {
        let citizen = Citizen::signs_in(&self.nodes[0].base_url, &self.levers, facts.clone()).await;
        let id = facts["citizenId"].as_str().unwrap();
        let mut begun = Vec::new();
        for number in 0..PAYMENTS {
            let fen = 10_000 + round * 100 + number;
            let notice = self.levers.notice(id, json!({ "amountFen": fen })).await;
            let wish = Citizen::wish(&notice, fen, &format!("key-{notice}"));
            let at = (usize::try_from(number).unwrap(), "startPayment", started());
            let payload = self.mutates(&citizen, (at.0, at.1, &at.2), &wish).await;
            let payment = payload["payment"]["paymentNo"].as_str();
            let payment = payment.unwrap_or_else(|| panic!("{payload}")).to_owned();
            begun.push(Begun { notice, fen, payment, back: number == 0 });
        }
        for one in &begun {
            self.is_at_the_rail(&one.payment).await;
            self.levers.pays(&one.payment).await;
        }
        begun
    }

    /// Its order is there: the node that stored it may have died before it asked.
    async fn is_at_the_rail(&mut self, payment: &str) {
        let since = Instant::now();
        loop {
            let orders = self.levers.look("orders").await;
            let all = orders["orders"].as_array().unwrap();
            if all.iter().any(|order| order["outTradeNo"] == payment) {
                return;
            }
            self.lets_time_go_by(since, "an order at the rail").await;
        }
    }

    /// Everything that was begun comes to its end, and one node is left.
    async fn finishes(&mut self, facts: &Value, begun: &[Begun], at: &str) {
        let since = Instant::now();
        while !self.is_written_off(begun).await {
            self.lets_time_go_by(since, "written-off payments").await;
        }
        let url = self.nodes[0].base_url.clone();
        let citizen = Citizen::signs_in(&url, &self.levers, facts.clone()).await;
        for one in begun.iter().filter(|one| one.back) {
            let wish = json!({
                "paymentNo": one.payment, "reason": "多缴",
                "idempotencyKey": format!("back-{}", one.payment)
            });
            let asked = (1, "requestRefund", "refund{refundNo}");
            let made = self.mutates(&citizen, asked, &wish).await;
            assert_eq!(made["userErrors"], json!([]), "{made}");
        }
        self.buries();
        if self.nodes.len() == 1 {
            let fresh = self.node(None).await;
            self.nodes.push(fresh);
            self.nodes.remove(0).kill();
            self.killed_at = None;
        } else if !is_one_of(at, &BACK) {
            // The other was faster at its step, or its moment has not come: it is now.
            self.killed_at = Some(Instant::now());
        }
        while !self.is_over(begun).await {
            self.lets_time_go_by(since, "an end of everything").await;
        }
        self.buries();
        self.nodes.drain(1..).for_each(Process::kill);
    }

    async fn is_written_off(&self, begun: &[Begun]) -> bool {
        for one in begun {
            let no = PaymentNo::new(&one.payment).unwrap();
            let payment = PaymentStore::find(&self.store, &no).await.unwrap().unwrap();
            if payment.notices.iter().any(|notice| notice.written_off_at.is_none()) {
                return false;
            }
        }
        true
    }

    async fn is_over(&self, begun: &[Begun]) -> bool {
        for one in begun.iter().filter(|one| one.back) {
            let no = PaymentNo::new(&one.payment).unwrap();
            let refunds = RefundStore::list_of_payment(&self.store, &no).await.unwrap();
            let open = |refund: &domain::payment::Refund| refund.next_try_at.is_some();
            if refunds.is_empty() || refunds.iter().any(open) {
                return false;
            }
        }
        let inbox = count(&self.sql, "callback_inbox WHERE outcome IS NULL").await;
        (self.store.backlog().await.unwrap(), inbox) == ((0, 0), 0)
    }

    async fn lets_time_go_by(&mut self, since: Instant, what: &str) {
        self.buries();
        assert!(since.elapsed() < CEILING, "never: {what}");
        self.levers.advance(STRIDE_SECONDS).await;
        tokio::time::sleep(PAUSE).await;
    }

    /// Each effect exactly once, here, at the rail and at the agency.
    async fn proves(&self, begun: &[Begun]) {
        let (debits, credits) = self.store.totals().await.unwrap();
        assert_eq!(debits, credits, "the ledger balances");
        let orders = self.levers.look("orders").await;
        let refunds = self.levers.look("wechat-pay/refunds").await;
        for one in begun {
            let no = PaymentNo::new(&one.payment).unwrap();
            let history = PaymentStore::history(&self.store, &no).await.unwrap();
            let times = |status| history.iter().filter(|r| r.status.code() == status).count();
            assert_eq!((times("PAID"), times("CLOSED")), (1, 0), "{history:?}");
            assert_eq!(times("REFUNDED"), usize::from(one.back), "{history:?}");

            let of = orders["orders"].as_array().unwrap().iter();
            let of: Vec<_> = of.filter(|order| order["outTradeNo"] == one.payment).collect();
            assert_eq!(of.len(), 1);
            assert_eq!(of[0]["paidFen"], one.fen);
            let back = refunds["refunds"].as_array().unwrap().iter();
            let back: Vec<_> = back.filter(|r| r["outTradeNo"] == one.payment).collect();
            assert_eq!(back.len(), usize::from(one.back), "{refunds}");
            for refund in back {
                assert_eq!(refund["amountFen"], one.fen, "{refund}");
                assert_eq!(refund["status"], "SUCCESS", "{refund}");
            }
            let rows = format!("outbox WHERE payment_no = '{no}' AND done_at IS NOT NULL");
            assert_eq!(count(&self.sql, &rows).await, 2, "a write-off and a receipt");
            let journals = format!("journal WHERE payment_no = '{no}'");
            let booked = if one.back { 3 } else { 1 };
            assert_eq!(count(&self.sql, &journals).await, booked, "each movement once");

            let held = self.levers.gateway_notice(&one.notice).await;
            let calls = held["writeOffs"].as_array().unwrap();
            assert!(!calls.is_empty(), "{held}");
            assert!(calls.iter().all(|call| call["payNo"] == one.payment), "{held}");
            let issued = held["receipts"].as_array().unwrap().iter();
            let issued: Vec<_> = issued.map(|r| r["amountFen"].as_i64().unwrap()).collect();
            let expected = if one.back { vec![one.fen, -one.fen] } else { vec![one.fen] };
            assert_eq!(issued, expected, "{held}");
        }
    }

    async fn stop(self) {
        for node in self.nodes {
            node.kill();
        }
        self.mocks.stop().await;
        self.store.close().await.unwrap();
        self.sql.close().await.unwrap();
        postgres::drop_database(&self.database_url).await;
    }
}
