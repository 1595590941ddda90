-- The same as in the SQLite file.
CREATE FUNCTION desk_rule_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> 1 + (SELECT COUNT(*) FROM desk_rule) THEN
        RAISE EXCEPTION 'yiwang: rules have versions without gaps'; END IF;
    IF NOT EXISTS (SELECT 1 FROM desk_proposal p JOIN desk_execution e ON e.proposal_no = p.no
        WHERE p.no = NEW.proposal_no AND p.kind = 'CHANGE_RULES'
        AND SUBSTR(p.state_of_day, 1, LENGTH(NEW.rules)) = NEW.rules) THEN
        RAISE EXCEPTION 'yiwang: nobody agreed to these rules'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_rule_begins BEFORE INSERT ON desk_rule FOR EACH ROW EXECUTE FUNCTION desk_rule_begins();
CREATE TRIGGER desk_rule_stays BEFORE UPDATE OR DELETE ON desk_rule FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_rule_whole BEFORE TRUNCATE ON desk_rule FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
