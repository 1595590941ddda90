-- What a run said of every line of its files: a byte each, in parts. The same as in the PostgreSQL file.
CREATE TABLE desk_verdict (
    day TEXT NOT NULL,
    run BIGINT NOT NULL,
    position BIGINT NOT NULL,       -- of the file within the run
    first_line BIGINT NOT NULL CHECK (first_line > 0),
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,           -- of the file
    lines BLOB NOT NULL,
    PRIMARY KEY (day, run, position, first_line),
    FOREIGN KEY (day, run) REFERENCES desk_run (day, number)
) WITHOUT ROWID;
CREATE TRIGGER desk_verdict_begins BEFORE INSERT ON desk_verdict BEGIN
    SELECT RAISE(ABORT, 'yiwang: a sealed day takes no verdict') WHERE EXISTS (SELECT 1 FROM desk_day d WHERE d.day =
        NEW.day AND d.standing = 'CLOSED');
    SELECT RAISE(ABORT, 'yiwang: verdicts come with their run') WHERE EXISTS (SELECT 1 FROM desk_run r WHERE r.day =
        NEW.day AND r.number > NEW.run);
END;
CREATE TRIGGER desk_verdict_unchanged BEFORE UPDATE ON desk_verdict BEGIN SELECT RAISE(ABORT, 'yiwang: desk_verdict is only added to'); END;
CREATE TRIGGER desk_verdict_undeleted BEFORE DELETE ON desk_verdict BEGIN SELECT RAISE(ABORT, 'yiwang: desk_verdict is only added to'); END;
CREATE TRIGGER desk_leg_unchanged BEFORE UPDATE ON desk_leg BEGIN SELECT RAISE(ABORT, 'yiwang: desk_leg is only added to'); END;
CREATE TRIGGER desk_leg_undeleted BEFORE DELETE ON desk_leg BEGIN SELECT RAISE(ABORT, 'yiwang: desk_leg is only added to'); END;
