//! A rail whose files a test writes, and a town of everything around them.

use super::{
    Approvals, Arrived, ClosedDays, FiledStatements, IngestFile, Ingested, ReadCalendar,
    RepairLine, SourceKey, SourceKind, SourceReaders, SourceSlot, SourceStore, StatementFiles,
    StatementReader,
};
use crate::clock::from_beijing;
use crate::fakes::{FakeClock, InMemoryStore, ToyHash};
use crate::money::Fen;
use crate::outside::{OutsideError, StoreError};
use crate::payment::refund_bench::wait;
use crate::payment::{MerchantIdentity, Rail};
use crate::reconciliation::{
    DiscrepancyCode, QuarantinedLine, Statement, StatementError, StatementFault, StatementLine,
    StatementSource, Trailer,
};
use async_trait::async_trait;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const DAY: Date = date(2026, 3, 2);
pub const MERCHANT: &str = "1900007291";

/// Lines `order,day of March,fen`, then `=count,fen`.
pub struct Toy;

fn line(line_no: u32, raw: &str) -> Result<StatementLine, String> {
    let parts: Vec<_> = raw.split(',').collect();
    let [order, day, fen] = parts.as_slice() else { return Err("应有3列".to_owned()) };
    let (Ok(day), Ok(fen)) = (day.parse(), fen.parse()) else {
        return Err("不是数字".to_owned());
    };
    Ok(StatementLine {
        line_no,
        refund: None,
        order_no: (*order).to_owned(),
        txn: format!("T-{order}"),
        app_id: "wx1".to_owned(),
        merchant_no: MERCHANT.to_owned(),
        amount: Fen::new(fen),
        fee: Fen::new(1),
        at: from_beijing(date(2026, 3, day).at(12, 0, 0, 0)).unwrap(),
        raw: raw.to_owned(),
    })
}

impl StatementReader for Toy {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    fn version(&self) -> &'static str {
        "toy/1"
    }

    fn statement(&self, file: &[u8], _day: Date) -> Result<Statement, StatementFault> {
        let text = String::from_utf8(file.to_vec()).unwrap();
        let fault = |reason: &str| StatementFault {
            code: DiscrepancyCode::F02,
            reason: reason.to_owned(),
            original: file.to_vec(),
        };
        let (lines, totals) = text.split_once('=').ok_or_else(|| fault("没有合计"))?;
        let (count, paid) = totals.split_once(',').unwrap();
        let (paid, refunded) = (Fen::new(paid.parse().unwrap()), Fen::ZERO);
        let trailer = Trailer { count: count.parse().unwrap(), paid, refunded };
        let hash = format!("hash of {text}");
        let mut read = Statement { hash, original: file.to_vec(), trailer, ..Statement::empty() };
        for (line_no, raw) in (1..).zip(lines.lines()) {
            match line(line_no, raw) {
                Ok(line) => read.lines.push(line),
                Err(reason) => {
                    let (raw, amount) = (raw.to_owned(), None);
                    read.quarantined.push(QuarantinedLine { line_no, raw, reason, amount });
                }
            }
        }
        Ok(read)
    }

    fn line(
        &self,
        _original: &[u8],
        (line_no, text): (u32, &str),
        _day: Date,
    ) -> Result<StatementLine, String> {
        line(line_no, text)
    }
}

/// What the rail answers; nothing: it is not made yet.
#[derive(Default)]
pub struct ToyRail {
    pub files: Mutex<BTreeMap<Date, &'static str>>,
    pub asked: Mutex<u32>,
}

#[async_trait]
impl StatementSource for ToyRail {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn fetch(&self, day: Date) -> Result<Statement, StatementError> {
        *self.asked.lock().unwrap() += 1;
        match self.files.lock().unwrap().get(&day) {
            None => Err(StatementError::NotReady),
            Some(&"") => Ok(Statement::empty()),
            Some(&"silent") => Err(OutsideError::NotSent("silence".into()).into()),
            Some(text) => Toy
                .statement(text.as_bytes(), day)
                .map_err(|fault| StatementError::Damaged(Box::new(fault))),
        }
    }
}

/// Which days are closed, and what two persons agreed to: a reference, and to which bytes.
#[derive(Default)]
pub struct Desk {
    pub closed: Mutex<bool>,
    pub agreed: Mutex<Option<(&'static str, String)>>,
}

#[async_trait]
impl ClosedDays for Desk {
    async fn is_closed(&self, _day: Date) -> Result<bool, StoreError> {
        Ok(*self.closed.lock().unwrap())
    }
}

#[async_trait]
impl Approvals for Desk {
    async fn agreed(
        &self,
        reference: &str,
        _key: &SourceKey,
        sha256: &str,
    ) -> Result<bool, StoreError> {
        let agreed = self.agreed.lock().unwrap();
        Ok(agreed.as_ref().is_some_and(|(known, of)| *known == reference && of == sha256))
    }
}

pub struct Town {
    pub store: InMemoryStore,
    pub clock: Arc<FakeClock>,
    pub desk: Arc<Desk>,
    pub rail: Arc<ToyRail>,
    pub ingest: Arc<IngestFile>,
    pub filed: FiledStatements,
    pub repair: RepairLine,
    pub merchant: MerchantIdentity,
}

pub fn town() -> Town {
    let store = InMemoryStore::new();
    let shared = Arc::new(store.clone());
    let at = from_beijing(date(2026, 3, 3).at(10, 30, 0, 0)).unwrap();
    let (clock, desk) = (Arc::new(FakeClock::at(at)), Arc::new(Desk::default()));
    let merchant =
        MerchantIdentity { merchant_no: MERCHANT.to_owned(), app_ids: vec!["wx1".to_owned()] };
    let reader = StatementFiles { reader: Arc::new(Toy), merchant: merchant.clone() };
    let ingest = Arc::new(IngestFile {
        sources: shared.clone(),
        readers: SourceReaders::new([Arc::new(reader) as _]),
        hash: Arc::new(ToyHash),
        closed: desk.clone(),
        approvals: desk.clone(),
        audit: shared.clone(),
        clock: clock.clone(),
    });
    let rail = Arc::new(ToyRail::default());
    let filed = FiledStatements {
        rail: rail.clone(),
        reader: Arc::new(Toy),
        ingest: ingest.clone(),
        merchant: merchant.clone(),
    };
    let repair = RepairLine { ingest: ingest.clone(), days: shared };
    Town { store, clock, desk, rail, ingest, filed, repair, merchant }
}

pub fn key(day: Date) -> SourceKey {
    SourceKey::new(SourceKind::WeChatTrade, MERCHANT, day).unwrap()
}

impl Town {
    pub fn brings(&self, text: &str) -> Ingested {
        self.brings_with(text, None)
    }

    pub fn brings_with(&self, text: &str, approval: Option<&str>) -> Ingested {
        let (bytes, by) = (text.as_bytes().to_vec(), "li".to_owned());
        let approval = approval.map(str::to_owned);
        wait(self.ingest.run(&Arrived { key: key(DAY), bytes, by, approval })).unwrap()
    }

    pub fn slot(&self) -> SourceSlot {
        wait(self.store.find_slot(&key(DAY))).unwrap().unwrap()
    }

    pub fn fetch(&self) -> Result<Statement, StatementError> {
        wait(self.filed.fetch(DAY))
    }

    pub fn calendar(&self, calendar: super::SourceCalendar) -> ReadCalendar {
        ReadCalendar { calendar: Arc::new(calendar), ingest: self.ingest.clone() }
    }
}
