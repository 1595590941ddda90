-- One row a phone, locked while a code is issued or typed in: quotas and guesses are counted in turn.
CREATE TABLE phone_code_owner (
    phone_index TEXT NOT NULL PRIMARY KEY,  -- keyed hash
    touched_at BIGINT NOT NULL
);

CREATE TABLE phone_code (
    phone_index TEXT NOT NULL REFERENCES phone_code_owner (phone_index),
    issued_at BIGINT NOT NULL,
    code_hash TEXT NOT NULL,                -- keyed hash over phone, time and code
    wrong BIGINT NOT NULL CHECK (wrong >= 0),
    used BOOLEAN NOT NULL,
    PRIMARY KEY (phone_index, issued_at)
);
