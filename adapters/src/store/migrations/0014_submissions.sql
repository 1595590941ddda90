-- What was submitted under which key of a client: kept for ever, and of the input only a keyed hash.
CREATE TABLE submission (
    no TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    input_index TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE UNIQUE INDEX submission_key ON submission (person_id, idempotency_key);

-- What citizens should hear of, stored with the change that they should hear of.
CREATE TABLE message_event (
    event_key TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    facts TEXT NOT NULL,            -- {"name": "value"}, sealed
    at BIGINT NOT NULL
);
