//! What every store must do, on the in-memory fake, on SQLite and on PostgreSQL. A fake that
//! nobody checks lies, and so does a database.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod accounts;
mod app_marks;
mod bench;
mod booking_rush;
mod bookings;
mod callbacks;
mod cases;
mod catalogue;
mod certificates;
mod commits;
mod data;
mod databases;
mod days;
mod desk;
mod desk_book;
mod desk_evidence;
mod files;
mod gateway;
mod leases;
mod ledger;
mod mandates;
mod messages;
mod outbox;
mod payments;
mod persons;
mod phone_codes;
mod previous;
mod rail_bench;
mod rails;
mod receipts;
mod refund_databases;
mod refund_samples;
mod refund_work;
mod refunds;
mod reports;
mod search;
mod search_others;
mod sessions;
mod sources;
mod staff;
mod submissions;

mod in_memory {
    use crate::bench::in_memory;
    crate::bench::every_contract!(in_memory);
}

mod sqlite {
    use crate::bench::sqlite;
    crate::bench::every_contract!(sqlite);
}

mod postgres {
    use crate::bench::postgres;
    crate::bench::every_contract!(postgres);
}
