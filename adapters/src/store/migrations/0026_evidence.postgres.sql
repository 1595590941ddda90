-- What a run said of every line of its files: a byte each, in parts. The same as in the SQLite file.
CREATE TABLE desk_verdict (
    day TEXT NOT NULL,
    run BIGINT NOT NULL,
    position BIGINT NOT NULL,       -- of the file within the run
    first_line BIGINT NOT NULL CHECK (first_line > 0),
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,           -- of the file
    lines BYTEA NOT NULL,
    PRIMARY KEY (day, run, position, first_line),
    FOREIGN KEY (day, run) REFERENCES desk_run (day, number)
);
CREATE FUNCTION desk_verdict_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM desk_day d WHERE d.day = NEW.day AND d.standing = 'CLOSED') THEN
        RAISE EXCEPTION 'yiwang: a sealed day takes no verdict'; END IF;
    IF EXISTS (SELECT 1 FROM desk_run r WHERE r.day = NEW.day AND r.number > NEW.run) THEN
        RAISE EXCEPTION 'yiwang: verdicts come with their run'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_verdict_begins BEFORE INSERT ON desk_verdict FOR EACH ROW EXECUTE FUNCTION desk_verdict_begins();
CREATE TRIGGER desk_verdict_stays BEFORE UPDATE OR DELETE ON desk_verdict FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_verdict_whole BEFORE TRUNCATE ON desk_verdict FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_leg_stays BEFORE UPDATE OR DELETE ON desk_leg FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_leg_whole BEFORE TRUNCATE ON desk_leg FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
