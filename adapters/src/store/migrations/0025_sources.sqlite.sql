CREATE TRIGGER statement_original_unchanged BEFORE UPDATE ON statement_original
BEGIN SELECT RAISE(ABORT, 'originals are never changed'); END;
CREATE TRIGGER statement_original_undeleted BEFORE DELETE ON statement_original
BEGIN SELECT RAISE(ABORT, 'originals are never deleted'); END;
CREATE TRIGGER source_file_unchanged BEFORE UPDATE ON source_file
BEGIN SELECT RAISE(ABORT, 'files are never changed'); END;
CREATE TRIGGER source_file_undeleted BEFORE DELETE ON source_file
BEGIN SELECT RAISE(ABORT, 'files are never deleted'); END;
CREATE TRIGGER source_event_unchanged BEFORE UPDATE ON source_event
BEGIN SELECT RAISE(ABORT, 'steps are never changed'); END;
CREATE TRIGGER source_event_undeleted BEFORE DELETE ON source_event
BEGIN SELECT RAISE(ABORT, 'steps are never deleted'); END;
CREATE TRIGGER source_line_unchanged BEFORE UPDATE ON source_line
WHEN OLD.state <> 'OPEN' OR NEW.kind <> OLD.kind OR NEW.owner <> OLD.owner OR NEW.day <> OLD.day
    OR NEW.version <> OLD.version OR NEW.line_no <> OLD.line_no OR NEW.raw <> OLD.raw
    OR NEW.reason <> OLD.reason OR NEW.amount IS NOT OLD.amount
BEGIN SELECT RAISE(ABORT, 'lines are never changed'); END;
CREATE TRIGGER source_line_undeleted BEFORE DELETE ON source_line
BEGIN SELECT RAISE(ABORT, 'lines are never deleted'); END;
