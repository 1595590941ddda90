-- A payment has several refunds, and each books for itself: the refund's number joins the key of
-- journals. It is empty for the payment's own, also where a node of the release before writes.
CREATE TABLE journal_of (
    payment_no TEXT NOT NULL REFERENCES payment (no),
    kind TEXT NOT NULL,
    reference TEXT NOT NULL DEFAULT '',
    rail TEXT NOT NULL,
    day TEXT NOT NULL,              -- the accounting day, Beijing's
    at BIGINT NOT NULL,
    PRIMARY KEY (payment_no, kind, reference)
);

INSERT INTO journal_of (payment_no, kind, reference, rail, day, at)
    SELECT payment_no, kind, '', rail, day, at FROM journal;

CREATE TABLE journal_entry_of (
    payment_no TEXT NOT NULL,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL DEFAULT '',
    position BIGINT NOT NULL,
    account TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('DEBIT', 'CREDIT')),
    amount BIGINT NOT NULL CHECK (amount > 0),
    PRIMARY KEY (payment_no, kind, reference, position),
    FOREIGN KEY (payment_no, kind, reference) REFERENCES journal_of (payment_no, kind, reference)
);

INSERT INTO journal_entry_of (payment_no, kind, reference, position, account, side, amount)
    SELECT payment_no, kind, '', position, account, side, amount FROM journal_entry;

DROP TABLE journal_entry;
DROP TABLE journal;
ALTER TABLE journal_of RENAME TO journal;
ALTER TABLE journal_entry_of RENAME TO journal_entry;
CREATE INDEX journal_day ON journal (rail, day, payment_no);

-- All money of the notice is back: it never is held by this payment again.
ALTER TABLE payment_notice ADD COLUMN released BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX payment_refund_due ON payment (no) WHERE status = 'REFUND_DUE';

CREATE TABLE refund (
    no TEXT NOT NULL PRIMARY KEY,
    payment_no TEXT NOT NULL REFERENCES payment (no),
    person_id TEXT NOT NULL,
    rail TEXT NOT NULL,
    cause TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    notice_no TEXT,                 -- null: money that never counted; then the next five are too
    agency_code TEXT,
    slices TEXT,                    -- [{"place", "account", "fen"}], as taken back
    desk TEXT,
    notice_after TEXT,              -- once the gateway has approved
    receipt TEXT,
    reversed_by TEXT,               -- another refund's number, under which the receipt was reversed
    reason_code TEXT NOT NULL,
    reason TEXT NOT NULL,
    maker_kind TEXT NOT NULL,
    maker TEXT NOT NULL,
    idempotency_key TEXT,
    key_position BIGINT,
    asked TEXT,
    levels TEXT NOT NULL,           -- LOCAL, PROVINCE, CENTRAL, with commas
    account TEXT,                   -- sealed; another account than the payer's
    account_step TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,                 -- when the rail was first to be asked; never changes
    status TEXT NOT NULL,
    txn TEXT,
    done_at BIGINT,
    failure TEXT,
    next_try_at BIGINT,             -- null: waits for people, or is over
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    version BIGINT NOT NULL CHECK (version >= 0)
);

-- A key makes the same refunds, however often it is sent.
CREATE UNIQUE INDEX refund_key ON refund (maker_kind, maker, idempotency_key, key_position)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX refund_payment ON refund (payment_no, created_at, no);
CREATE INDEX refund_due ON refund (next_try_at, no) WHERE next_try_at IS NOT NULL;
CREATE INDEX refund_status ON refund (status, no);

CREATE TABLE refund_decision (
    refund_no TEXT NOT NULL REFERENCES refund (no),
    position BIGINT NOT NULL,
    stage TEXT NOT NULL,
    round BIGINT NOT NULL,          -- 0: up to the approval; else the naming of an account
    actor_kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (refund_no, position)
);

CREATE UNIQUE INDEX refund_decision_stage ON refund_decision (refund_no, stage);
-- Maker is not checker, checker is not approver: not our code's rule alone, the database's.
CREATE UNIQUE INDEX refund_two_persons ON refund_decision (refund_no, round, actor)
    WHERE actor_kind = 'STAFF' AND stage <> 'REJECT';

CREATE TABLE refund_event (
    refund_no TEXT NOT NULL REFERENCES refund (no),
    version BIGINT NOT NULL,        -- of the refund after it
    at BIGINT NOT NULL,
    status TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    evidence TEXT,
    PRIMARY KEY (refund_no, version)
);

-- Never more goes back than came, and never more is promised: the database's own guard.
CREATE TABLE refund_balance (
    payment_no TEXT NOT NULL PRIMARY KEY REFERENCES payment (no),
    captured BIGINT NOT NULL CHECK (captured > 0),
    reserved BIGINT NOT NULL,       -- of refunds that gave back or still may
    returned BIGINT NOT NULL CHECK (returned >= 0),
    made BIGINT NOT NULL,           -- refunds ever made, dead ones too
    CHECK (returned <= reserved AND reserved <= captured)
);

CREATE TABLE refund_ceiling (
    rail TEXT NOT NULL,
    day TEXT NOT NULL,
    spent BIGINT NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (rail, day)
);

ALTER TABLE staff_account ADD COLUMN roles TEXT NOT NULL DEFAULT 'CLERK';

CREATE TABLE staff_session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL REFERENCES staff_account (name),
    until BIGINT NOT NULL
);

CREATE INDEX staff_session_until ON staff_session (until);

-- Added to at the end, one at a time; each hash is over the entry and the hash before.
CREATE TABLE audit_entry (
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '');
