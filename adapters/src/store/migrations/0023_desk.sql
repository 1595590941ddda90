-- The desk of reconciliation. A day: one row; everything else about it is only ever added to.
CREATE TABLE desk_day (
    day TEXT NOT NULL PRIMARY KEY,
    standing TEXT NOT NULL CHECK (standing IN ('OPEN', 'CLOSED')),
    version BIGINT NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL CHECK (revision > 0),
    run BIGINT NOT NULL CHECK (run >= 0)    -- the latest that holds; 0: none
);

CREATE TABLE desk_run (
    day TEXT NOT NULL REFERENCES desk_day (day),
    number BIGINT NOT NULL CHECK (number > 0),
    inputs TEXT NOT NULL,
    digest TEXT NOT NULL,
    holds BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    summary TEXT NOT NULL,
    findings BIGINT NOT NULL CHECK (findings >= 0),
    PRIMARY KEY (day, number)
);

CREATE TABLE desk_exception (
    no TEXT NOT NULL PRIMARY KEY,
    day TEXT NOT NULL REFERENCES desk_day (day),
    identity TEXT NOT NULL,         -- what makes it the same in another run
    code TEXT NOT NULL,
    at_risk BIGINT NOT NULL,
    equation BIGINT NOT NULL,
    rail TEXT NOT NULL,
    merchant_no TEXT NOT NULL,
    order_no TEXT NOT NULL,
    refund_no TEXT NOT NULL,
    notice_no TEXT NOT NULL,
    txn_no TEXT NOT NULL,
    credit_no TEXT NOT NULL,
    file TEXT NOT NULL,
    line_no BIGINT NOT NULL,
    ambiguous BOOLEAN NOT NULL,
    cause TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    note TEXT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL CHECK (revision > 0),
    assignee TEXT NOT NULL,
    proposal_no TEXT,
    action TEXT,
    opened_at BIGINT NOT NULL,
    CHECK ((proposal_no IS NULL) = (action IS NULL))
);

CREATE UNIQUE INDEX desk_exception_identity ON desk_exception (day, identity);
CREATE INDEX desk_exception_state ON desk_exception (state, no);
CREATE INDEX desk_exception_proposal ON desk_exception (proposal_no) WHERE proposal_no IS NOT NULL;
CREATE INDEX desk_exception_cause ON desk_exception (day, cause, no);

-- Every change of an exception; what was known at a time is the last of these before it.
CREATE TABLE desk_event (
    exception_no TEXT NOT NULL REFERENCES desk_exception (no),
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    what TEXT NOT NULL,
    state TEXT NOT NULL,
    at_risk BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (exception_no, revision)
);

-- Which accounts are one person's; an account without a row is a person of its own.
CREATE TABLE staff_person (
    name TEXT NOT NULL PRIMARY KEY REFERENCES staff_account (name),
    person TEXT NOT NULL CHECK (person <> '')
);

CREATE TABLE staff_delegation (
    giver TEXT NOT NULL REFERENCES staff_account (name),
    taker TEXT NOT NULL REFERENCES staff_account (name),
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (giver, taker, from_at),
    CHECK (giver <> taker AND from_at < until_at)
);

CREATE TABLE desk_proposal (
    no TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    day TEXT REFERENCES desk_day (day),
    state_of_day TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason <> ''),
    evidence TEXT NOT NULL,
    maker TEXT NOT NULL REFERENCES staff_account (name),
    maker_for TEXT NOT NULL,        -- empty: for himself
    needs BIGINT NOT NULL CHECK (needs IN (1, 2)),
    marks BIGINT NOT NULL CHECK (marks >= 0),
    weight BIGINT NOT NULL CHECK (weight >= 0),
    digest TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- Above 2,000 yuan, and for a sealed day, two others must agree.
    CHECK (needs = 2 OR (weight <= 200000 AND kind <> 'REOPEN_DAY')),
    CHECK ((day IS NULL) = (marks > 0))
);

CREATE TABLE desk_mark (
    proposal_no TEXT NOT NULL REFERENCES desk_proposal (no),
    exception_no TEXT NOT NULL REFERENCES desk_exception (no),
    revision BIGINT NOT NULL,
    at_risk BIGINT NOT NULL,
    PRIMARY KEY (proposal_no, exception_no)
);

CREATE TABLE desk_decision (
    proposal_no TEXT NOT NULL REFERENCES desk_proposal (no),
    position BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('APPROVE', 'RETURN', 'WITHDRAW')),
    by_whom TEXT NOT NULL REFERENCES staff_account (name),
    acting_for TEXT NOT NULL,
    digest TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (proposal_no, position)
);

CREATE TABLE desk_execution (
    proposal_no TEXT NOT NULL PRIMARY KEY REFERENCES desk_proposal (no),
    by_whom TEXT NOT NULL REFERENCES staff_account (name),
    reference TEXT NOT NULL CHECK (reference <> ''),
    at BIGINT NOT NULL
);

CREATE TABLE desk_seal (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
    day TEXT NOT NULL REFERENCES desk_day (day),
    version BIGINT NOT NULL,
    previous TEXT NOT NULL,
    content TEXT NOT NULL,          -- what is signed, to the letter
    exceptions TEXT NOT NULL,       -- every exception of the day as it stood; its hash is in the content
    hash TEXT NOT NULL,
    signature TEXT NOT NULL,
    key TEXT NOT NULL,
    proposal_no TEXT NOT NULL REFERENCES desk_execution (proposal_no),
    at BIGINT NOT NULL
);

CREATE UNIQUE INDEX desk_seal_day ON desk_seal (day, version);
