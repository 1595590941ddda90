//! What can go wrong, and what must happen then.

/// One fault.
pub struct Case {
    /// What goes wrong.
    pub fault: &'static str,
    /// What must happen all the same.
    pub must: &'static str,
}

const fn case(fault: &'static str, must: &'static str) -> Case {
    Case { fault, must }
}

/// Number 1 first.
pub const CASES: [Case; 36] = [
    case("a callback never arrives", "the healer asks the rail and settles within a minute"),
    case("a callback arrives twice at once, at two nodes", "both are acknowledged, it counts once"),
    case(
        "a callback overtakes the answer to our own order",
        "the attempt was stored first; the callback is applied, the answer tells what is true",
    ),
    case(
        "acting on a callback fails",
        "it is not taken for done: it comes again when its lease is over, until it is applied",
    ),
    case(
        "the process dies while it acts on a callback",
        "mark and effect are one transaction: after the restart the money counts exactly once",
    ),
    case(
        "money arrives for an attempt that was closed or has expired",
        "honoured while the notice is payable as it was, else owed back; never dropped",
    ),
    case(
        "the news of a refund overtakes the news of its payment",
        "it waits and is applied later; the rail is not asked to repeat it for ever",
    ),
    case(
        "a genuine callback names a foreign app, merchant or order",
        "acknowledged so that the rail stops, alarmed, and nothing changes",
    ),
    case("a callback is forged, replayed or too old", "refused and counted, and nothing changes"),
    case(
        "the rail changes its key in the middle of the day",
        "old and new are valid together; an unknown one is fetched once, then stays closed",
    ),
    case(
        "the rail takes the order and its answer is lost",
        "the same number is sent again or asked for, never a new one",
    ),
    case(
        "the rail fails in the middle of a refund",
        "the same refund number is sent again: money goes back once",
    ),
    case(
        "of two equal partial refunds one is not answered",
        "they are told apart by our numbers, not by their amounts",
    ),
    case(
        "refunds at once ask for more than is there",
        "the guard on the rest lets through what fits, in the database too",
    ),
    case(
        "a citizen taps five times, on two devices, by two channels",
        "one attempt lives; the others are told where it stands",
    ),
    case(
        "one notice is paid by two rails within seconds",
        "one counts, the other is queued to go back, and the citizen is told",
    ),
    case("a key is used again for something else", "IDEMPOTENCY_KEY_REUSED, and no effect"),
    case(
        "a key is used again while its first request is under way",
        "PAYMENT_IN_PROGRESS and where it stands; the rail is called once",
    ),
    case(
        "a passing failure meets a key",
        "the key is not bound to the failure: the same key succeeds later",
    ),
    case(
        "a rail is silent for long",
        "the payment is UNKNOWN and asked for again; never failed without the rail's word",
    ),
    case(
        "the right order is paid with another amount",
        "the rail is asked: if it agrees, UNDER_REVIEW with the money in suspense and no write-off, \
         else nothing changes",
    ),
    case(
        "yuan are taken for fen, or fen for yuan",
        "types and the two conversions refuse it, and a statement's line a hundredfold off has a \
         code of its own",
    ),
    case(
        "payments change while the healer goes through them",
        "each due payment is leased by one node, none is skipped",
    ),
    case(
        "the process is killed at every step that is stored",
        "after the restart every invariant holds",
    ),
    case(
        "the connection dies at COMMIT",
        "the store reads again by id before it answers; what it answers is true",
    ),
    case(
        "the database is read-only or gone for a while",
        "what can be read is served; a payment is refused with “稍后再试，没有扣款”, and true",
    ),
    case(
        "the disk is full, or a commit fails",
        "no money is taken, reading goes on, readiness says so",
    ),
    case(
        "the clock jumps five minutes; midnight; the year ends",
        "no order is lost or closed early; the accounting day is that of the rail's time",
    ),
    case(
        "one rail hangs",
        "it holds its own calls and no more; the other rails are paid meanwhile",
    ),
    case(
        "one system behind us hangs",
        "its field is null with an error; the rest of the answer is there in time",
    ),
    case(
        "everybody tries again after an outage",
        "admission by class: callbacks before questions before new payments before browsing; what \
         is too much hears when to come again, at different times",
    ),
    case(
        "one agency is asked seven times as much as usual",
        "it has a share of the calls and no more; the others are answered",
    ),
    case(
        "the agency takes no write-off for hours",
        "it is kept and told later, in order; the citizen sees that it is paid",
    ),
    case(
        "a statement is late, cut, doubled, of another day, or has bad lines",
        "a typed discrepancy each; the good lines are matched",
    ),
    case(
        "another version of the program runs beside this one",
        "rows and events of the previous version are read and healed, what is unknown is let pass",
    ),
    case(
        "a document is made to exhaust the server: depth, fan-out, aliases, huge numbers",
        "refused before it is resolved, and the server lives",
    ),
];
