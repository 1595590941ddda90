CREATE TABLE payment (
    no TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    rail TEXT NOT NULL,
    payer TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    idempotency_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    status TEXT NOT NULL,
    txn TEXT,
    paid_amount BIGINT CHECK (paid_amount > 0),
    paid_at BIGINT,
    refund_origin TEXT,
    unsettled BOOLEAN NOT NULL,     -- somebody must still ask the rail
    next_check_at BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 0)
);

-- A key makes one payment, however often it is sent.
CREATE UNIQUE INDEX payment_key ON payment (person_id, idempotency_key);
CREATE INDEX payment_person ON payment (person_id, created_at, no);
CREATE INDEX payment_unsettled ON payment (next_check_at, no) WHERE unsettled;
CREATE INDEX payment_rail ON payment (rail, created_at);

CREATE TABLE payment_notice (
    payment_no TEXT NOT NULL REFERENCES payment (no),
    notice_no TEXT NOT NULL,
    position BIGINT NOT NULL,
    title TEXT NOT NULL,
    agency_code TEXT NOT NULL,
    agency_name TEXT NOT NULL,
    items TEXT NOT NULL,            -- [{"code", "name", "fen"}], as booked
    principal BIGINT NOT NULL,
    late_fee BIGINT NOT NULL,
    expires_at BIGINT,
    holds BOOLEAN NOT NULL,         -- keeps the notice from being paid by another payment
    written_off_at BIGINT,
    PRIMARY KEY (payment_no, notice_no)
);

-- The guard against a second live payment of one notice: not our code's, the database's.
CREATE UNIQUE INDEX payment_notice_holder ON payment_notice (notice_no) WHERE holds;

CREATE TABLE payment_event (
    payment_no TEXT NOT NULL REFERENCES payment (no),
    version BIGINT NOT NULL,        -- of the payment after it
    at BIGINT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    evidence TEXT,
    PRIMARY KEY (payment_no, version)
);

-- Journals are never changed and never deleted; a payment has one of each kind.
CREATE TABLE journal (
    payment_no TEXT NOT NULL REFERENCES payment (no),
    kind TEXT NOT NULL,
    rail TEXT NOT NULL,
    day TEXT NOT NULL,              -- the accounting day, Beijing's
    at BIGINT NOT NULL,
    PRIMARY KEY (payment_no, kind)
);

CREATE INDEX journal_day ON journal (rail, day, payment_no);

CREATE TABLE journal_entry (
    payment_no TEXT NOT NULL,
    kind TEXT NOT NULL,
    position BIGINT NOT NULL,
    account TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('DEBIT', 'CREDIT')),
    amount BIGINT NOT NULL CHECK (amount > 0),
    PRIMARY KEY (payment_no, kind, position),
    FOREIGN KEY (payment_no, kind) REFERENCES journal (payment_no, kind)
);
