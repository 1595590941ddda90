//! UnionPay (银联) 5.1.0: orders of the native app, queries, refunds, notifications, settlement
//! files. Never decides about money: it says what the platform said, or that nobody knows.
//!
//! Three things are unlike other rails. An order is found by its number *and* its time
//! (`txnTime`), which is when we stored it. An order that nobody tried to pay yet is answered
//! like one that never arrived (34), and a repeated order is refused (12) without its `tn`: so
//! the `tn` of an order is kept here while it lives. And no order can be closed: it ends by
//! itself at `payTimeout`, after which a query says that it is absent, or that its last attempt
//! failed.

mod account;
mod callback;
mod codes;
mod fields;
mod file;
pub(crate) mod formats;
mod pay;
mod refund;
mod statement;
#[cfg(test)]
mod testing;
mod trust;
#[cfg(test)]
mod vectors;

pub use account::{UnionPayAccount, UnionPayConfig};
pub use callback::UnionPayCallbacks;
pub use pay::UnionPayRail;
pub use refund::UnionPayRefunds;
pub(crate) use statement::APART;
pub use statement::{UnionPayBills, UnionPayStatements};

/// A line that cannot be read, whether it is of money that was given back, and its fee, if that can be read.
pub(crate) type SetAside =
    (domain::reconciliation::QuarantinedLine, bool, Option<domain::money::Fen>);

/// Reads a settlement detail that came otherwise than by [`UnionPayStatements`]: its lines of the Beijing day `day`, whether it is the
/// file of that settlement day or of the next, which begins at 23:00.
pub(crate) fn read_detail(
    detail: &[u8],
    day: jiff::civil::Date,
) -> Result<(Vec<domain::reconciliation::StatementLine>, Vec<SetAside>), String> {
    if is_accounting_day(detail) {
        return read_accounting_day(detail, day);
    }
    let same = file::read(detail, &[], day, 1);
    let next = day.tomorrow().map_err(|error| error.to_string());
    let next = next.and_then(|next| file::read(detail, &[], next, 1));
    // It is the file of that of both days to which more of its lines belong.
    let read = match (same, next) {
        (Ok(same), Ok(next)) if next.quarantined.len() < same.quarantined.len() => next,
        (Ok(same), _) => same,
        (Err(_), Ok(next)) => next,
        (Err(reason), Err(_)) => return Err(reason),
    };
    let lines = read.lines.into_iter().filter(|(of, _)| *of == day).map(|(_, line)| line);
    let set_aside = read.quarantined.into_iter().filter_map(|(of, line)| {
        let rest = file::rest_of(detail, line.line_no, day);
        // Without a time it may be this day's: nobody else would ask for it.
        (of == day || rest.timeless).then_some((line, rest.gives_back, rest.fee))
    });
    Ok((lines.collect(), set_aside.collect()))
}

/// Whether these are the parts of an accounting day, as [`UnionPayBills`] keeps them.
pub(crate) fn is_accounting_day(bytes: &[u8]) -> bool {
    bytes.contains(&APART)
}

/// The same of what [`UnionPayBills`] keeps: detail and list of exceptions of the day's own settlement file and of the next.
fn read_accounting_day(
    original: &[u8],
    day: jiff::civil::Date,
) -> Result<(Vec<domain::reconciliation::StatementLine>, Vec<SetAside>), String> {
    use domain::reconciliation::source::StatementReader as _;
    let read = UnionPayBills.statement(original, day).map_err(|fault| fault.reason)?;
    let details: Vec<&[u8]> = original.split(|byte| *byte == APART).collect();
    let mut first = 1;
    let mut parts = Vec::new();
    for (place, part) in details.iter().enumerate() {
        let count = u32::try_from(file::line_count(part)).unwrap_or(u32::MAX / 4);
        // What stands in a list of exceptions says neither kind nor fee.
        parts.push((first, first + count, (place % 2 == 0).then_some(*part)));
        first += count;
    }
    let aside = read.quarantined.into_iter().map(|line| {
        let part = parts.iter().find(|(from, to, _)| (*from..*to).contains(&line.line_no));
        match part {
            Some((from, _, Some(detail))) => {
                let rest = file::rest_of(detail, line.line_no - from + 1, day);
                (line, rest.gives_back, rest.fee)
            }
            Some((_, _, None)) | None => (line, false, None),
        }
    });
    Ok((read.lines, aside.collect()))
}
