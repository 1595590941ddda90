-- Which files must exist for a day, and what is there: one row once something happened.
CREATE TABLE source_slot (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,            -- merchant number, account, agency
    day TEXT NOT NULL,
    revision BIGINT NOT NULL CHECK (revision > 0),
    state TEXT NOT NULL,
    version BIGINT,                 -- the file that is used
    problem TEXT NOT NULL,          -- code of the discrepancy; empty: none
    note TEXT NOT NULL,
    since BIGINT,
    next_try_at BIGINT,
    PRIMARY KEY (kind, owner, day)
);
CREATE INDEX source_slot_day ON source_slot (day);

-- Files as they came. Their bytes stand in statement_original; only ever added to.
CREATE TABLE source_file (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    day TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    sha256 TEXT NOT NULL REFERENCES statement_original (sha256),
    hash TEXT NOT NULL,             -- the hash that its maker names; may be empty
    bytes BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    received_by TEXT NOT NULL,
    arrival TEXT NOT NULL,
    parser TEXT NOT NULL,
    trailer_lines BIGINT,           -- its own totals, where it names any
    trailer_paid BIGINT,
    trailer_refunded BIGINT,
    lines BIGINT NOT NULL,          -- those that could be read
    paid BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    set_aside BIGINT NOT NULL,      -- lines that could not
    fault TEXT NOT NULL,            -- code; empty: it can be trusted
    fault_reason TEXT NOT NULL,
    PRIMARY KEY (kind, owner, day, version)
);
CREATE INDEX source_file_bytes ON source_file (kind, owner, sha256);

-- The steps of each file; the last says where it stands. Only ever added to.
CREATE TABLE source_event (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    day TEXT NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (kind, owner, day, version, position),
    FOREIGN KEY (kind, owner, day, version) REFERENCES source_file (kind, owner, day, version)
);

-- Lines that could not be read. What came is never changed; what somebody did about it is added once.
CREATE TABLE source_line (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    day TEXT NOT NULL,
    version BIGINT NOT NULL,
    line_no BIGINT NOT NULL,
    raw TEXT NOT NULL,              -- base64: a damaged line may hold anything
    reason TEXT NOT NULL,
    amount BIGINT,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'REPAIRED', 'DROPPED')),
    text TEXT NOT NULL,             -- base64; the whole line as it should have been
    lines BIGINT NOT NULL,          -- what the repaired line adds
    paid BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    done_by TEXT NOT NULL,
    done_at BIGINT,
    done_reason TEXT NOT NULL,
    PRIMARY KEY (kind, owner, day, version, line_no),
    FOREIGN KEY (kind, owner, day, version) REFERENCES source_file (kind, owner, day, version),
    CHECK ((state = 'OPEN') = (done_at IS NULL))
);
CREATE INDEX source_line_open ON source_line (day, kind, owner) WHERE state = 'OPEN';
