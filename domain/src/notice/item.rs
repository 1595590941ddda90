//! The catalogue of what agencies collect through the platform (执收项目): where the money of an
//! item goes, who shares it, how its late fee grows and which receipt it has.

use super::item_check::{self, ItemFault, RawItem};
use super::{LateFeeCycle, LateFeeRate};
use crate::money::Fen;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fmt;

/// Code of an item in the catalogue: nine digits, class 3 + department 2 + item 2 + sub-item 2.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemCode(String);

/// CHITCODE, the code of an item at the gateway: eight digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChitCode(String);

/// Not a code of this kind.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not {0} digits, of which the second of nine is 0")]
pub struct ItemCodeInvalid(usize);

impl ItemCode {
    /// # Errors
    /// [`ItemCodeInvalid`] unless it is nine digits with `0` as the second, as in every class.
    pub fn new(text: &str) -> Result<Self, ItemCodeInvalid> {
        let digits = text.len() == 9 && text.bytes().all(|b| b.is_ascii_digit());
        let fits = digits && text.as_bytes()[1] == b'0';
        if fits { Ok(Self(text.to_owned())) } else { Err(ItemCodeInvalid(9)) }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The gateway's code: the nine digits without the second. An item may have another one.
    pub fn usual_chit_code(&self) -> ChitCode {
        ChitCode(format!("{}{}", &self.0[..1], &self.0[2..]))
    }
}

impl fmt::Display for ItemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ChitCode {
    /// # Errors
    /// [`ItemCodeInvalid`] unless it is eight digits.
    pub fn new(text: &str) -> Result<Self, ItemCodeInvalid> {
        let fits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(ItemCodeInvalid(8)) }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A word of the file for each of a few cases.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $case:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$each])* $case),+ }

        impl $name {
            /// The case that the file calls so.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$case),)+ _ => None }
            }

            /// What the file calls it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }
        }
    };
}

words! {
    /// What kind of income an item is.
    RevenueClass {
        /// Administrative fees.
        AdministrativeFee = "行政事业性收费",
        /// Funds of the government.
        GovernmentFund = "政府性基金",
        /// Use of the state's resources.
        StateResource = "国有资源有偿使用收入",
        /// Use of the state's assets.
        StateAsset = "国有资产有偿使用收入",
        /// The state's share of profits.
        StateCapital = "国有资本经营收入",
        /// Public welfare's part of lotteries.
        Lottery = "彩票公益金",
        /// Fines and what is confiscated.
        Fine = "罚没收入",
        /// Gifts.
        Donation = "捐赠收入",
        /// Other non-tax revenue.
        Other = "其他非税收入",
        /// Social insurance: no non-tax revenue.
        SocialInsurance = "社会保险费",
        /// Collected for others: no revenue of the state at all.
        ForOthers = "非财政收入(代收)",
    }
}

words! {
    /// Where the money of an item goes after the platform's clearing.
    Destination {
        /// The treasury (国库).
        Treasury = "treasury",
        /// The finance department's special account (财政专户).
        FiscalAccount = "fiscal_account",
        /// The special account of social insurance (社保基金财政专户).
        SocialInsuranceFund = "social_insurance_fund",
        /// The agency's own account: collected for it (代收).
        AgencyAccount = "agency_account",
    }
}

words! {
    /// Which level's finance department settles an item.
    SettlementLevel {
        /// The level of the agency: city or county.
        Collecting = "collecting_level",
        /// The province alone.
        Province = "province",
        /// The central government alone.
        Central = "central",
        /// Several, by shares.
        Shared = "shared",
    }
}

words! {
    /// Class of an item's fiscal e-receipt.
    ReceiptClass {
        /// 非税收入通用票据.
        General = "01",
        /// 非税收入专用票据.
        Special = "02",
        /// 非税收入一般缴款书.
        PaymentSlip = "03",
        /// 资金往来结算票据.
        Settlement = "04",
        /// 捐赠票据.
        Donation = "05",
        /// 医疗票据.
        Medical = "06",
    }
}

/// How much of an item's money goes to whom, in percent; always a hundred together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    central: u8,
    province: u8,
    local: u8,
}

/// Shares that are not a hundred percent together.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the shares are {0} percent together, not 100")]
pub struct SharesInvalid(pub u16);

/// An amount by levels; together the amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The central government's part.
    pub central: Fen,
    /// The province's part.
    pub province: Fen,
    /// The part of the city or county.
    pub local: Fen,
}

impl Shares {
    /// # Errors
    /// [`SharesInvalid`] unless they are a hundred together.
    pub fn new(central: u8, province: u8, local: u8) -> Result<Self, SharesInvalid> {
        let sum = u16::from(central) + u16::from(province) + u16::from(local);
        if sum == 100 { Ok(Self { central, province, local }) } else { Err(SharesInvalid(sum)) }
    }

    /// Percent of the central government.
    pub const fn central(self) -> u8 {
        self.central
    }

    /// Percent of the province.
    pub const fn province(self) -> u8 {
        self.province
    }

    /// Percent of the city or county of the agency.
    pub const fn local(self) -> u8 {
        self.local
    }

    /// Splits an amount, also a negative one of a refund: the parts are cut to whole fen, and
    /// what is left over goes to the lowest level that has a share, never to one without.
    pub fn split(self, amount: Fen) -> Split {
        let part = |percent: u8| {
            let exact = i128::from(amount.value()) * i128::from(percent) / 100;
            i64::try_from(exact).unwrap_or_default() // Nearer to zero than the amount itself.
        };
        let central = part(self.central);
        let (mut province, mut local) = (part(self.province), part(self.local));
        let left_over = amount.value() - central - province - local;
        match self.local {
            0 => province += left_over, // Nothing, where the central government has it all.
            _ => local += left_over,
        }
        Split { central: Fen::new(central), province: Fen::new(province), local: Fen::new(local) }
    }
}

/// How the catalogue lets an item's late fee grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemLateFee {
    /// It bears none.
    None,
    /// 加处罚款: 3 % a day, at most the principal, booked on an item of its own.
    Fine,
    /// 滞纳金: a surcharge that joins the item's revenue.
    Surcharge {
        /// Share of the amount per period.
        rate: LateFeeRate,
        /// The period.
        cycle: LateFeeCycle,
    },
}

/// What one unit of an item costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemAmount {
    /// Always this.
    Fixed(Fen),
    /// The agency decides, within these bounds.
    Variable {
        /// The least.
        min: Fen,
        /// The most.
        max: Fen,
    },
    /// A tariff or formula decides, within these bounds.
    Formula {
        /// The least.
        min: Fen,
        /// The most.
        max: Fen,
    },
}

impl ItemAmount {
    /// The least and the most.
    pub const fn bounds(self) -> (Fen, Fen) {
        match self {
            Self::Fixed(fen) => (fen, fen),
            Self::Variable { min, max } | Self::Formula { min, max } => (min, max),
        }
    }
}

/// One item of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentItem {
    /// Its code in the catalogue.
    pub code: ItemCode,
    /// Its code at the gateway.
    pub chit_code: ChitCode,
    /// Its name.
    pub name: String,
    /// The same in English.
    pub name_en: String,
    /// What kind of agency collects it.
    pub agency_type: String,
    /// What kind of income it is.
    pub revenue_class: RevenueClass,
    /// What one unit costs.
    pub amount: ItemAmount,
    /// What is counted: `件`, `生·学年`.
    pub unit: String,
    /// How its late fee grows.
    pub late_fee: ItemLateFee,
    /// Who settles it.
    pub settlement_level: SettlementLevel,
    /// Who shares it.
    pub shares: Shares,
    /// Where the money goes.
    pub destination: Destination,
    /// The receipt's class; `None`: no fiscal receipt.
    pub receipt_class: Option<ReceiptClass>,
    /// The law or the tariff, if it is known.
    pub legal_basis: Option<String>,
    /// The last day on which it was decided; `None`: still is.
    pub valid_to: Option<Date>,
}

impl PaymentItem {
    /// # Errors
    /// Everything that is wrong with it; `index` is its place in the file, from 0.
    pub fn check(raw: &RawItem, index: usize) -> Result<Self, Vec<ItemFault>> {
        item_check::item(raw, index)
    }
}

/// The catalogue: no code twice. It never changes while the program runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentItems {
    items: Vec<PaymentItem>,
    by_code: BTreeMap<ItemCode, usize>,
    by_chit_code: BTreeMap<ChitCode, usize>,
}

impl PaymentItems {
    /// Reads the items as written.
    ///
    /// # Errors
    /// Every fault of every item at once.
    pub fn check(raws: &[RawItem]) -> Result<Self, Vec<ItemFault>> {
        let (items, mut faults) = item_check::items(raws);
        let mut catalogue =
            Self { items: Vec::new(), by_code: BTreeMap::new(), by_chit_code: BTreeMap::new() };
        for (index, item) in items {
            let at = catalogue.items.len();
            if catalogue.by_code.insert(item.code.clone(), at).is_some() {
                faults.push(ItemFault::twice(index, "code", item.code.as_str()));
            } else if catalogue.by_chit_code.insert(item.chit_code.clone(), at).is_some() {
                faults.push(ItemFault::twice(index, "chit_code", item.chit_code.as_str()));
            }
            catalogue.items.push(item);
        }
        if faults.is_empty() { Ok(catalogue) } else { Err(faults) }
    }

    /// All items, as in the file.
    pub fn all(&self) -> &[PaymentItem] {
        &self.items
    }

    /// By the catalogue's code.
    pub fn find(&self, code: &ItemCode) -> Option<&PaymentItem> {
        self.by_code.get(code).and_then(|at| self.items.get(*at))
    }

    /// By the gateway's code, as a [`NoticeItem`](super::NoticeItem) has it.
    pub fn find_by_chit_code(&self, code: &str) -> Option<&PaymentItem> {
        let code = ChitCode::new(code).ok()?;
        self.by_chit_code.get(&code).and_then(|at| self.items.get(*at))
    }
}

#[cfg(test)]
#[path = "item_tests.rs"]
mod tests;
