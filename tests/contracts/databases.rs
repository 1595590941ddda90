//! What only a database can do wrong: migrations, tampered rows, data in clear.

use crate::bench::{self, Bench, TempFolder, insert, notice, paid, payment};
use crate::persons::{CARDS, proved};
use adapters::store::{ConnectError, MigrateError, PersonalDataKeys, Store};
use domain::fakes::FakeClock;
use domain::fakes::samples::{self, at};
use domain::identity::{PersonStore, SessionStore};
use domain::outside::StoreError;
use domain::payment::{CheckLedger, LedgerBalances as _, OutboxStore, PaymentStore, Rail};
use domain::standards::CitizenId;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

/// A migrated store, with a door for the tampering hand.
pub struct Opened {
    pub store: Store,
    url: String,
    sql: DatabaseConnection,
    _folder: Option<TempFolder>,
}

pub async fn open(url: String, folder: Option<TempFolder>) -> Opened {
    let keys = PersonalDataKeys::ephemeral().unwrap();
    let store = Store::connect(&url, keys).await.unwrap();
    store.migrate().await.unwrap();
    let sql = Database::connect(&url).await.unwrap();
    Opened { store, url, sql, _folder: folder }
}

/// Both kinds of database, fresh.
pub async fn both() -> [Opened; 2] {
    let folder = TempFolder::new();
    let sqlite = open(folder.sqlite_url(), Some(folder)).await;
    [sqlite, open(tests::postgres::fresh_database().await, None).await]
}

pub async fn run(opened: &Opened, sql: &str) -> Result<u64, String> {
    let done = opened.sql.execute_unprepared(sql).await;
    done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_status_that_does_not_fit_its_columns_is_corrupt() {
    for opened in both().await {
        let one = payment(1, 1);
        insert(&opened.store, &one).await;
        for (column, value) in [
            ("status", "'PAID'"),
            ("status", "'DONE'"),
            ("status", "'CLOSED'"),
            ("txn", "'T1'"),
            ("refund_origin", "'PAID'"),
            ("rail", "'CASH'"),
            ("channel", "'fax'"),
            ("next_check_at", "9223372036854775807"),
        ] {
            insert_again(&opened).await;
            run(&opened, &format!("UPDATE payment SET {column} = {value}")).await.unwrap();
            let found = PaymentStore::find(&opened.store, &one.no).await;
            match found {
                Err(StoreError::Corrupt { table: "payment", row, .. }) => {
                    assert_eq!(row, one.no.as_str());
                }
                other => panic!("{column} = {value} was read as {other:?}"),
            }
        }
    }
}

/// Puts the columns of a submitted payment back.
async fn insert_again(opened: &Opened) {
    let sql = "UPDATE payment SET status = 'SUBMITTED', txn = NULL, refund_origin = NULL, \
               rail = 'WECHAT_PAY', channel = 'wechat', next_check_at = 0";
    run(opened, sql).await.unwrap();
}

#[tokio::test]
async fn a_fen_in_a_balance_is_found_and_mended_from_zero() {
    for opened in both().await {
        let one = payment(1, 1);
        insert(&opened.store, &one).await;
        paid(&opened.store, &payment(2, 2)).await;
        let ledger = Arc::new(opened.store.clone());
        let check = CheckLedger { ledger, clock: Arc::new(FakeClock::at(at(0))) };
        assert_eq!(check.run().await.unwrap().faults, Vec::<String>::new());
        let more = "UPDATE ledger_balance SET debits = debits + 1 WHERE account LIKE 'rail_%'";
        assert_eq!(run(&opened, more).await.unwrap(), 1);
        let found = check.run().await.unwrap().faults;
        assert!(found.len() == 1 && found[0].starts_with("rail_clearing:"), "{found:?}");
        opened.store.rebuild().await.unwrap();
        assert_eq!(check.run().await.unwrap().faults, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_corrupt_row_does_not_stop_the_work_on_others() {
    for opened in both().await {
        for number in 1..=3 {
            insert(&opened.store, &payment(number, number)).await;
            paid(&opened.store, &payment(number + 10, number + 10)).await;
        }
        run(&opened, "UPDATE payment SET rail = 'CASH' WHERE no = 'YW000002'").await.unwrap();
        let leased =
            opened.store.lease_unsettled(Rail::WeChatPay, at(5), at(60), 10).await.unwrap();
        let numbers: Vec<_> = leased.iter().map(|payment| payment.no.as_str()).collect();
        assert_eq!(numbers, ["YW000001", "YW000003"]);
        let sql = "UPDATE outbox SET kind = 'DANCE' WHERE payment_no = 'YW000012' AND ready";
        assert_eq!(run(&opened, sql).await, Ok(1));
        let leased = OutboxStore::lease(&opened.store, at(20), at(60), 10).await.unwrap();
        let numbers: Vec<_> = leased.iter().map(|row| row.item.payment_no.as_str()).collect();
        assert_eq!(numbers, ["YW000011", "YW000013"]);
    }
}

#[tokio::test]
async fn the_database_itself_refuses_a_second_holder_and_an_unpositive_entry() {
    for opened in both().await {
        let (one, closed) = (payment(1, 1), payment(2, 1));
        insert(&opened.store, &closed).await;
        bench::happens(&opened.store, &closed, domain::payment::PaymentEvent::Close).await;
        paid(&opened.store, &one).await;
        for sql in [
            "UPDATE payment_notice SET holds = (1 = 1) WHERE payment_no = 'YW000002'",
            "UPDATE payment SET idempotency_key = 'key-YW000001'",
            "UPDATE journal_entry SET amount = 0",
            "UPDATE journal_entry SET amount = -1",
            "DELETE FROM payment WHERE no = 'YW000001'",
            "DELETE FROM journal",
            "INSERT INTO journal SELECT * FROM journal",
        ] {
            assert!(run(&opened, sql).await.is_err(), "{sql}");
        }
    }
}

#[tokio::test]
async fn personal_data_and_tokens_are_not_in_the_file() {
    let folder = TempFolder::new();
    let opened = open(folder.sqlite_url(), None).await;
    let person = samples::person("P1");
    PersonStore::insert(&opened.store, &person, &samples::link("P1")).await.unwrap();
    opened.store.update(&proved(&person, CARDS[0])).await.unwrap();
    let secret = |digit: &str| domain::identity::Secret::new(&digit.repeat(64)).unwrap();
    let tokens = domain::identity::Tokens { access: secret("a"), refresh: secret("b") };
    let session = domain::identity::Session {
        id: samples::caller("P1").session,
        person: person.id.clone(),
        channel: domain::identity::Channel::WeChat,
        device: None,
        created_at: at(0),
        last_seen_at: at(0),
        access_until: at(1),
        refresh_until: at(2),
    };
    SessionStore::insert(&opened.store, &session, &tokens).await.unwrap();
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap().path();
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is its owner's alone", file.display());
        bytes.extend(std::fs::read(file).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("v1:") && holds(person.id.as_str()), "the files hold the person");
    for clear in [CARDS[0], "13800138000", "王小明", &"a".repeat(64), &"b".repeat(64)] {
        assert!(!holds(clear), "{clear} is there in clear");
    }
}

#[tokio::test]
async fn sealed_columns_are_corrupt_elsewhere_and_under_other_keys() {
    for opened in both().await {
        let id_card = CitizenId::new(CARDS[0]).unwrap();
        for (id, card) in [("P1", CARDS[0]), ("P2", CARDS[1])] {
            let person = samples::person(id);
            PersonStore::insert(&opened.store, &person, &samples::link(id)).await.unwrap();
            opened.store.update(&proved(&person, card)).await.unwrap();
        }
        let stranger = PersonalDataKeys::ephemeral().unwrap();
        let stranger = Store::connect(&opened.url, stranger).await.unwrap();
        let unread = PersonStore::find(&stranger, &samples::person("P1").id).await;
        assert!(matches!(unread, Err(StoreError::Corrupt { table: "person", .. })));
        assert_eq!(stranger.find_by_id_card(&id_card).await.unwrap(), None);
        let sql = "UPDATE person SET id_card = (SELECT id_card FROM person WHERE id = 'P2') \
                   WHERE id = 'P1'";
        run(&opened, sql).await.unwrap();
        let moved = PersonStore::find(&opened.store, &samples::person("P1").id).await;
        assert!(matches!(moved, Err(StoreError::Corrupt { column: "id_card", .. })));
    }
}

#[tokio::test]
async fn nodes_that_start_at_once_migrate_once() {
    let folder = TempFolder::new();
    for url in [folder.sqlite_url(), tests::postgres::fresh_database().await] {
        let mut nodes = Vec::new();
        for _ in 0..4 {
            let keys = PersonalDataKeys::ephemeral().unwrap();
            nodes.push(Store::connect(&url, keys).await.unwrap());
        }
        assert!(nodes[0].readiness().await.is_err(), "not ready before it is migrated");
        let (a, b, c, d) = tokio::join!(
            nodes[0].migrate(),
            nodes[1].migrate(),
            nodes[2].migrate(),
            nodes[3].migrate()
        );
        for migrated in [a, b, c, d] {
            migrated.unwrap();
        }
        nodes[0].migrate().await.unwrap();
        nodes[3].readiness().await.unwrap();
        nodes[3].close().await.unwrap();
        assert!(nodes[3].readiness().await.is_err());
    }
}

#[tokio::test]
async fn a_migration_that_was_edited_afterwards_is_noticed() {
    for opened in both().await {
        run(&opened, "UPDATE schema_migration SET sha256 = 'x' WHERE number = 2").await.unwrap();
        let refused = opened.store.migrate().await;
        assert!(matches!(refused, Err(MigrateError::Changed { number: 2 })));
    }
}

#[tokio::test]
async fn a_store_in_memory_and_a_store_that_is_opened_again_work() {
    let keys = PersonalDataKeys::ephemeral().unwrap();
    let memory = Store::connect("sqlite::memory:", keys.clone()).await.unwrap();
    memory.migrate().await.unwrap();
    memory.readiness().await.unwrap();
    let one = paid(&memory, &payment(1, 1)).await;
    assert_eq!(memory.find_holder(&samples::notice_no(&notice(1))).await.unwrap(), Some(one));

    let folder = TempFolder::new();
    let first = Store::connect(&folder.sqlite_url(), keys.clone()).await.unwrap();
    first.migrate().await.unwrap();
    let one = paid(&first, &payment(1, 1)).await;
    first.close().await.unwrap();
    let second = Store::connect(&folder.sqlite_url(), keys).await.unwrap();
    assert_eq!(PaymentStore::find(&second, &one.no).await.unwrap(), Some(one));
}

#[tokio::test]
async fn other_addresses_are_refused() {
    for bad in ["", "mysql://x/y", "yiwang.db", "sqlite://", "sqlite://a?mode=ro", "postgres"] {
        let keys = PersonalDataKeys::ephemeral().unwrap();
        let refused = Store::connect(bad, keys).await.err();
        assert!(matches!(refused, Some(ConnectError::Address)), "{bad}");
    }
    let keys = PersonalDataKeys::ephemeral().unwrap();
    let missing = Store::connect("sqlite:///nowhere/at/all.db", keys.clone()).await.err();
    assert!(matches!(missing, Some(ConnectError::File(_))));
    let deaf = Store::connect("postgres://u:secret@127.0.0.1:1/db", keys).await.err().unwrap();
    assert!(!format!("{deaf} {deaf:?}").contains("secret"));
}

/// The second handle is another pool: what one commits the other sees at once.
#[tokio::test]
async fn what_one_node_commits_the_other_sees() {
    let Bench { store, other, folder: _folder } = bench::sqlite().await;
    for number in 1..=50 {
        let one = paid(&store, &payment(number, number)).await;
        assert_eq!(PaymentStore::find(&other, &one.no).await.unwrap(), Some(one));
    }
}

/// Connections to this database that call themselves ours.
async fn connections(opened: &Opened) -> i64 {
    let ask = "SELECT COUNT(*) AS open FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'yiwang'";
    let ask = sea_orm::Statement::from_string(opened.sql.get_database_backend(), ask);
    let row = opened.sql.query_one_raw(ask).await.unwrap().unwrap();
    row.try_get("", "open").unwrap()
}

#[tokio::test]
async fn a_server_opens_all_its_connections_before_it_serves_and_a_tool_only_what_it_needs() {
    let [sqlite, postgres] = both().await;
    assert!(connections(&postgres).await <= 4, "a migration needs no more");
    postgres.store.warm_up().await;
    assert_eq!(connections(&postgres).await, 24);
    sqlite.store.warm_up().await;
}
