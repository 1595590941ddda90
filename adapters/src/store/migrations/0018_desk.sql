-- What was said about a case (好差评). Holds neither the case nor the person nor the hour.
CREATE TABLE rating (
    no TEXT NOT NULL PRIMARY KEY,
    app TEXT NOT NULL,
    department TEXT NOT NULL,
    points BIGINT NOT NULL CHECK (points BETWEEN 1 AND 5),
    tags TEXT NOT NULL,             -- ["…"]
    words TEXT,                     -- sealed: may name somebody
    rated_on TEXT NOT NULL,
    visit_due TEXT,                 -- null: no visit
    visited_on TEXT,
    visited_by TEXT,
    visit_result TEXT,
    visit_words TEXT                -- sealed
);

CREATE INDEX rating_day ON rating (rated_on);
CREATE INDEX rating_open_visit ON rating (visit_due, no) WHERE visit_due IS NOT NULL AND visited_on IS NULL;

-- That a case was rated; which rating it is, is sealed.
CREATE TABLE rated_case (
    case_no TEXT NOT NULL PRIMARY KEY,
    rating_no TEXT NOT NULL         -- sealed
);

-- Warnings and reprimands (督办), each set once.
CREATE TABLE supervision_mark (
    case_no TEXT NOT NULL,
    promised_on TEXT NOT NULL,      -- a promise that moves while the citizen is asked is another one
    light TEXT NOT NULL,            -- YELLOW, RED
    app TEXT NOT NULL,
    department TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (case_no, promised_on, light)
);

-- Who still owes a decision, by the day it was promised for.
CREATE INDEX case_promised ON case_file (promised_on, no)
    WHERE decided_at IS NULL AND ended_at IS NULL AND asked_on IS NULL;
CREATE INDEX supervision_mark_due ON supervision_mark (promised_on, case_no);

-- Results by post.
CREATE TABLE delivery (
    no TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    subject_kind TEXT NOT NULL,     -- CASE, CERTIFICATE
    subject_no TEXT NOT NULL,
    sender TEXT NOT NULL,
    content TEXT NOT NULL,
    recipient TEXT NOT NULL,        -- sealed, as the three after it
    phone TEXT NOT NULL,
    region TEXT NOT NULL,
    address TEXT NOT NULL,
    status TEXT NOT NULL,
    stands BOOLEAN NOT NULL,        -- under way or arrived: no second one of the same subject
    waybill TEXT,
    tracks TEXT NOT NULL,           -- sealed: may name who signed
    created_at BIGINT NOT NULL,
    next_check_at BIGINT,           -- null: over
    version BIGINT NOT NULL CHECK (version >= 0)
);

CREATE UNIQUE INDEX delivery_key ON delivery (person_id, idempotency_key);
CREATE UNIQUE INDEX delivery_standing ON delivery (subject_kind, subject_no) WHERE stands;
CREATE INDEX delivery_subject ON delivery (subject_kind, subject_no, created_at);
CREATE INDEX delivery_due ON delivery (next_check_at) WHERE next_check_at IS NOT NULL;

-- Who takes part in the draws of an app, under a code that says nothing about who it is.
CREATE TABLE lottery_entry (
    app TEXT NOT NULL,
    code TEXT NOT NULL,
    case_no TEXT NOT NULL,
    person_id TEXT NOT NULL,
    pool TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    lost BIGINT NOT NULL CHECK (lost >= 0),
    last_issue TEXT,                -- the last draw that it took part in
    won BOOLEAN NOT NULL,           -- there
    PRIMARY KEY (app, code)
);

CREATE INDEX lottery_entry_newest ON lottery_entry (app, entered_at);
CREATE INDEX case_decided ON case_file (app, decided_at) WHERE decided_at IS NOT NULL;
CREATE UNIQUE INDEX lottery_entry_case ON lottery_entry (case_no);

-- Draws: what was committed to before, and what came of it.
CREATE TABLE lottery_draw (
    app TEXT NOT NULL,
    issue TEXT NOT NULL,
    pools TEXT NOT NULL,            -- [["name", quota]]
    list TEXT NOT NULL,             -- as it was published
    eligible BIGINT NOT NULL CHECK (eligible >= 0),
    list_digest TEXT NOT NULL,
    secret TEXT NOT NULL,           -- sealed
    commitment TEXT NOT NULL,
    committed_at BIGINT NOT NULL,
    public_day TEXT NOT NULL,
    public_words TEXT NOT NULL,
    public_value TEXT,              -- from here on: null until it is done
    seed TEXT,
    winners TEXT,
    winning BIGINT,
    drawn_at BIGINT,
    PRIMARY KEY (app, issue)
);

CREATE INDEX lottery_draw_open ON lottery_draw (app, issue) WHERE drawn_at IS NULL;
