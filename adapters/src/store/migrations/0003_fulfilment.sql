CREATE TABLE outbox (
    payment_no TEXT NOT NULL REFERENCES payment (no),
    notice_no TEXT NOT NULL,
    kind TEXT NOT NULL,
    ready BOOLEAN NOT NULL,         -- false while it waits for an effect before it
    due_at BIGINT,                  -- null: parked, for staff
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    reason TEXT,                    -- why it did not work the last time
    done_at BIGINT,
    PRIMARY KEY (payment_no, notice_no, kind)
);

CREATE INDEX outbox_due ON outbox (due_at) WHERE done_at IS NULL;

CREATE TABLE receipt (
    code TEXT NOT NULL,
    number TEXT NOT NULL,
    check_code TEXT NOT NULL,
    payment_no TEXT NOT NULL REFERENCES payment (no),
    notice_no TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    issued_at BIGINT NOT NULL,
    PRIMARY KEY (code, number)
);

CREATE UNIQUE INDEX receipt_notice ON receipt (payment_no, notice_no);

-- Not bound to payments: what a rail says is kept even when no payment fits.
CREATE TABLE callback_inbox (
    id TEXT NOT NULL PRIMARY KEY,   -- SHA-256 over rail, event id and all that it says
    rail TEXT NOT NULL,
    event_id TEXT NOT NULL,
    order_no TEXT NOT NULL,
    app_id TEXT NOT NULL,
    merchant_no TEXT NOT NULL,
    currency TEXT NOT NULL,
    txn TEXT NOT NULL,
    amount BIGINT NOT NULL,
    paid_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    raw TEXT NOT NULL,              -- base64 of the bytes that were signed
    leased_until BIGINT NOT NULL,
    outcome TEXT                    -- null until it was acted on
);

CREATE INDEX callback_inbox_order ON callback_inbox (order_no);
CREATE INDEX callback_inbox_waiting ON callback_inbox (leased_until) WHERE outcome IS NULL;
