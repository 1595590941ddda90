//! What all servers share: PostgreSQL, the played platforms, persons who signed in, their notices,
//! and the catalogue as the product read it.

use super::operations::{FEN, HOME_OF_CHANNELS, NOTICE_PREFIX, Operation, REGION};
use super::servers::{Kind, Server};
use adapters::reading::ChineseReading;
use domain::catalogue::{AppDefinition, Catalogue, Reading as _};
use domain::clock::Clock as _;
use domain::standards::RegionCode;
use jiff::civil::Date;
use mock_channels::{MockChannels, MockSettings};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use tests::app::{Folder, START_MS};
use tests::citizen::Citizen;
use tests::levers::{Http, Levers};

/// One person for each connection.
pub const PERSONS: usize = 16;
/// Open notices of each.
const NOTICES_EACH: usize = 6;
/// Notices that can be paid, by anybody, once a round.
const PAYABLE: u32 = 60_000;
/// A line that the product's catalogue of items has.
const ITEM: &str = "00034002";
/// Connections of each server to the database, the product's own number.
const CONNECTIONS: u32 = 24;

/// What all servers share.
pub struct World {
    /// Keys, settings and files.
    pub folder: Folder,
    /// Address of the database.
    pub database: String,
    /// The played platforms.
    pub mocks: MockChannels,
    /// Signed in, with a proved name.
    pub persons: Vec<Citizen>,
    connection: DatabaseConnection,
    _postgres: tests::postgres::Server,
}

impl World {
    /// Starts what is shared, and has the product make what only it can make.
    pub async fn begin() -> Self {
        let postgres = tests::postgres::fast();
        let admin = Database::connect(&postgres.url).await.unwrap();
        admin.execute_unprepared("CREATE DATABASE rivals").await.unwrap();
        let database = tests::postgres::with_database(&postgres.url, "rivals");
        let mocks = MockChannels::start(MockSettings {
            addr: "127.0.0.1:0".to_owned(),
            state_file: None,
            start_at_ms: Some(START_MS),
        });
        let connection = Database::connect(&database).await.unwrap();
        let mut world = Self {
            folder: Folder::fresh(),
            database,
            mocks: mocks.await.unwrap(),
            persons: Vec::new(),
            connection,
            _postgres: postgres,
        };
        world.tables().await;
        std::fs::write(world.manifest(), manifest().to_string()).unwrap();
        let product = Server::start(&world, Kind::Product, false).await;
        product.resume();
        let (base, levers) = (format!("http://{}", product.addr), world.levers());
        for _ in 0..PERSONS {
            let person = Citizen::arrives(&base, &levers).await;
            person.proves_name().await;
            world.persons.push(person);
        }
        world.fill().await;
        let catalogue = world.catalogue(&base).await;
        std::fs::write(world.folder.0.join("catalogue.json"), catalogue.to_string()).unwrap();
        world
    }

    /// The documents that the product knows beforehand.
    pub fn manifest(&self) -> PathBuf {
        self.folder.0.join("manifest.json")
    }

    fn levers(&self) -> Levers {
        Levers::of(&self.mocks.base_url())
    }

    /// Does it in the database.
    pub async fn runs(&self, sql: &str) {
        self.connection.execute_unprepared(sql).await.unwrap();
    }

    /// No notice is held any more.
    pub async fn forgets_payments(&self) {
        self.runs("TRUNCATE payment, payment_notice, payment_event CASCADE").await;
    }

    async fn tables(&self) {
        self.runs(
            "CREATE TABLE bench_notice (no TEXT PRIMARY KEY, id_card TEXT NOT NULL, \
             title TEXT NOT NULL, agency_code TEXT NOT NULL, agency_name TEXT NOT NULL, \
             items TEXT NOT NULL, expires_at BIGINT)",
        )
        .await;
        self.runs("CREATE INDEX bench_notice_payer ON bench_notice (id_card, no)").await;
    }

    async fn fill(&self) {
        let items = |fens: &[i64]| -> String {
            let item = |fen: &i64| json!({ "code": ITEM, "name": "城市维护收费", "fen": fen });
            Value::from(fens.iter().map(item).collect::<Vec<_>>()).to_string()
        };
        let due = |days: i64| (START_MS + days * 86_400_000) * 1_000;
        for (person, citizen) in self.persons.iter().enumerate() {
            let id_card = citizen.facts["idCard"].as_str().unwrap();
            for at in 0..NOTICES_EACH {
                let no = format!("330100001{person:04}{at:04}");
                let day = i64::try_from(20 + (at * 7) % 30).unwrap();
                let (lines, at) = (items(&[12_000 + day, 8_000]), due(day));
                self.runs(&format!(
                    "INSERT INTO bench_notice VALUES ('{no}', '{id_card}', '城市维护费用缴款通知', \
                     '330101', '杭州市综合行政执法局', '{lines}', {at})"
                ))
                .await;
            }
        }
        self.runs(&format!(
            "INSERT INTO bench_notice SELECT '{NOTICE_PREFIX}' || lpad(n::text, 8, '0'), '', \
             '城市维护费用缴款通知', '330101', '杭州市综合行政执法局', '{}', {} \
             FROM generate_series(0, {PAYABLE}) AS n",
            items(&[FEN]),
            due(60)
        ))
        .await;
        self.runs("VACUUM ANALYZE").await;
    }

    /// What a server beside is told.
    pub fn rival_settings(&self, port: u16, with_rail: bool) -> Value {
        let onboarding = self.mocks.onboarding();
        let pay = &onboarding.wechat_pay;
        let rail = json!({
            "url": pay.base_url,
            "merchantNo": pay.mch_id,
            "serial": pay.merchant_serial,
            "keyPem": pay.merchant_private_key_pem,
            "platformPem": pay.platform_public_key_pem,
            "notifyUrl": "http://127.0.0.1:1/callbacks/wechat-pay",
        });
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let home = Operation::HomeById.document();
        json!({
            "port": port,
            "schema": root.join("docs/schema.graphql"),
            "catalogue": self.folder.0.join("catalogue.json"),
            "keyDir": self.folder.0,
            "databaseUrl": self.database,
            "connections": CONNECTIONS,
            "aheadMs": self.mocks.clock().now_ms() - real_ms(),
            "appId": onboarding.wechat.app_id,
            "allotment": { "destination": "treasury", "shares": [0, 20, 80] },
            "documents": { (super::sha256(home)): home },
            "rail": if with_rail { rail } else { Value::Null },
        })
    }

    /// The catalogue as the product has it, for resolvers that answer from memory.
    async fn catalogue(&self, base: &str) -> Value {
        let catalogue = adapters::definitions::load_embedded().unwrap();
        let shown = self.shown(base).await;
        let day: Date = "2026-03-02".parse().unwrap();
        let mut parents = Map::new();
        let root = catalogue.regions().root().clone();
        below(&catalogue, &root, day, &mut parents);
        let category = |category: &domain::catalogue::Category| json!({ "slug": category.slug.as_str(), "name": category.name.zh });
        json!({
            "root": root.as_str(),
            "parents": parents,
            "categories": catalogue.categories().iter().map(category).collect::<Vec<_>>(),
            "hot": catalogue.hot().iter().map(|app| app.slug.as_str()).collect::<Vec<_>>(),
            "apps": apps(&catalogue, &shown),
            "phrases": phrases(&catalogue),
        })
    }

    /// What the product says of every app, to nobody and to somebody of the mini-program.
    async fn shown(&self, base: &str) -> [Value; 2] {
        let body = json!({ "query": HOME_OF_CHANNELS, "variables": { "region": REGION } });
        let (http, url) = (Http::default(), format!("{base}/graphql"));
        let (_, nobody) = http.post(&url, None, &body).await;
        let (_, somebody) = http.post(&url, Some(&self.persons[0].token), &body).await;
        for answer in [&nobody, &somebody] {
            assert!(answer["errors"].is_null(), "{answer}");
        }
        [nobody, somebody]
    }
}

/// The documents of all operations, as clients have theirs written down.
fn manifest() -> Value {
    use Operation as Op;
    let all = [Op::Home, Op::HomeComputed, Op::Search, Op::Notices, Op::Start].into_iter();
    let entry = |of: Op| {
        let body = of.document();
        let (kind, rest) = body.split_once(' ').unwrap();
        let name = rest.split([' ', '(']).next().unwrap();
        json!({ "id": super::sha256(body), "name": name, "type": kind, "body": body })
    };
    json!({
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": all.map(entry).collect::<Vec<_>>(),
    })
}

fn real_ms() -> i64 {
    adapters::system::SystemClock.now().as_millisecond()
}

fn below(catalogue: &Catalogue, parent: &RegionCode, day: Date, parents: &mut Map<String, Value>) {
    for region in catalogue.regions().children(parent, day) {
        parents.insert(region.code.as_str().to_owned(), parent.as_str().into());
        below(catalogue, &region.code, day, parents);
    }
}

fn apps(catalogue: &Catalogue, shown: &[Value; 2]) -> Vec<Value> {
    let apps = catalogue.categories().iter().flat_map(|of| catalogue.apps_of(&of.slug));
    apps.map(|app| one_app(app, shown)).collect()
}

fn one_app(app: &AppDefinition, shown: &[Value; 2]) -> Value {
    let all = shown.iter().flat_map(|answer| {
        let categories = answer["data"]["home"]["categories"].as_array().unwrap();
        categories.iter().flat_map(|category| category["apps"].as_array().unwrap())
    });
    let mine: Vec<_> = all.filter(|of| of["slug"] == app.slug.as_str()).collect();
    let mut words = Map::new();
    let mut schedule = json!({ "status": "OPEN", "holdsUntil": i64::MAX / 2_000_000 });
    for said in mine.iter().map(|of| &of["availability"]) {
        let status = said["status"].as_str().unwrap();
        words.insert(status.to_owned(), said.clone());
        if app.runs() && !status.starts_with("NOT_IN") {
            let until: Option<jiff::Timestamp> =
                said["until"].as_str().map(|text| text.parse().unwrap());
            schedule["status"] = status.into();
            if let Some(until) = until {
                schedule["holdsUntil"] = until.as_millisecond().into();
            }
        }
    }
    json!({
        "id": mine[0]["id"],
        "slug": app.slug.as_str(),
        "name": app.name.zh,
        "summary": app.summary,
        "category": app.category.as_str(),
        "kind": mine[0]["kind"],
        "coverage": app.coverage.iter().map(RegionCode::as_str).collect::<Vec<_>>(),
        "channels": app.channels.iter().map(|channel| channel.code()).collect::<Vec<_>>(),
        "runs": app.runs(),
        "schedule": schedule,
        "words": words,
    })
}

/// Every name and other word with its sounds.
fn phrases(catalogue: &Catalogue) -> Vec<Value> {
    let reading = ChineseReading::new().unwrap();
    let sound = |character: char| {
        let sounds = reading.sounds(character).into_iter();
        sounds.map(|sound| sound.to_lowercase()).next().unwrap_or_else(|| character.to_string())
    };
    let phrase = |app: &AppDefinition, text: &str| {
        let sounds: Vec<String> = text.to_lowercase().chars().map(sound).collect();
        let initials: String = sounds.iter().filter_map(|sound| sound.chars().next()).collect();
        json!({
            "app": app.slug.as_str(),
            "text": text.to_lowercase(),
            "pinyin": sounds.concat(),
            "initials": initials,
        })
    };
    let of_app = |app| {
        let app: &AppDefinition = app;
        let words = std::iter::once(&app.name.zh).chain(&app.keywords);
        words.map(|text| phrase(app, text)).collect::<Vec<_>>()
    };
    catalogue.apps().flat_map(of_app).collect()
}
