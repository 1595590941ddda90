//! `rules.json`.

use super::faults::Faults;
use domain::money::Fen;
use domain::payment::Rail;
use domain::reconciliation::engine::{MerchantRule, OpenPayout, Rules};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesWire {
    day: String,
    judged_at: String,
    cut_minutes: u32,
    write_off_due_minutes: u32,
    payout_due_days: u32,
    fee_tolerance_fen: i64,
    merchants: Vec<MerchantWire>,
    #[serde(default)]
    open_payouts: Vec<OpenWire>,
    #[serde(default)]
    seen_files: Vec<String>,
    #[serde(default)]
    expected_files: Vec<String>,
    #[serde(default)]
    file_hashes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MerchantWire {
    rail: String,
    merchant_no: String,
    app_ids: Vec<String>,
    fee_ppm: u32,
    account: String,
    #[serde(default)]
    item_codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenWire {
    rail: String,
    merchant_no: String,
    day: String,
    net_fen: i64,
}

/// A rate beyond the whole amount is a slip of the pen.
const PPM_MAX: u32 = 1_000_000;

/// Reads the rules; whatever is wrong is told under the file's name.
pub fn read(name: &str, text: &[u8], faults: &mut Faults) -> Option<Rules> {
    let wire: RulesWire = match serde_json::from_slice(text) {
        Ok(wire) => wire,
        Err(error) => {
            faults.add(format!("{name}：{error}"));
            return None;
        }
    };
    let mut wrong = Vec::new();
    let day = super::bytes::day_of(wire.day.as_bytes());
    let judged_at = wire.judged_at.parse().ok();
    let mut check = |right: bool, fault: String| {
        if !right {
            wrong.push(fault);
        }
    };
    check(day.is_some(), format!("day不是日期：{}", wire.day));
    check(judged_at.is_some(), format!("judged_at不是时间：{}", wire.judged_at));
    check(wire.fee_tolerance_fen >= 0, "fee_tolerance_fen小于零".to_owned());
    check(wire.cut_minutes <= 24 * 60, "cut_minutes超过一天".to_owned());
    let mut merchants: Vec<MerchantRule> = Vec::new();
    for (at, merchant) in wire.merchants.into_iter().enumerate() {
        let MerchantWire { rail, merchant_no, app_ids, fee_ppm, account, item_codes } = merchant;
        let known = Rail::from_code(&rail);
        check(known.is_some(), format!("merchants[{at}].rail不是渠道：{rail}"));
        check(!merchant_no.is_empty(), format!("merchants[{at}].merchant_no为空"));
        check(fee_ppm <= PPM_MAX, format!("merchants[{at}].fee_ppm大于一百万"));
        let Some(rail) = known else { continue };
        let twice = merchants.iter().any(|m| (m.rail, &m.merchant_no) == (rail, &merchant_no));
        check(!twice, format!("merchants[{at}]与前面的商户号重复：{merchant_no}"));
        merchants.push(MerchantRule { rail, merchant_no, app_ids, fee_ppm, account, item_codes });
    }
    let mut open_payouts = Vec::new();
    for (at, open) in wire.open_payouts.into_iter().enumerate() {
        let (rail, of) = (Rail::from_code(&open.rail), super::bytes::day_of(open.day.as_bytes()));
        check(rail.is_some(), format!("open_payouts[{at}].rail不是渠道：{}", open.rail));
        check(of.is_some(), format!("open_payouts[{at}].day不是日期：{}", open.day));
        let (Some(rail), Some(day)) = (rail, of) else { continue };
        let (merchant_no, net) = (open.merchant_no, Fen::new(open.net_fen));
        open_payouts.push(OpenPayout { rail, merchant_no, day, net });
    }
    for expected in &wire.expected_files {
        let known = match expected.split_once(':') {
            Some(("AGENCY", code)) => !code.is_empty(),
            Some((rail, no)) => Rail::from_code(rail).is_some() && !no.is_empty(),
            None => expected == "BANK",
        };
        check(known, format!("expected_files里的“{expected}”不认识"));
    }
    for (file, hash) in &wire.file_hashes {
        let length = match hash.split_once(':') {
            Some(("sha1", hex)) => hex.len() == 40,
            Some(("sha256", hex)) => hex.len() == 64,
            Some(_) | None => false,
        };
        check(length, format!("file_hashes里{file}的值不是sha1:或sha256:加十六进制"));
    }
    for fault in wrong {
        faults.add(format!("{name}：{fault}"));
    }
    let lower = |text: String| text.to_ascii_lowercase();
    Some(Rules {
        day: day?,
        judged_at: judged_at?,
        cut_minutes: wire.cut_minutes,
        write_off_due_minutes: wire.write_off_due_minutes,
        payout_due_days: wire.payout_due_days,
        fee_tolerance: Fen::new(wire.fee_tolerance_fen),
        merchants,
        open_payouts,
        seen_files: wire.seen_files.into_iter().map(lower).collect(),
        expected_files: wire.expected_files,
        file_hashes: wire.file_hashes.into_iter().map(|(file, hash)| (file, lower(hash))).collect(),
    })
}
