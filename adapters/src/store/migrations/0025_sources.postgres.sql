CREATE FUNCTION source_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is never changed or deleted', TG_TABLE_NAME; END $$;
CREATE TRIGGER statement_original_stays BEFORE UPDATE OR DELETE ON statement_original
    FOR EACH ROW EXECUTE FUNCTION source_stays();
CREATE TRIGGER statement_original_whole BEFORE TRUNCATE ON statement_original
    FOR EACH STATEMENT EXECUTE FUNCTION source_stays();
CREATE TRIGGER source_file_stays BEFORE UPDATE OR DELETE ON source_file
    FOR EACH ROW EXECUTE FUNCTION source_stays();
CREATE TRIGGER source_file_whole BEFORE TRUNCATE ON source_file
    FOR EACH STATEMENT EXECUTE FUNCTION source_stays();
CREATE TRIGGER source_event_stays BEFORE UPDATE OR DELETE ON source_event
    FOR EACH ROW EXECUTE FUNCTION source_stays();
CREATE TRIGGER source_event_whole BEFORE TRUNCATE ON source_event
    FOR EACH STATEMENT EXECUTE FUNCTION source_stays();
CREATE TRIGGER source_line_unchanged BEFORE UPDATE ON source_line
    FOR EACH ROW WHEN (OLD.state <> 'OPEN' OR NEW.kind <> OLD.kind OR NEW.owner <> OLD.owner
        OR NEW.day <> OLD.day OR NEW.version <> OLD.version OR NEW.line_no <> OLD.line_no
        OR NEW.raw <> OLD.raw OR NEW.reason <> OLD.reason
        OR NEW.amount IS DISTINCT FROM OLD.amount)
    EXECUTE FUNCTION source_stays();
CREATE TRIGGER source_line_stays BEFORE DELETE ON source_line
    FOR EACH ROW EXECUTE FUNCTION source_stays();
CREATE TRIGGER source_line_whole BEFORE TRUNCATE ON source_line
    FOR EACH STATEMENT EXECUTE FUNCTION source_stays();
