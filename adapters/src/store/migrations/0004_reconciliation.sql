CREATE TABLE reconciliation_day (
    rail TEXT NOT NULL,
    day TEXT NOT NULL,
    state TEXT NOT NULL,
    judged_at BIGINT NOT NULL,
    file_hash TEXT NOT NULL,        -- empty without a usable file
    ledger_count BIGINT NOT NULL,
    ledger_total BIGINT NOT NULL,
    fee_total BIGINT NOT NULL,
    next_try_at BIGINT,
    PRIMARY KEY (rail, day)
);

CREATE INDEX reconciliation_day_newest ON reconciliation_day (day, rail);
CREATE INDEX reconciliation_day_file ON reconciliation_day (rail, file_hash);

CREATE TABLE statement_line (
    rail TEXT NOT NULL,
    day TEXT NOT NULL,
    position BIGINT NOT NULL,
    line_no BIGINT NOT NULL,
    bucket TEXT NOT NULL,           -- MATCHED, QUARANTINED, or the discrepancy's code
    order_no TEXT NOT NULL,
    txn TEXT NOT NULL,
    amount BIGINT NOT NULL,
    raw TEXT NOT NULL,              -- base64: a damaged line may hold anything
    PRIMARY KEY (rail, day, position),
    FOREIGN KEY (rail, day) REFERENCES reconciliation_day (rail, day)
);

CREATE INDEX statement_line_order ON statement_line (order_no);

CREATE TABLE discrepancy (
    rail TEXT NOT NULL,
    day TEXT NOT NULL,
    position BIGINT NOT NULL,
    code TEXT NOT NULL,
    order_no TEXT NOT NULL,
    txn TEXT NOT NULL,
    line_no BIGINT,
    at_risk BIGINT NOT NULL,
    note TEXT NOT NULL,
    resolution TEXT NOT NULL,
    PRIMARY KEY (rail, day, position),
    FOREIGN KEY (rail, day) REFERENCES reconciliation_day (rail, day)
);

-- Files as they came, damaged ones too; never changed and never deleted.
CREATE TABLE statement_original (
    sha256 TEXT NOT NULL PRIMARY KEY,
    rail TEXT NOT NULL,
    day TEXT NOT NULL,
    file_hash TEXT NOT NULL,        -- the hash that the rail names
    content TEXT NOT NULL,          -- base64
    kept_at BIGINT NOT NULL
);

CREATE INDEX statement_original_file ON statement_original (rail, file_hash);
