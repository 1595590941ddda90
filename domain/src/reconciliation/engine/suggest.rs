//! Pairs that a person might look at. Nothing is ever confirmed by them.

use super::verdict::{Finding, Suggestion};
use crate::money::Fen;
use crate::reconciliation::DiscrepancyCode as Code;
use std::collections::BTreeMap;

/// What the rail lacks beside what the ledger lacks. Linear but for equal amounts, of which at most so many are paired.
const PAIRS_MAX: usize = 8;

/// The pairs, sorted.
pub(super) fn pairs(findings: &[Finding]) -> Vec<Suggestion> {
    let mut alone: BTreeMap<(&str, i64), Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.code == Code::L01) {
        alone.entry((finding.rail, finding.at_risk.value())).or_default().push(finding);
    }
    let mut pairs = Vec::new();
    for missing in findings.iter().filter(|finding| finding.code == Code::L03) {
        let ours = missing.at_risk.value().saturating_neg();
        let mut wanted = vec![("SAME_AMOUNT", ours)];
        wanted.extend(ours.checked_mul(100).map(|fen| ("HUNDREDFOLD", fen)));
        wanted.extend((ours % 100 == 0).then_some(("HUNDREDFOLD", ours / 100)));
        wanted.extend(swapped(ours).into_iter().map(|fen| ("SWAPPED_DIGITS", fen)));
        for (kind, rail_fen) in wanted {
            let found = alone.get(&(missing.rail, rail_fen));
            for other in found.into_iter().flatten().take(PAIRS_MAX) {
                pairs.push(pair(kind, missing, other, rail_fen - ours));
            }
        }
    }
    pairs.sort();
    pairs
}

fn pair(kind: &'static str, missing: &Finding, other: &Finding, beyond: i64) -> Suggestion {
    let reason = match kind {
        "SAME_AMOUNT" => "平台缺的一笔与渠道缺的一笔金额相同，可能是订单号错记",
        "HUNDREDFOLD" => "两笔金额相差一百倍，可能是元分错位且订单号错记",
        _ => "两笔金额只差相邻两位互换，可能是录入错误",
    };
    Suggestion {
        kind,
        order_no: missing.order_no.clone(),
        txn_no: other.txn_no.clone(),
        other_order_no: other.order_no.clone(),
        at_risk: Fen::new(beyond),
        reason: reason.to_owned(),
    }
}

/// Amounts that differ by two neighbouring digits changing places.
fn swapped(fen: i64) -> Vec<i64> {
    let digits = fen.to_string().into_bytes();
    let swap = |at: usize| {
        let mut other = digits.clone();
        other.swap(at, at + 1);
        let text = String::from_utf8(other).ok()?;
        text.parse::<i64>().ok().filter(|other| *other != fen)
    };
    (0..digits.len().saturating_sub(1)).filter_map(swap).collect()
}
