-- The desk's rules, by the database itself. The same as in the SQLite file.
CREATE FUNCTION desk_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'yiwang: % is only added to', TG_TABLE_NAME; END $$;
CREATE TRIGGER desk_run_stays BEFORE UPDATE OR DELETE ON desk_run FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_event_stays BEFORE UPDATE OR DELETE ON desk_event FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER staff_person_stays BEFORE UPDATE OR DELETE ON staff_person FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER staff_delegation_stays BEFORE UPDATE OR DELETE ON staff_delegation FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_proposal_stays BEFORE UPDATE OR DELETE ON desk_proposal FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_mark_stays BEFORE UPDATE OR DELETE ON desk_mark FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_decision_stays BEFORE UPDATE OR DELETE ON desk_decision FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_execution_stays BEFORE UPDATE OR DELETE ON desk_execution FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_seal_stays BEFORE UPDATE OR DELETE ON desk_seal FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_day_stays BEFORE DELETE ON desk_day FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_exception_stays BEFORE DELETE ON desk_exception FOR EACH ROW EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_run_whole BEFORE TRUNCATE ON desk_run FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_event_whole BEFORE TRUNCATE ON desk_event FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER staff_person_whole BEFORE TRUNCATE ON staff_person FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER staff_delegation_whole BEFORE TRUNCATE ON staff_delegation FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_proposal_whole BEFORE TRUNCATE ON desk_proposal FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_mark_whole BEFORE TRUNCATE ON desk_mark FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_decision_whole BEFORE TRUNCATE ON desk_decision FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_execution_whole BEFORE TRUNCATE ON desk_execution FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_seal_whole BEFORE TRUNCATE ON desk_seal FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_day_whole BEFORE TRUNCATE ON desk_day FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE TRIGGER desk_exception_whole BEFORE TRUNCATE ON desk_exception FOR EACH STATEMENT EXECUTE FUNCTION desk_stays();
CREATE FUNCTION desk_day_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.day <> OLD.day OR NEW.revision <> OLD.revision + 1 OR NEW.run < OLD.run THEN RAISE EXCEPTION 'yiwang: a day
        changes step by step'; END IF;
    IF OLD.standing = 'CLOSED' AND NEW.standing = 'CLOSED' THEN RAISE EXCEPTION 'yiwang: a sealed day does not change';
        END IF;
    IF OLD.standing = 'OPEN' AND NEW.version <> OLD.version THEN RAISE EXCEPTION 'yiwang: a version begins by
        reopening'; END IF;
    IF OLD.standing = 'OPEN' AND NEW.standing = 'CLOSED' AND NOT EXISTS (SELECT 1 FROM desk_seal s WHERE s.day = OLD.day
        AND s.version = OLD.version) THEN RAISE EXCEPTION 'yiwang: a day is closed by its seal'; END IF;
    IF OLD.standing = 'CLOSED' AND NEW.standing = 'OPEN' AND (NEW.version <> OLD.version + 1 OR NEW.version - 1 >
        (SELECT COUNT(*) FROM desk_proposal p JOIN desk_execution e ON e.proposal_no = p.no WHERE p.kind = 'REOPEN_DAY'
        AND p.day = OLD.day)) THEN RAISE EXCEPTION 'yiwang: a sealed day is opened by two'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_day_changes BEFORE UPDATE ON desk_day FOR EACH ROW EXECUTE FUNCTION desk_day_changes();
CREATE FUNCTION desk_day_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.standing <> 'OPEN' OR NEW.version <> 1 OR NEW.revision <> 1 THEN RAISE EXCEPTION 'yiwang: a day begins open';
        END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_day_begins BEFORE INSERT ON desk_day FOR EACH ROW EXECUTE FUNCTION desk_day_begins();
CREATE FUNCTION desk_run_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM desk_day d WHERE d.day = NEW.day AND d.standing = 'CLOSED') THEN RAISE EXCEPTION 'yiwang: a
        sealed day takes no run'; END IF;
    IF NEW.number <> 1 + (SELECT COUNT(*) FROM desk_run r WHERE r.day = NEW.day) THEN RAISE EXCEPTION 'yiwang: runs have
        numbers without gaps'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_run_begins BEFORE INSERT ON desk_run FOR EACH ROW EXECUTE FUNCTION desk_run_begins();
CREATE FUNCTION desk_exception_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'OPEN' OR NEW.revision <> 1 OR NEW.proposal_no IS NOT NULL THEN RAISE EXCEPTION 'yiwang: an
        exception begins open'; END IF;
    IF EXISTS (SELECT 1 FROM desk_day d WHERE d.day = NEW.day AND d.standing = 'CLOSED') THEN RAISE EXCEPTION 'yiwang: a
        sealed day takes no exception'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_exception_begins BEFORE INSERT ON desk_exception FOR EACH ROW EXECUTE FUNCTION desk_exception_begins();
CREATE FUNCTION desk_exception_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.no <> OLD.no OR NEW.day <> OLD.day OR NEW.identity <> OLD.identity OR NEW.code <> OLD.code OR NEW.opened_at
        <> OLD.opened_at OR NEW.revision <> OLD.revision + 1 THEN RAISE EXCEPTION 'yiwang: an exception changes step by
        step'; END IF;
    IF NEW.state <> OLD.state AND OLD.state || '>' || NEW.state NOT IN ('OPEN>PROPOSED', 'OPEN>RESOLVED',
        'PROPOSED>APPROVED', 'PROPOSED>OPEN', 'APPROVED>EXECUTED', 'APPROVED>OPEN', 'EXECUTED>VERIFIED',
        'VERIFIED>CLOSED', 'VERIFIED>OPEN', 'CLOSED>OPEN', 'RESOLVED>OPEN') THEN RAISE EXCEPTION 'yiwang: no such step';
        END IF;
    IF NEW.state = OLD.state AND NEW.state IN ('PROPOSED', 'APPROVED') THEN RAISE EXCEPTION 'yiwang: what was agreed to
        does not change'; END IF;
    IF NEW.at_risk <> OLD.at_risk AND NEW.state IN ('PROPOSED', 'APPROVED') THEN RAISE EXCEPTION 'yiwang: another amount
        needs another agreement'; END IF;
    IF NOT EXISTS (SELECT 1 FROM desk_event e WHERE e.exception_no = NEW.no AND e.revision = NEW.revision AND e.state =
        NEW.state AND e.at_risk = NEW.at_risk) THEN RAISE EXCEPTION 'yiwang: every step is written down first'; END IF;
    IF NEW.state = 'PROPOSED' AND NOT EXISTS (SELECT 1 FROM desk_mark m JOIN desk_proposal p ON p.no = m.proposal_no
        WHERE m.proposal_no = NEW.proposal_no AND m.exception_no = NEW.no AND m.revision = NEW.revision AND m.at_risk =
        NEW.at_risk AND p.kind = NEW.action) THEN RAISE EXCEPTION 'yiwang: nothing proposes it'; END IF;
    IF NEW.state IN ('APPROVED', 'EXECUTED', 'VERIFIED') AND (NEW.proposal_no IS NULL OR NEW.proposal_no <>
        OLD.proposal_no OR (SELECT COUNT(*) FROM desk_decision d WHERE d.proposal_no = NEW.proposal_no AND d.kind =
        'APPROVE') < (SELECT p.needs FROM desk_proposal p WHERE p.no = NEW.proposal_no)) THEN RAISE EXCEPTION 'yiwang:
        not enough others have agreed'; END IF;
    IF NEW.state IN ('EXECUTED', 'VERIFIED') AND NOT EXISTS (SELECT 1 FROM desk_execution e WHERE e.proposal_no =
        NEW.proposal_no) THEN RAISE EXCEPTION 'yiwang: nobody did it'; END IF;
    IF NEW.state = 'VERIFIED' AND OLD.state = 'EXECUTED' AND NOT EXISTS (SELECT 1 FROM desk_event e WHERE e.exception_no
        = NEW.no AND e.revision = NEW.revision AND e.what = 'PROVED') THEN RAISE EXCEPTION 'yiwang: nothing proves it';
        END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_exception_changes BEFORE UPDATE ON desk_exception FOR EACH ROW EXECUTE FUNCTION desk_exception_changes();
CREATE FUNCTION desk_event_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revision <> 1 + (SELECT COUNT(*) FROM desk_event e WHERE e.exception_no = NEW.exception_no) THEN RAISE
        EXCEPTION 'yiwang: steps have numbers without gaps'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_event_begins BEFORE INSERT ON desk_event FOR EACH ROW EXECUTE FUNCTION desk_event_begins();
CREATE FUNCTION desk_proposal_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.maker_for <> '' AND NOT EXISTS (SELECT 1 FROM staff_delegation g WHERE g.giver = NEW.maker_for AND g.taker =
        NEW.maker AND g.from_at <= NEW.at AND NEW.at < g.until_at) THEN RAISE EXCEPTION 'yiwang: nobody allowed that';
        END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_proposal_begins BEFORE INSERT ON desk_proposal FOR EACH ROW EXECUTE FUNCTION desk_proposal_begins();
CREATE FUNCTION desk_mark_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT COUNT(*) FROM desk_mark m WHERE m.proposal_no = NEW.proposal_no) >= (SELECT p.marks FROM desk_proposal p
        WHERE p.no = NEW.proposal_no) THEN RAISE EXCEPTION 'yiwang: the set is complete'; END IF;
    IF EXISTS (SELECT 1 FROM desk_decision d WHERE d.proposal_no = NEW.proposal_no) THEN RAISE EXCEPTION 'yiwang: the
        set was decided about'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_mark_begins BEFORE INSERT ON desk_mark FOR EACH ROW EXECUTE FUNCTION desk_mark_begins();
CREATE FUNCTION desk_decision_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position <> (SELECT COUNT(*) FROM desk_decision d WHERE d.proposal_no = NEW.proposal_no) THEN RAISE EXCEPTION
        'yiwang: decisions have numbers without gaps'; END IF;
    IF NOT EXISTS (SELECT 1 FROM desk_proposal p WHERE p.no = NEW.proposal_no AND p.digest = NEW.digest) THEN RAISE
        EXCEPTION 'yiwang: another content was shown'; END IF;
    IF EXISTS (SELECT 1 FROM desk_decision d WHERE d.proposal_no = NEW.proposal_no AND d.kind <> 'APPROVE') OR EXISTS
        (SELECT 1 FROM desk_execution e WHERE e.proposal_no = NEW.proposal_no) OR (SELECT COUNT(*) FROM desk_decision d
        WHERE d.proposal_no = NEW.proposal_no AND d.kind = 'APPROVE') >= (SELECT p.needs FROM desk_proposal p WHERE p.no
        = NEW.proposal_no) THEN RAISE EXCEPTION 'yiwang: it was decided'; END IF;
    IF NEW.acting_for <> '' AND NOT EXISTS (SELECT 1 FROM staff_delegation g WHERE g.giver = NEW.acting_for AND g.taker
        = NEW.by_whom AND g.from_at <= NEW.at AND NEW.at < g.until_at) THEN RAISE EXCEPTION 'yiwang: nobody allowed
        that'; END IF;
    IF NEW.kind <> 'WITHDRAW' AND NOT EXISTS (SELECT 1 FROM staff_account a WHERE a.name = NEW.by_whom AND (a.roles LIKE
        '%CHECKER%' OR a.roles LIKE '%FINANCE:%')) THEN RAISE EXCEPTION 'yiwang: no role for it'; END IF;
    IF NEW.kind = 'APPROVE' AND EXISTS (SELECT 1 FROM desk_proposal p WHERE p.no = NEW.proposal_no AND p.needs = 2) AND
        (SELECT COUNT(*) FROM desk_decision d WHERE d.proposal_no = NEW.proposal_no AND d.kind = 'APPROVE') = 1 AND NOT
        EXISTS (SELECT 1 FROM staff_account a WHERE a.name = NEW.by_whom AND a.roles LIKE '%FINANCE:%') THEN RAISE
        EXCEPTION 'yiwang: the second is of finance'; END IF;
    IF NEW.kind <> 'WITHDRAW' AND EXISTS (SELECT 1 FROM desk_proposal p WHERE p.no = NEW.proposal_no AND ((p.maker <> ''
        AND COALESCE((SELECT s.person FROM staff_person s WHERE s.name = p.maker), p.maker) IN (COALESCE((SELECT
        s.person FROM staff_person s WHERE s.name = NEW.by_whom), NEW.by_whom), CASE WHEN NEW.acting_for = '' THEN ''
        ELSE COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.acting_for), NEW.acting_for) END)) OR
        (p.maker_for <> '' AND COALESCE((SELECT s.person FROM staff_person s WHERE s.name = p.maker_for), p.maker_for)
        IN (COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.by_whom), NEW.by_whom), CASE WHEN
        NEW.acting_for = '' THEN '' ELSE COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.acting_for),
        NEW.acting_for) END)))) THEN RAISE EXCEPTION 'yiwang: maker is not checker'; END IF;
    IF NEW.kind <> 'WITHDRAW' AND EXISTS (SELECT 1 FROM desk_decision d WHERE d.proposal_no = NEW.proposal_no AND
        ((d.by_whom <> '' AND COALESCE((SELECT s.person FROM staff_person s WHERE s.name = d.by_whom), d.by_whom) IN
        (COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.by_whom), NEW.by_whom), CASE WHEN
        NEW.acting_for = '' THEN '' ELSE COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.acting_for),
        NEW.acting_for) END)) OR (d.acting_for <> '' AND COALESCE((SELECT s.person FROM staff_person s WHERE s.name =
        d.acting_for), d.acting_for) IN (COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.by_whom),
        NEW.by_whom), CASE WHEN NEW.acting_for = '' THEN '' ELSE COALESCE((SELECT s.person FROM staff_person s WHERE
        s.name = NEW.acting_for), NEW.acting_for) END)))) THEN RAISE EXCEPTION 'yiwang: one person decides once'; END
        IF;
    IF NEW.kind = 'WITHDRAW' AND NOT EXISTS (SELECT 1 FROM desk_proposal p WHERE p.no = NEW.proposal_no AND ((p.maker <>
        '' AND COALESCE((SELECT s.person FROM staff_person s WHERE s.name = p.maker), p.maker) IN (COALESCE((SELECT
        s.person FROM staff_person s WHERE s.name = NEW.by_whom), NEW.by_whom), CASE WHEN NEW.acting_for = '' THEN ''
        ELSE COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.acting_for), NEW.acting_for) END)) OR
        (p.maker_for <> '' AND COALESCE((SELECT s.person FROM staff_person s WHERE s.name = p.maker_for), p.maker_for)
        IN (COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.by_whom), NEW.by_whom), CASE WHEN
        NEW.acting_for = '' THEN '' ELSE COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.acting_for),
        NEW.acting_for) END)))) THEN RAISE EXCEPTION 'yiwang: its maker alone takes it back'; END IF;
    IF NEW.kind = 'APPROVE' AND (SELECT p.marks FROM desk_proposal p WHERE p.no = NEW.proposal_no) <> (SELECT COUNT(*)
        FROM desk_mark m JOIN desk_exception x ON x.no = m.exception_no WHERE m.proposal_no = NEW.proposal_no AND
        x.proposal_no = NEW.proposal_no AND x.state = 'PROPOSED' AND x.revision = m.revision AND x.at_risk = m.at_risk)
        THEN RAISE EXCEPTION 'yiwang: the set changed'; END IF;
    IF NEW.kind = 'APPROVE' AND (SELECT p.weight FROM desk_proposal p WHERE p.no = NEW.proposal_no) <>
        (SELECT COALESCE(SUM(ABS(m.at_risk)), 0) FROM desk_mark m WHERE m.proposal_no = NEW.proposal_no)
        THEN RAISE EXCEPTION 'yiwang: the sum is another'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_decision_begins BEFORE INSERT ON desk_decision FOR EACH ROW EXECUTE FUNCTION desk_decision_begins();
CREATE FUNCTION desk_execution_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT COUNT(*) FROM desk_decision d WHERE d.proposal_no = NEW.proposal_no AND d.kind = 'APPROVE') < (SELECT
        p.needs FROM desk_proposal p WHERE p.no = NEW.proposal_no) OR EXISTS (SELECT 1 FROM desk_decision d WHERE
        d.proposal_no = NEW.proposal_no AND d.kind <> 'APPROVE') THEN RAISE EXCEPTION 'yiwang: not enough others have
        agreed'; END IF;
    IF (SELECT p.marks FROM desk_proposal p WHERE p.no = NEW.proposal_no) <> (SELECT COUNT(*) FROM desk_exception x
        WHERE x.proposal_no = NEW.proposal_no AND x.state = 'APPROVED') THEN RAISE EXCEPTION 'yiwang: the set changed';
        END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_execution_begins BEFORE INSERT ON desk_execution FOR EACH ROW EXECUTE FUNCTION desk_execution_begins();
CREATE FUNCTION desk_seal_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <> 1 + (SELECT COUNT(*) FROM desk_seal) THEN RAISE EXCEPTION 'yiwang: seals have numbers without
        gaps'; END IF;
    IF NEW.previous <> COALESCE((SELECT s.hash FROM desk_seal s WHERE s.number = NEW.number - 1), '') THEN RAISE
        EXCEPTION 'yiwang: a seal follows the one before'; END IF;
    IF NOT EXISTS (SELECT 1 FROM desk_proposal p WHERE p.no = NEW.proposal_no AND p.kind = 'CLOSE_DAY' AND p.day =
        NEW.day) THEN RAISE EXCEPTION 'yiwang: nothing proposes it'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER desk_seal_begins BEFORE INSERT ON desk_seal FOR EACH ROW EXECUTE FUNCTION desk_seal_begins();
