-- Versions of apps that a draft or a case was begun with, however they are published since.
CREATE TABLE kept_form (
    digest TEXT NOT NULL PRIMARY KEY,
    app TEXT NOT NULL,
    form_version BIGINT NOT NULL,
    definition TEXT NOT NULL        -- as app files are, in JSON
);

CREATE TABLE case_file (
    no TEXT NOT NULL PRIMARY KEY,
    submission_no TEXT NOT NULL,
    person_id TEXT NOT NULL,
    app TEXT NOT NULL,
    form_digest TEXT NOT NULL,
    application TEXT NOT NULL,      -- sealed
    state TEXT NOT NULL,
    step BIGINT NOT NULL,
    holder TEXT NOT NULL,
    department_no TEXT,
    promised_on TEXT NOT NULL,
    asked_on TEXT,
    report TEXT NOT NULL,           -- what the department says of it, sealed
    created_at BIGINT NOT NULL,
    heard_at BIGINT,
    decided_at BIGINT,
    ended_at BIGINT,
    errand TEXT,                    -- what is to be carried to the department
    supplement TEXT,                -- of an errand SUPPLEMENT, sealed
    due_at BIGINT,                  -- when the department is to be called next
    attempts BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- One submission opens one case.
CREATE UNIQUE INDEX case_submission ON case_file (submission_no);
CREATE INDEX case_person ON case_file (person_id, no);
CREATE INDEX case_due ON case_file (due_at, no) WHERE due_at IS NOT NULL;
CREATE INDEX case_ended ON case_file (ended_at, no) WHERE ended_at IS NOT NULL;

CREATE TABLE case_event (
    case_no TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    holder TEXT NOT NULL,
    words TEXT NOT NULL,            -- sealed
    PRIMARY KEY (case_no, number)
);

CREATE TABLE draft (
    person_id TEXT NOT NULL,
    app TEXT NOT NULL,
    form_digest TEXT NOT NULL,
    answers TEXT NOT NULL,          -- sealed
    field TEXT,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, app)
);
