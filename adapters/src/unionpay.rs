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
