-- Codes by the device and the address that asked for them, for their quotas.
CREATE TABLE phone_code_source (
    source_index TEXT NOT NULL,     -- keyed hash of the device or the address
    issued_at BIGINT NOT NULL,
    phone_index TEXT NOT NULL,      -- keyed hash
    PRIMARY KEY (source_index, issued_at, phone_index)
);

-- NULL: from before this was kept.
ALTER TABLE person ADD COLUMN phone_checked_at BIGINT;

-- Who may act for whom. The represented is found by a keyed hash of their number, so that an account is not needed.
CREATE TABLE mandate (
    no TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    principal_index TEXT NOT NULL,  -- keyed hash of the id card or the USCC
    principal_name TEXT NOT NULL,   -- sealed
    principal_number TEXT NOT NULL, -- sealed
    status TEXT NOT NULL CHECK (status IN ('ASKED', 'GIVEN', 'ENDED')),
    held BOOLEAN NOT NULL,          -- neither ended nor, at the last look, over
    asked_at BIGINT NOT NULL,
    given_at BIGINT,
    ended_at BIGINT,
    until BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 0)
);

CREATE UNIQUE INDEX mandate_held ON mandate (agent_id, principal_index) WHERE held;
CREATE INDEX mandate_agent ON mandate (agent_id, no);
CREATE INDEX mandate_principal ON mandate (principal_index, no);

-- Under which mandate a session acts; NULL: for its own person.
ALTER TABLE session ADD COLUMN mandate_no TEXT;

-- What was submitted under a mandate: never what was said.
CREATE TABLE mandate_act (
    no TEXT NOT NULL PRIMARY KEY,
    mandate_no TEXT NOT NULL REFERENCES mandate (no),
    agent_id TEXT NOT NULL,
    app TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX mandate_act_of ON mandate_act (mandate_no, no);

-- Which department was told what of a person: names of fields, never values. Only ever added to.
CREATE TABLE data_reading (
    no TEXT NOT NULL PRIMARY KEY,
    subject_index TEXT NOT NULL,    -- keyed hash of the id card
    department TEXT NOT NULL,
    operation TEXT NOT NULL,
    app TEXT,
    fields TEXT NOT NULL,           -- parted by commas
    purpose TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX data_reading_of ON data_reading (subject_index, no);

-- From which departments forms may be filled in.
CREATE TABLE data_consent (
    person_id TEXT NOT NULL,
    department TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, department)
);

-- What the next form can be filled in with; origin is empty for the citizen's own answer, else the department.
CREATE TABLE known_fact (
    person_id TEXT NOT NULL,
    field TEXT NOT NULL,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL,
    value TEXT NOT NULL,            -- sealed
    as_of BIGINT NOT NULL,
    PRIMARY KEY (person_id, field, kind, origin)
);

-- Tickets for departments' own pages, by SHA-256.
CREATE TABLE sso_ticket (
    ticket_hash TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL,
    app TEXT NOT NULL,
    channel TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    used BOOLEAN NOT NULL
);

CREATE INDEX sso_ticket_until ON sso_ticket (until);
