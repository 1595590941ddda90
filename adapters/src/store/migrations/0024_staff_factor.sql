-- The second factor of staff: time-based one-time passwords (RFC 6238). A step is used once.
CREATE TABLE staff_factor (
    name TEXT NOT NULL PRIMARY KEY REFERENCES staff_account (name),
    secret TEXT NOT NULL,           -- sealed
    last_step BIGINT NOT NULL,      -- of the last code that was used
    wrong BIGINT NOT NULL CHECK (wrong >= 0),
    wrong_since BIGINT NOT NULL
);
