//! The two clearing files that the gateway gives out: finance's verdicts, and its refunds.

use super::magic::Magic;
use super::upload::{self, MoneyLine, SplitLine};
use crate::clock::{Day, HOUR_MS};
use crate::world::World;
use crate::world::fault::{self, BillFault, BillFaultKind, Spoilt};
use crate::world::gateway::{Verdict, VerdictKind};
use crate::world::notice::{Confirmation, Notice, WriteOff};

mod text;

use text::{refund_text, verdict_text};

/// Verdicts are made from 09:00 on.
const OPENING_MS: i64 = 9 * HOUR_MS;

/// Every file of a day that can be fetched, with its text.
pub(super) fn files(
    world: &mut World,
    day: Day,
    now_ms: i64,
    fault: Spoilt,
) -> Vec<(String, String)> {
    judge(world, day, now_ms);
    let compact = day.compact();
    // With the wrong day in it, a file has the lines of the day before under its own name.
    let wrong_day = fault.is_some_and(|(kind, _)| kind == BillFaultKind::WrongDay);
    let told = if wrong_day { day.plus(-1) } else { day };
    let of_day =
        |day: Day| world.gateway.verdicts.get(&day.compact()).map_or(&[][..], Vec::as_slice);
    let mut files: Vec<(String, String)> = (0..of_day(day).len())
        .map(|at| {
            let batch = of_day(told).get(at).map_or(&[][..], Vec::as_slice);
            (format!("JG_{compact}_{:02}.txt", at + 1), verdict_text(batch, fault))
        })
        .collect();
    if Day::of(now_ms) > day {
        files.push((format!("TF_{compact}.txt"), refund_text(world, told, fault)));
    }
    files
}

/// One file by its name, and what is wrong with it. A fault is used up by the files that are
/// fetched, not by the list of them.
pub(super) fn file(world: &mut World, name: &str, now_ms: i64) -> Option<(String, Spoilt)> {
    let day = Day::from_compact(name.get(3..11)?)?;
    let is_own = |(own, _): &(String, String)| own == name;
    files(world, day, now_ms, None).into_iter().find(is_own)?;
    let fault = fault::take_bill(&mut world.gateway.bill_faults, day);
    let fault = fault.as_ref().map(BillFault::spoilt);
    let (_, text) = files(world, day, now_ms, fault).into_iter().find(is_own)?;
    Some((text, fault))
}

/// Makes the first batch once both of our files are there and the office is open.
pub(super) fn judge(world: &mut World, day: Day, now_ms: i64) {
    let compact = day.compact();
    let open = now_ms >= day.plus(1).start_ms() + OPENING_MS;
    if !open || world.gateway.verdicts.contains_key(&compact) {
        return;
    }
    let (Some(lines), Some(splits)) = (upload::money(world, day), upload::splits(world, day))
    else {
        return;
    };
    let mut batch: Vec<Verdict> =
        lines.iter().map(|line| verdict(world, day, line, &splits)).collect();
    batch.extend(missing(world, day, &lines));
    world.gateway.verdicts.insert(compact, vec![batch]);
}

/// Another batch: what finance says now about lines that were to be confirmed. Tells how many
/// there were.
pub(crate) fn decide(
    world: &mut World,
    day: Day,
    result: VerdictKind,
    reason: &str,
    notice_no: Option<&str>,
) -> usize {
    let Some(batches) = world.gateway.verdicts.get_mut(&day.compact()) else {
        return 0;
    };
    let key = |verdict: &Verdict| (verdict.notice_no.clone(), verdict.order_no.clone());
    let mut open: Vec<Verdict> = Vec::new();
    for verdict in batches.iter().flatten() {
        open.retain(|earlier| key(earlier) != key(verdict));
        if verdict.result == VerdictKind::ToBeConfirmed {
            open.push(verdict.clone());
        }
    }
    open.retain(|verdict| notice_no.is_none_or(|number| verdict.notice_no == number));
    for verdict in &mut open {
        let is_ok = result == VerdictKind::Ok;
        verdict.result = result;
        verdict.reason_code = if is_ok { String::new() } else { "FINANCE".to_owned() };
        verdict.reason = if is_ok { String::new() } else { reason.to_owned() };
    }
    let decided = open.len();
    if decided > 0 {
        batches.push(open);
    }
    decided
}

fn verdict(world: &World, day: Day, line: &MoneyLine, splits: &[SplitLine]) -> Verdict {
    let (result, code, reason) = if line.is_refund && line.has_failed {
        (VerdictKind::Ok, "", String::new())
    } else {
        said(world, day, line, splits)
    };
    Verdict {
        region: line.region.clone(),
        agency: line.agency.clone(),
        notice_no: line.notice_no.clone(),
        order_no: line.order_no.clone(),
        amount_fen: line.total_fen,
        result,
        reason_code: code.to_owned(),
        reason,
    }
}

type Said = (VerdictKind, &'static str, String);

fn said(world: &World, day: Day, line: &MoneyLine, splits: &[SplitLine]) -> Said {
    let failed = |code, words: &str| (VerdictKind::Failed, code, words.to_owned());
    let Some(notice) = world.notices.get(&line.notice_no) else {
        return failed("NOT_FOUND", "缴款单不存在");
    };
    let key = format!("{} {}", line.order_no, line.notice_no);
    if let Some(wanted) = world.gateway.wanted_verdicts.get(&key) {
        return (wanted.result, "FINANCE", wanted.reason.clone());
    }
    match world.magic_of_notice(notice) {
        Some(Magic::LineFailed) => return failed("FINANCE", "财政核对不符"),
        Some(Magic::LineToBeConfirmed) => {
            return (VerdictKind::ToBeConfirmed, "FINANCE", "资金待到账确认".to_owned());
        }
        _ => {}
    }
    if (&line.region, &line.agency) != (&notice.region, &notice.agency_code) {
        return failed("MISMATCH", "区划或执收单位与缴款单不符");
    }
    let wrong = if line.is_refund {
        wrong_refund(world, day, line)
    } else {
        wrong_payment(notice, day, line, splits)
    };
    wrong.map_or((VerdictKind::Ok, "", String::new()), |(code, words)| failed(code, words))
}

fn wrong_refund(world: &World, day: Day, line: &MoneyLine) -> Option<(&'static str, &'static str)> {
    let refund = world.gateway.refund(&line.order_no).filter(|refund| {
        let on_day = refund.paid.as_ref().is_some_and(|paid| paid.date == day.compact());
        on_day && refund.notice_no == line.notice_no
    });
    match refund {
        None => Some(("NOT_REFUNDED", "没有收到退付通知")),
        Some(refund) if refund.amount_fen != line.total_fen => {
            Some(("AMOUNT", "与退付通知金额不符"))
        }
        Some(_) => None,
    }
}

fn wrong_payment(
    notice: &Notice,
    day: Day,
    line: &MoneyLine,
    splits: &[SplitLine],
) -> Option<(&'static str, &'static str)> {
    let of_day = |paid: &&WriteOff| paid.pay_no == line.order_no && paid.pay_date == day.compact();
    let Some(paid) = written_off(notice).find(of_day) else {
        return Some(("NOT_WRITTEN_OFF", "该缴款未销账"));
    };
    if paid.amount_fen != line.total_fen || notice.principal_fen() != line.amount_fen {
        return Some(("AMOUNT", "与销账金额不符"));
    }
    let mut own: Vec<&SplitLine> = splits
        .iter()
        .filter(|split| split.notice_no == line.notice_no && split.order_no == line.order_no)
        .collect();
    own.sort_by_key(|split| split.sequence);
    let priced = notice.priced_on(paid.amount_fen, day, paid.quote_day).unwrap_or(day);
    let fits = own.len() == notice.items().count()
        && own.iter().zip(notice.items()).all(|(split, item)| {
            split.code == item.code
                && split.amount_fen == item.amount_fen
                && split.late_fen == item.late_fen(priced)
        });
    (!fits).then_some(("SPLIT", "分成与缴款单项目不符"))
}

/// Write-offs that stood, also those whose money went back later.
fn written_off(notice: &Notice) -> impl Iterator<Item = &WriteOff> {
    let stood = |paid: &&WriteOff| paid.confirmation != Confirmation::Rejected;
    notice.paid.iter().chain(&notice.undone).filter(stood)
}

/// Write-offs of the day that our file does not have.
fn missing(world: &World, day: Day, lines: &[MoneyLine]) -> Vec<Verdict> {
    let mut missing = Vec::new();
    for notice in world.notices.values() {
        for paid in written_off(notice).filter(|paid| paid.pay_date == day.compact()) {
            let listed = lines.iter().any(|line| {
                !line.is_refund
                    && line.notice_no == notice.notice_no
                    && line.order_no == paid.pay_no
            });
            if !listed {
                missing.push(Verdict {
                    region: notice.region.clone(),
                    agency: notice.agency_code.clone(),
                    notice_no: notice.notice_no.clone(),
                    order_no: paid.pay_no.clone(),
                    amount_fen: paid.amount_fen,
                    result: VerdictKind::Failed,
                    reason_code: "MISSING".to_owned(),
                    reason: "对账文件中没有这笔缴款".to_owned(),
                });
            }
        }
    }
    missing
}
