-- Is an earlier write-off of the same notice still to be told?
CREATE INDEX outbox_notice ON outbox (notice_no) WHERE done_at IS NULL;

-- What the non-tax gateway told us by itself. Not bound to payments: it is kept even when no
-- payment fits.
CREATE TABLE gateway_inbox (
    id TEXT NOT NULL PRIMARY KEY,   -- SHA-256 over event id and all that it says
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,             -- WRITE_OFF, WITHDRAWAL, REFUND
    notice_no TEXT NOT NULL,
    payment_no TEXT,
    refund_no TEXT,
    amount BIGINT,
    verdict TEXT,
    reason_code TEXT,
    reason TEXT NOT NULL,
    stage TEXT,                     -- who decided about a refund: AGENCY, or a finance level
    decided_by TEXT,
    standing TEXT,                  -- where the refund stands after it
    at BIGINT NOT NULL,             -- by the gateway's clock
    received_at BIGINT NOT NULL,
    raw TEXT NOT NULL,              -- base64 of the bytes that were signed
    leased_until BIGINT NOT NULL,
    outcome TEXT                    -- null until it was acted on
);

CREATE INDEX gateway_inbox_notice ON gateway_inbox (notice_no);
CREATE INDEX gateway_inbox_waiting ON gateway_inbox (leased_until) WHERE outcome IS NULL;

-- The clearing of each day with the finance department.
CREATE TABLE clearing_day (
    day TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    judged_at BIGINT NOT NULL,
    orders BIGINT NOT NULL CHECK (orders >= 0),
    paid BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    batches BIGINT NOT NULL CHECK (batches >= 0),
    agreed BIGINT NOT NULL CHECK (agreed >= 0),
    next_try_at BIGINT              -- null: by hand only
);

CREATE TABLE clearing_difference (
    day TEXT NOT NULL REFERENCES clearing_day (day),
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    order_no TEXT NOT NULL,
    notice_no TEXT NOT NULL,
    amount BIGINT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (day, position)
);
