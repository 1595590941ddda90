-- What is taken of each slot of a department. The database itself lets nobody take more than there is.
CREATE TABLE booking_slot (
    service TEXT NOT NULL,          -- the operation that offers it
    slot TEXT NOT NULL,             -- the department's name for it
    capacity BIGINT NOT NULL,       -- as told last, but never less than is taken
    taken BIGINT NOT NULL,
    PRIMARY KEY (service, slot),
    CHECK (taken >= 0 AND taken <= capacity)
);

CREATE TABLE booking (
    no TEXT NOT NULL PRIMARY KEY,
    submission_no TEXT NOT NULL,
    person_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    app TEXT NOT NULL,
    service TEXT NOT NULL,
    slot TEXT NOT NULL,
    places BIGINT NOT NULL CHECK (places > 0),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    price BIGINT,                   -- fen
    details TEXT NOT NULL,          -- what it was made under, what the department is told and says: sealed
    status TEXT NOT NULL,
    since BIGINT NOT NULL,          -- of a held one: until when
    cancelled_by TEXT,
    tell TEXT,                      -- what the department must still hear: CONFIRM, CANCEL
    tell_attempts BIGINT NOT NULL,
    tell_at BIGINT,
    tell_reason TEXT,
    remind_at BIGINT,
    ask_at BIGINT,
    look_at BIGINT,                 -- when a worker looks at it next
    confirm_key TEXT,
    cancel_key TEXT,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE UNIQUE INDEX booking_submission ON booking (submission_no);
CREATE UNIQUE INDEX booking_live ON booking (person_id, service, slot) WHERE status IN ('HELD', 'CONFIRMED');
CREATE UNIQUE INDEX booking_confirm_key ON booking (person_id, confirm_key) WHERE confirm_key IS NOT NULL;
CREATE UNIQUE INDEX booking_cancel_key ON booking (person_id, cancel_key) WHERE cancel_key IS NOT NULL;
CREATE INDEX booking_person ON booking (person_id, no);
CREATE INDEX booking_due ON booking (look_at) WHERE look_at IS NOT NULL;
