//! The figures as a page.

use super::operations::Operation;
use super::servers::Kind;
use super::world::PERSONS;
use super::{Length, Turn, Turns, Weights, median};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What was found.
#[derive(Default)]
pub struct Found {
    /// How long it ran.
    pub length: Option<Length>,
    /// Rates.
    pub turns: Turns,
    /// Bytes.
    pub weights: Weights,
    /// Memory of each server after all of it, in MB.
    pub resident_mb: BTreeMap<Kind, f64>,
    /// Allocations and their bytes for one answer of ours.
    pub allocations: Vec<(Operation, f64, f64)>,
    /// How far the searches agree.
    pub alike: String,
}

/// A figure of ours is compared with it.
const MERCURIUS: Kind = Kind::Mercurius;
/// A ceiling that varies more says nothing.
const STEADY: f64 = 0.10;

/// The page.
pub fn text(found: &Found) -> String {
    let mut page = how(found);
    asked_for(found, &mut page);
    rates(found, &mut page);
    weights(found, &mut page);
    page.push_str("\n## Memory after all of it\n\n| server | MB resident |\n|---|---|\n");
    for (kind, mb) in &found.resident_mb {
        writeln!(page, "| {} | {mb:.0} |", kind.name()).unwrap();
    }
    page.push_str(
        "\n## Allocations of ours for one answer\n\nCounted by a library that stands before the \
         system's allocator, in a server of its own, one request after the other.\n\n\
         | operation | allocations | KB allocated |\n|---|---|---|\n",
    );
    for (operation, count, bytes) in &found.allocations {
        let kilobytes = bytes / 1024.0;
        writeln!(page, "| {} | {count:.0} | {kilobytes:.1} |", operation.name()).unwrap();
    }
    page
}

fn how(found: &Found) -> String {
    let length = found.length.expect("it ran");
    format!(
        "One server at a time, the others stopped by a signal: the server alone on core 0; \
         generator, PostgreSQL and the played platforms on core 1. {PERSONS} connections, each with \
         the token of another person; {} rounds of all servers in turns, {:.1} s each after {:.1} s \
         that do not count, after {:.1} s of warm-up. The generator is `tests/src/bin/load.rs`. \
         Every server answers from the same catalogue in memory and the same PostgreSQL \
         (fsync and synchronous_commit off), and `home` and `my notices` word for word the same; of \
         the search, {}. docs/benchmarks.md says how to run it and what is the same.\n",
        length.rounds,
        length.run_ms as f64 / 1_000.0,
        length.again_ms as f64 / 1_000.0,
        length.warm_ms as f64 / 1_000.0,
        found.alike
    )
}

fn rate_of(turns: &[Turn]) -> (f64, f64, f64) {
    median(turns.iter().map(|turn| turn.rate).collect())
}

/// Of the medians, and least and most round by round.
fn factor(turns: &Turns, one: (Operation, Kind), other: (Operation, Kind)) -> (f64, f64, f64) {
    let (one, other) = (&turns[&one], &turns[&other]);
    let by_round = one.iter().zip(other).map(|(one, other)| one.rate / other.rate);
    let (_, least, most) = median(by_round.collect());
    (rate_of(one).0 / rate_of(other).0, least, most)
}

fn asked_for(found: &Found, page: &mut String) {
    use Operation as Op;
    let ours = Kind::Product;
    let beside = |op| ((op, ours), (op, MERCURIUS));
    let asked = [
        ("home to the static bytes", ((Op::Home, ours), (Op::Home, Kind::Ceiling)), 0.85),
        ("home to Mercurius", beside(Op::Home), 10.0),
        (
            "home by document id to the static bytes",
            ((Op::HomeById, ours), (Op::HomeById, Kind::Ceiling)),
            0.85,
        ),
        ("home by document id to Mercurius", beside(Op::HomeById), 10.0),
        ("search to Mercurius", beside(Op::Search), 2.0),
        ("my notices to Mercurius", beside(Op::Notices), 2.0),
        ("start payment to Mercurius", beside(Op::Start), 2.0),
        ("home computed each time to Mercurius", beside(Op::HomeComputed), 1.0),
    ];
    page.push_str(
        "\n## What is asked for\n\n| | factor | least to most by round | asked | |\n\
         |---|---|---|---|---|\n",
    );
    for (name, (one, other), least_asked) in asked {
        let (mid, least, most) = factor(&found.turns, one, other);
        let met = if mid >= least_asked { "met" } else { "**missed**" };
        writeln!(page, "| {name} | {mid:.2} | {least:.2} to {most:.2} | {least_asked} | {met} |")
            .unwrap();
    }
    for operation in [Op::Home, Op::HomeById] {
        let (mid, least, most) = rate_of(&found.turns[&(operation, Kind::Ceiling)]);
        let spread = (most - least) / mid;
        let verdict = if spread > STEADY { "**too unsteady: run it again**" } else { "steady" };
        writeln!(
            page,
            "\nThe static bytes of \"{}\" varied by {:.1} %: {verdict}.",
            operation.name(),
            spread * 100.0
        )
        .unwrap();
    }
}

fn rates(found: &Found, page: &mut String) {
    page.push_str(
        "\n## Answers a second\n\nTimes are those of full load: with so many connections they say \
         how many answers a second there are, not how long one takes.\n\n\
         | operation | server | median | least | most | to Mercurius | server's µs of processor | \
         p50 ms | p99 ms |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for ((operation, kind), turns) in &found.turns {
        let (mid, least, most) = rate_of(turns);
        let (to, ..) = factor(&found.turns, (*operation, *kind), (*operation, MERCURIUS));
        let of = |what: fn(&Turn) -> f64| median(turns.iter().map(what).collect()).0;
        writeln!(
            page,
            "| {} | {} | {mid:.0} | {least:.0} | {most:.0} | {to:.2} | {:.0} | {:.2} | {:.2} |",
            operation.name(),
            kind.name(),
            of(|turn| turn.processor_us),
            of(|turn| turn.p50_us as f64 / 1_000.0),
            of(|turn| turn.p99_us as f64 / 1_000.0),
        )
        .unwrap();
    }
}

fn weights(found: &Found, page: &mut String) {
    page.push_str(
        "\n## Bytes of one answer, head and all\n\nAsked for plain, with `Accept-Encoding: gzip`, \
         and with `br`.\n\n| operation | server | plain | gzip | br |\n|---|---|---|---|---|\n",
    );
    for ((operation, kind), [plain, gzip, br]) in &found.weights {
        let (operation, kind) = (operation.name(), kind.name());
        writeln!(page, "| {operation} | {kind} | {plain} | {gzip} | {br} |").unwrap();
    }
}
