//! An item of the catalogue as written, checked.

use super::item::{
    ChitCode, Destination, ItemAmount, ItemCode, ItemLateFee, PaymentItem, ReceiptClass,
    RevenueClass, SettlementLevel, Shares,
};
use super::{LateFeeCycle, LateFeeRate};
use crate::money::{Fen, PayableFen};
use jiff::civil::Date;
use std::fmt;

/// An item as written. A missing text is an empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the item, before any check")]
pub struct RawItem {
    pub code: String,
    pub chit_code: Option<String>,
    pub name: String,
    pub name_en: String,
    pub agency_type: String,
    pub revenue_class: String,
    pub amount_mode: String,
    pub unit: String,
    pub amount_min_fen: i64,
    pub amount_max_fen: i64,
    pub late_fee: String,
    pub settlement_level: String,
    pub share_central: u8,
    pub share_province: u8,
    pub share_local: u8,
    pub destination: String,
    pub receipt_class: String,
    pub legal_basis: Option<String>,
    pub valid_to: Option<String>,
}

/// One thing that is wrong with one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFault {
    /// Which item, from 0.
    pub index: usize,
    /// Its code as written.
    pub code: String,
    /// The key.
    pub key: &'static str,
    /// What is wrong.
    pub what: String,
}

/// With its path: `item.106010100.shares: …`.
impl fmt::Display for ItemFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item.{}.{}: {}", self.code, self.key, self.what)
    }
}

impl ItemFault {
    pub(super) fn twice(index: usize, key: &'static str, code: &str) -> Self {
        let what = "another item has the same".to_owned();
        Self { index, code: code.to_owned(), key, what }
    }
}

/// Collects the faults of one item.
struct Checking<'a> {
    raw: &'a RawItem,
    index: usize,
    faults: Vec<ItemFault>,
}

impl Checking<'_> {
    fn fault(&mut self, key: &'static str, what: impl Into<String>) {
        let code = self.raw.code.clone();
        self.faults.push(ItemFault { index: self.index, code, key, what: what.into() });
    }

    fn known<T>(&mut self, key: &'static str, word: &str, found: Option<T>) -> Option<T> {
        if found.is_none() {
            let what = format!("`{}` is unknown", word.chars().take(40).collect::<String>());
            self.fault(key, what);
        }
        found
    }

    fn text(&mut self, key: &'static str, text: &str) {
        if text.trim().is_empty() {
            self.fault(key, "is missing");
        }
    }
}

pub(super) fn items(raws: &[RawItem]) -> (Vec<(usize, PaymentItem)>, Vec<ItemFault>) {
    let (mut sound, mut faults) = (Vec::new(), Vec::new());
    for (index, raw) in raws.iter().enumerate() {
        match item(raw, index) {
            Ok(item) => sound.push((index, item)),
            Err(found) => faults.extend(found),
        }
    }
    (sound, faults)
}

pub(super) fn item(raw: &RawItem, index: usize) -> Result<PaymentItem, Vec<ItemFault>> {
    let mut checking = Checking { raw, index, faults: Vec::new() };
    let found = checked(raw, &mut checking);
    match found {
        Some(item) if checking.faults.is_empty() => Ok(item),
        Some(_) | None => Err(checking.faults),
    }
}

fn checked(raw: &RawItem, checking: &mut Checking<'_>) -> Option<PaymentItem> {
    checking.text("name_zh", &raw.name);
    checking.text("name_en", &raw.name_en);
    checking.text("agency_type", &raw.agency_type);
    checking.text("unit", &raw.unit);
    let code = checking.known("code", &raw.code, ItemCode::new(&raw.code).ok());
    let chit_code = match &raw.chit_code {
        Some(own) => checking.known("chit_code", own, ChitCode::new(own).ok()),
        None => code.as_ref().map(ItemCode::usual_chit_code),
    };
    let class = RevenueClass::from_word(&raw.revenue_class);
    let revenue_class = checking.known("revenue_class", &raw.revenue_class, class);
    let amount = amount(raw, checking);
    let late_fee = checking.known("late_fee", &raw.late_fee, late_fee(&raw.late_fee));
    let level = SettlementLevel::from_word(&raw.settlement_level);
    let settlement_level = checking.known("settlement_level", &raw.settlement_level, level);
    let shares = shares(raw, settlement_level, checking);
    let found = Destination::from_word(&raw.destination);
    let destination = checking.known("destination", &raw.destination, found);
    let class = match raw.receipt_class.as_str() {
        "none" => Some(None),
        word => ReceiptClass::from_word(word).map(Some),
    };
    let receipt_class = checking.known("receipt_class", &raw.receipt_class, class);
    let valid_to = match &raw.valid_to {
        None => Some(None),
        Some(day) => checking.known("valid_to", day, day.parse::<Date>().ok().map(Some)),
    };
    Some(PaymentItem {
        code: code?,
        chit_code: chit_code?,
        name: raw.name.clone(),
        name_en: raw.name_en.clone(),
        agency_type: raw.agency_type.clone(),
        revenue_class: revenue_class?,
        amount: amount?,
        unit: raw.unit.clone(),
        late_fee: late_fee?,
        settlement_level: settlement_level?,
        shares: shares?,
        destination: destination?,
        receipt_class: receipt_class?,
        legal_basis: raw.legal_basis.clone(),
        valid_to: valid_to?,
    })
}

fn amount(raw: &RawItem, checking: &mut Checking<'_>) -> Option<ItemAmount> {
    let (least, most) = (raw.amount_min_fen, raw.amount_max_fen);
    if least < 0 {
        checking.fault("amount_min_fen", "is negative");
    }
    if PayableFen::new(most).is_err() {
        checking.fault("amount_max_fen", "is not an amount that can be paid");
    } else if most < least {
        checking.fault("amount_max_fen", "is less than amount_min_fen");
    }
    let (min, max) = (Fen::new(least), Fen::new(most));
    match raw.amount_mode.as_str() {
        "fixed" if least == most => Some(ItemAmount::Fixed(min)),
        "fixed" => {
            checking.fault("amount_mode", "is fixed, but the bounds differ");
            None
        }
        "variable" => Some(ItemAmount::Variable { min, max }),
        "formula" => Some(ItemAmount::Formula { min, max }),
        word => checking.known("amount_mode", word, None),
    }
}

/// `none`, `3%/day` (a fine's), `0.05%/day`, `0.2%/month`.
fn late_fee(text: &str) -> Option<ItemLateFee> {
    if text == "none" {
        return Some(ItemLateFee::None);
    }
    if text == "3%/day" {
        return Some(ItemLateFee::Fine);
    }
    let (percent, cycle) = text.split_once("%/")?;
    let cycle = match cycle {
        "day" => LateFeeCycle::Day,
        "month" => LateFeeCycle::Month,
        _ => return None,
    };
    let rate = LateFeeRate::from_percent(percent).ok()?;
    (rate.ppm() > 0).then_some(ItemLateFee::Surcharge { rate, cycle })
}

/// A level that settles alone has everything; with several nobody has.
fn shares(
    raw: &RawItem,
    level: Option<SettlementLevel>,
    checking: &mut Checking<'_>,
) -> Option<Shares> {
    let shares = match Shares::new(raw.share_central, raw.share_province, raw.share_local) {
        Ok(shares) => shares,
        Err(error) => {
            checking.fault("share_local", error.to_string());
            return None;
        }
    };
    let alone = match level? {
        SettlementLevel::Central => raw.share_central == 100,
        SettlementLevel::Province => raw.share_province == 100,
        SettlementLevel::Collecting => raw.share_local == 100,
        SettlementLevel::Shared => {
            ![raw.share_central, raw.share_province, raw.share_local].contains(&100)
        }
    };
    if !alone {
        checking.fault("settlement_level", "does not fit the shares");
    }
    Some(shares)
}
