-- Wrong codes of a certificate, by where they came from; kept for an hour.
CREATE TABLE certificate_guess (
    serial TEXT NOT NULL,
    source_index TEXT NOT NULL,     -- keyed hash of the address
    wrong BIGINT NOT NULL CHECK (wrong >= 0),
    since BIGINT NOT NULL,          -- when the first of them came
    PRIMARY KEY (serial, source_index)
);
CREATE INDEX certificate_guess_since ON certificate_guess (since);

-- They were counted for all together before.
ALTER TABLE certificate DROP COLUMN wrong_codes;
ALTER TABLE certificate DROP COLUMN wrong_since;
