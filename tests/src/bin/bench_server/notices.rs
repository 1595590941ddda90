//! The gateway's notices as rows of a table, which the servers beside read too.

use async_trait::async_trait;
use domain::money::Fen;
use domain::notice::{
    Agency, LateFee, Notice, NoticeBook, NoticeItem, NoticeNo, NoticeStanding, PayerKey, PayerName,
};
use domain::outside::OutsideError;
use domain::standards::{PayCode, RegionCode};
use jiff::Timestamp;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr,
    QueryResult, Statement, Value,
};
use serde::Deserialize;

/// As many as the product has to its own tables.
const CONNECTIONS: u32 = 24;
const COLUMNS: &str = "SELECT no, title, agency_code, agency_name, items, expires_at \
                       FROM bench_notice";

/// The table `bench_notice`.
pub struct TableNotices(DatabaseConnection);

#[derive(Deserialize)]
struct Item {
    code: String,
    name: String,
    fen: i64,
}

impl TableNotices {
    /// Opens as many connections as the product does.
    pub async fn open(url: &str) -> Self {
        let mut options = ConnectOptions::new(url);
        options.min_connections(CONNECTIONS).max_connections(CONNECTIONS);
        options.sqlx_logging(false).test_before_acquire(false);
        Self(Database::connect(options).await.unwrap())
    }

    async fn rows(&self, which: &str, of: &str) -> Result<Vec<Notice>, OutsideError> {
        let text = format!("{COLUMNS} WHERE {which}");
        let values: [Value; 1] = [of.into()];
        let ask = Statement::from_sql_and_values(DbBackend::Postgres, text, values);
        let rows = self.0.query_all_raw(ask).await.map_err(failed)?;
        rows.iter().map(notice).collect::<Result<_, _>>().map_err(failed)
    }
}

fn failed(error: DbErr) -> OutsideError {
    OutsideError::NotSent(error.into())
}

fn notice(row: &QueryResult) -> Result<Notice, DbErr> {
    let text = |column| row.try_get::<String>("", column);
    let items: Vec<Item> = serde_json::from_str(&text("items")?).unwrap();
    let expires_at: Option<i64> = row.try_get("", "expires_at")?;
    let item = |item: Item| NoticeItem {
        code: item.code,
        name: item.name,
        unit: String::new(),
        quantity: "1".to_owned(),
        price: Fen::new(item.fen),
        amount: Fen::new(item.fen),
        late_fee: LateFee::None,
    };
    Ok(Notice {
        no: NoticeNo::new(&text("no")?).unwrap(),
        title: text("title")?,
        agency: Agency { code: text("agency_code")?, name: text("agency_name")? },
        region: RegionCode::new("330100").unwrap(),
        payer: PayerName::new(""),
        pay_code: None,
        business_code: String::new(),
        items: items.into_iter().map(item).collect(),
        expires_at: expires_at.map(|at| Timestamp::from_microsecond(at).unwrap()),
        standing: NoticeStanding::Open,
    })
}

#[async_trait]
impl NoticeBook for TableNotices {
    async fn find(&self, no: &NoticeNo) -> Result<Option<Notice>, OutsideError> {
        Ok(self.rows("no = $1", no.as_str()).await?.pop())
    }

    async fn find_by_pay_code(&self, _: &PayCode) -> Result<Option<Notice>, OutsideError> {
        Ok(None)
    }

    async fn list_of_payer(&self, payer: &PayerKey) -> Result<Vec<Notice>, OutsideError> {
        match payer {
            PayerKey::Person(id_card) => {
                self.rows("id_card = $1 ORDER BY no LIMIT 100", id_card.as_str()).await
            }
            PayerKey::Vehicle { .. } | PayerKey::Company { .. } => Ok(Vec::new()),
        }
    }
}
