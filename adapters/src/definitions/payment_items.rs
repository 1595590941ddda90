//! Reads the catalogue of what agencies collect, `payment_items.toml`.

use super::fault::{Collected, DefinitionFaults};
use super::lines::{line_at, line_in};
use domain::notice::{PaymentItems, RawItem};
use serde::Deserialize;
use serde::de::IgnoredAny;

const FILE: &str = "payment_items.toml";
const TEXT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/payment_items.toml"));

/// A file without items is an empty catalogue only by mistake.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWire {
    #[serde(rename = "sources")]
    _sources: IgnoredAny,
    item: Vec<ItemWire>,
}

/// What is not named here is for the maintainers' eyes only, and is checked to be one of the
/// keys they know.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemWire {
    #[serde(default)]
    code: String,
    chit_code: Option<String>,
    #[serde(default)]
    name_zh: String,
    #[serde(default)]
    name_en: String,
    #[serde(default)]
    agency_type: String,
    #[serde(default)]
    revenue_class: String,
    #[serde(default)]
    amount_mode: String,
    #[serde(default)]
    unit: String,
    amount_min_fen: i64,
    amount_max_fen: i64,
    #[serde(default)]
    late_fee: String,
    #[serde(default)]
    settlement_level: String,
    share_central: u8,
    share_province: u8,
    share_local: u8,
    #[serde(default)]
    destination: String,
    #[serde(default)]
    receipt_class: String,
    legal_basis: Option<String>,
    valid_to: Option<String>,
    #[serde(default, rename = "code_2014")]
    _code_2014: IgnoredAny,
    #[serde(default, rename = "provenance")]
    _provenance: IgnoredAny,
    #[serde(default, rename = "source")]
    _source: IgnoredAny,
    #[serde(default, rename = "note")]
    _note: IgnoredAny,
}

/// The catalogue that this program was built with.
///
/// # Errors
/// Every fault of the file; a test keeps it from happening.
pub fn load_payment_items() -> Result<PaymentItems, DefinitionFaults> {
    read(TEXT)
}

fn read(text: &str) -> Result<PaymentItems, DefinitionFaults> {
    let mut collected = Collected::default();
    let file: FileWire = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            collected.add(FILE, line_at(text, offset), error.message().replace('\n', " "));
            return Err(collected.into_faults());
        }
    };
    if file.item.is_empty() {
        collected.add(FILE, 1, "item: there is none".to_owned());
        return Err(collected.into_faults());
    }
    let raws: Vec<RawItem> = file.item.into_iter().map(ItemWire::into_raw).collect();
    PaymentItems::check(&raws).map_err(|faults| {
        for fault in faults {
            let line = line_in(text, "[[item]]", fault.index, fault.key);
            collected.add(FILE, line, fault.to_string());
        }
        collected.into_faults()
    })
}

impl ItemWire {
    fn into_raw(self) -> RawItem {
        RawItem {
            code: self.code,
            chit_code: self.chit_code,
            name: self.name_zh,
            name_en: self.name_en,
            agency_type: self.agency_type,
            revenue_class: self.revenue_class,
            amount_mode: self.amount_mode,
            unit: self.unit,
            amount_min_fen: self.amount_min_fen,
            amount_max_fen: self.amount_max_fen,
            late_fee: self.late_fee,
            settlement_level: self.settlement_level,
            share_central: self.share_central,
            share_province: self.share_province,
            share_local: self.share_local,
            destination: self.destination,
            receipt_class: self.receipt_class,
            legal_basis: self.legal_basis,
            valid_to: self.valid_to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::money::Fen;
    use domain::notice::{Destination, ItemAmount, ItemCode, ItemLateFee, ReceiptClass};
    use std::collections::BTreeMap;

    #[test]
    fn all_195_items_are_sound_and_their_money_has_an_owner() {
        let items = load_payment_items().unwrap();
        assert_eq!(items.all().len(), 195);
        let mut destinations = BTreeMap::new();
        for item in items.all() {
            let split = item.shares.split(Fen::new(10_001));
            let sum = Fen::sum([split.central, split.province, split.local]);
            assert_eq!(sum, Ok(Fen::new(10_001)), "{}", item.code);
            let (shares, parts) = (item.shares, [split.central, split.province, split.local]);
            for (share, part) in
                [shares.central(), shares.province(), shares.local()].into_iter().zip(parts)
            {
                assert_eq!(share > 0, part > Fen::ZERO, "{}", item.code);
            }
            assert_eq!(items.find(&item.code), Some(item));
            assert_eq!(items.find_by_chit_code(item.chit_code.as_str()), Some(item));
            *destinations.entry(item.destination).or_insert(0) += 1;
        }
        let expected = [
            (Destination::Treasury, 161),
            (Destination::FiscalAccount, 12),
            (Destination::SocialInsuranceFund, 5),
            (Destination::AgencyAccount, 17),
        ];
        assert_eq!(destinations, BTreeMap::from(expected));
    }

    #[test]
    fn items_say_what_the_file_says() {
        let items = load_payment_items().unwrap();
        let item = |code: &str| items.find(&ItemCode::new(code).unwrap()).unwrap();
        assert_eq!(item("106010100").late_fee, ItemLateFee::Fine);
        assert_eq!(item("102010200").chit_code.as_str(), "00034002");
        assert_eq!(item("901050000").receipt_class, None);
        assert_eq!(item("101010301").amount, ItemAmount::Fixed(Fen::new(10_000)));
        assert_eq!(item("101010301").receipt_class, Some(ReceiptClass::General));
        let sea = item("103010100").shares;
        assert!(sea.central() > 0 && sea.province() > 0 && sea.local() > 0);
        let marriage = item("101050100").valid_to;
        assert_eq!(marriage, Some(jiff::civil::date(2017, 3, 31)));
    }

    #[test]
    fn all_faults_of_the_file_are_told_with_their_lines() {
        let text = TEXT
            .replacen("destination = \"treasury\"", "destination = \"bank\"", 1)
            .replacen("share_local = 100", "share_local = 90", 1)
            .replacen("code = \"101010302\"", "code = \"101010301\"", 1);
        let line = |key: &str, nth| {
            let mut lines = text.lines().enumerate().filter(|(_, line)| line.starts_with(key));
            lines.nth(nth).unwrap().0 + 1
        };
        assert_eq!(
            read(&text).unwrap_err().to_string().lines().collect::<Vec<_>>(),
            [
                format!(
                    "payment_items.toml:{}: item.101010301.share_local: the shares are 90 \
                     percent together, not 100",
                    line("share_local", 0)
                ),
                format!(
                    "payment_items.toml:{}: item.101010301.destination: `bank` is unknown",
                    line("destination", 0)
                ),
            ]
        );
        let text = TEXT.replacen("code = \"101010302\"", "code = \"101010301\"", 1);
        let faults = read(&text).unwrap_err().to_string();
        assert!(faults.ends_with("item.101010301.code: another item has the same"), "{faults}");
    }

    #[test]
    fn an_unknown_key_and_an_empty_file_are_faults() {
        let typo = TEXT.replacen("unit = ", "units = ", 1);
        assert!(read(&typo).unwrap_err().to_string().contains("unknown field `units`"));
        assert_eq!(
            read("item = []\n[sources]\n").unwrap_err().to_string(),
            "payment_items.toml:1: item: there is none"
        );
    }
}
