//! The unified gateway and the agencies behind it: notices, write-offs, receipts; and the other
//! channels that take money for the same notices.

use super::fault::Kind;
use super::net::{GATEWAY, exchange};
use super::options::Plant;
use super::world::{Core, World};
use async_trait::async_trait;
use domain::money::Fen;
use domain::notice::{Notice, NoticeBook, NoticeNo, NoticeStanding, PayerKey};
use domain::outside::OutsideError;
use domain::receipt::{Confirmation, NoticeWriteOff, Receipt, ReceiptId, ReceiptIssuer, WriteOff};
use domain::standards::{CheckCode, PayCode, ReceiptCode, ReceiptNo};
use std::collections::BTreeMap;

/// What an agency does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgencyAct {
    /// Takes the notice back.
    Withdraws,
    /// Learns that it was paid at a counter.
    PaidElsewhere,
    /// Finds that the amount was wrong.
    Corrects,
}

impl AgencyAct {
    pub const ALL: [Self; 3] = [Self::Withdraws, Self::PaidElsewhere, Self::Corrects];
}

/// The gateway's own books.
#[derive(Debug, Default)]
pub struct Gateway {
    pub notices: Vec<Notice>,
    places: BTreeMap<NoticeNo, usize>,
    /// When an agency corrected the amount of a notice, for the last time.
    pub corrected_at: BTreeMap<NoticeNo, i64>,
    pub written_off: BTreeMap<NoticeNo, WriteOff>,
    pub receipts: BTreeMap<NoticeNo, Receipt>,
}

impl Gateway {
    pub fn with(notices: Vec<Notice>) -> Self {
        let places = notices.iter().enumerate().map(|(at, notice)| (notice.no.clone(), at));
        Self { places: places.collect(), notices, ..Self::default() }
    }

    pub fn find(&self, no: &NoticeNo) -> Option<&Notice> {
        self.places.get(no).map(|at| &self.notices[*at])
    }

    /// What the notices cost now, as a client shows it.
    pub fn total(&self, notices: &[usize], now: i64) -> Fen {
        let at = super::world::timestamp(now);
        let dues = notices.iter().map(|place| self.notices[*place].due(at).unwrap().total);
        Fen::sum(dues).unwrap()
    }
}

pub fn act(core: &mut Core, place: usize, act: AgencyAct) {
    let notice = &mut core.gateway.notices[place];
    if notice.standing != NoticeStanding::Open {
        return;
    }
    let no = notice.no.clone();
    match act {
        AgencyAct::Withdraws => notice.standing = NoticeStanding::Withdrawn,
        AgencyAct::PaidElsewhere => notice.standing = NoticeStanding::Paid,
        AgencyAct::Corrects => {
            let amount = &mut notice.items[0].amount;
            *amount = Fen::new(amount.value() / 2 + 1);
            core.gateway.corrected_at.insert(no.clone(), core.now);
        }
    }
    core.note("agency", no.as_str(), act as i64);
}

fn refused(code: &str) -> OutsideError {
    OutsideError::Refused { code: code.to_owned(), message: String::new() }
}

fn write_off(core: &mut Core, told: &WriteOff) -> Result<(), OutsideError> {
    super::check::write_off_arrives(core, told);
    if let Some(known) = core.gateway.written_off.get(&told.notice_no) {
        return if known == told { Ok(()) } else { Err(refused("ALREADY_PAID")) };
    }
    let Some(place) = core.gateway.places.get(&told.notice_no).copied() else {
        return Err(refused("NOT_FOUND"));
    };
    match core.gateway.notices[place].standing {
        NoticeStanding::Paid => return Err(refused("ALREADY_PAID")),
        NoticeStanding::Withdrawn => return Err(refused("WITHDRAWN")),
        NoticeStanding::Open => {}
    }
    core.gateway.notices[place].standing = NoticeStanding::Paid;
    core.gateway.written_off.insert(told.notice_no.clone(), told.clone());
    core.note("written off", told.notice_no.as_str(), told.amount.value());
    Ok(())
}

fn issue(core: &mut Core, told: &WriteOff) -> Result<Receipt, OutsideError> {
    super::check::receipt_asked(core, told);
    if let Some(known) = core.gateway.receipts.get(&told.notice_no) {
        return Ok(known.clone());
    }
    let number = format!("{:010}", core.gateway.receipts.len() + 1);
    let receipt = Receipt {
        id: ReceiptId {
            code: ReceiptCode::new("33030126").unwrap(),
            number: ReceiptNo::new(&number).unwrap(),
        },
        check_code: CheckCode::new("a1b2c3").unwrap(),
        notice_no: told.notice_no.clone(),
        payment_no: told.payment_no.clone(),
        amount: told.amount,
        issued_at: told.paid_at,
    };
    core.gateway.receipts.insert(told.notice_no.clone(), receipt.clone());
    core.note("receipt", told.notice_no.as_str(), told.amount.value());
    Ok(receipt)
}

/// The gateway, from a node.
pub struct SimGateway {
    pub world: World,
}

/// "Busy", or "I do not know this notice yet": either way, later.
fn busy(core: &mut Core, key: u64) -> Option<OutsideError> {
    let code = if key.is_multiple_of(2) { "SYSTEM_BUSY" } else { "NOT_FOUND" };
    core.fault(Kind::GatewayRefuses, key).then(|| refused(code))
}

#[async_trait]
impl NoticeBook for SimGateway {
    async fn find(&self, no: &NoticeNo) -> Result<Option<Notice>, OutsideError> {
        let (no, key) = (no.clone(), self.world.with(Core::next_key));
        let answer = exchange(&self.world, GATEWAY, move |core| {
            if core.fault(Kind::GatewayRefuses, key) {
                return Err(refused("SYSTEM_BUSY"));
            }
            let cached = core.plant_is(Plant::CachedHolders);
            let found = core.gateway.find(&no).cloned();
            Ok(found.map(|notice| match cached {
                true => Notice { standing: NoticeStanding::Open, ..notice },
                false => notice,
            }))
        });
        answer.await?
    }

    async fn list_of_payer(&self, _: &PayerKey) -> Result<Vec<Notice>, OutsideError> {
        Err(refused("NOT_ASKED_HERE"))
    }

    async fn find_by_pay_code(&self, _: &PayCode) -> Result<Option<Notice>, OutsideError> {
        Err(refused("NOT_ASKED_HERE"))
    }
}

#[async_trait]
impl NoticeWriteOff for SimGateway {
    async fn write_off(&self, told: &WriteOff) -> Result<Confirmation, OutsideError> {
        let (mut told, key) = (told.clone(), self.world.with(Core::next_key));
        if self.world.with(|core| core.plant_is(Plant::NewWriteOffNumber)) {
            told.txn = format!("{}-{key:x}", told.txn);
        }
        let answer = exchange(&self.world, GATEWAY, move |core| match busy(core, key) {
            Some(error) => Err(error),
            None => write_off(core, &told),
        });
        answer.await?.map(|()| Confirmation::Confirmed)
    }
}

#[async_trait]
impl ReceiptIssuer for SimGateway {
    async fn issue(&self, told: &WriteOff) -> Result<Receipt, OutsideError> {
        let (told, key) = (told.clone(), self.world.with(Core::next_key));
        let answer = exchange(&self.world, GATEWAY, move |core| match busy(core, key) {
            Some(error) => Err(error),
            None => issue(core, &told),
        });
        answer.await?
    }
}
