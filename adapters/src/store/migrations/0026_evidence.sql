-- The lines that an exception is about, as the run that changed it found them.
CREATE TABLE desk_leg (
    exception_no TEXT NOT NULL REFERENCES desk_exception (no),
    run BIGINT NOT NULL,
    legs TEXT NOT NULL,             -- sealed JSON: lines of rails hold personal data
    PRIMARY KEY (exception_no, run)
);
