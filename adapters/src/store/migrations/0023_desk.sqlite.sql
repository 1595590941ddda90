-- The desk's rules, by the database itself. The same as in the PostgreSQL file.
CREATE TRIGGER desk_run_unchanged BEFORE UPDATE ON desk_run BEGIN SELECT RAISE(ABORT, 'yiwang: desk_run is only added to'); END;
CREATE TRIGGER desk_run_undeleted BEFORE DELETE ON desk_run BEGIN SELECT RAISE(ABORT, 'yiwang: desk_run is only added to'); END;
CREATE TRIGGER desk_event_unchanged BEFORE UPDATE ON desk_event BEGIN SELECT RAISE(ABORT, 'yiwang: desk_event is only added to'); END;
CREATE TRIGGER desk_event_undeleted BEFORE DELETE ON desk_event BEGIN SELECT RAISE(ABORT, 'yiwang: desk_event is only added to'); END;
CREATE TRIGGER staff_person_unchanged BEFORE UPDATE ON staff_person BEGIN SELECT RAISE(ABORT, 'yiwang: staff_person is only added to'); END;
CREATE TRIGGER staff_person_undeleted BEFORE DELETE ON staff_person BEGIN SELECT RAISE(ABORT, 'yiwang: staff_person is only added to'); END;
CREATE TRIGGER staff_delegation_unchanged BEFORE UPDATE ON staff_delegation BEGIN SELECT RAISE(ABORT, 'yiwang: staff_delegation is only added to'); END;
CREATE TRIGGER staff_delegation_undeleted BEFORE DELETE ON staff_delegation BEGIN SELECT RAISE(ABORT, 'yiwang: staff_delegation is only added to'); END;
CREATE TRIGGER desk_proposal_unchanged BEFORE UPDATE ON desk_proposal BEGIN SELECT RAISE(ABORT, 'yiwang: desk_proposal is only added to'); END;
CREATE TRIGGER desk_proposal_undeleted BEFORE DELETE ON desk_proposal BEGIN SELECT RAISE(ABORT, 'yiwang: desk_proposal is only added to'); END;
CREATE TRIGGER desk_mark_unchanged BEFORE UPDATE ON desk_mark BEGIN SELECT RAISE(ABORT, 'yiwang: desk_mark is only added to'); END;
CREATE TRIGGER desk_mark_undeleted BEFORE DELETE ON desk_mark BEGIN SELECT RAISE(ABORT, 'yiwang: desk_mark is only added to'); END;
CREATE TRIGGER desk_decision_unchanged BEFORE UPDATE ON desk_decision BEGIN SELECT RAISE(ABORT, 'yiwang: desk_decision is only added to'); END;
CREATE TRIGGER desk_decision_undeleted BEFORE DELETE ON desk_decision BEGIN SELECT RAISE(ABORT, 'yiwang: desk_decision is only added to'); END;
CREATE TRIGGER desk_execution_unchanged BEFORE UPDATE ON desk_execution BEGIN SELECT RAISE(ABORT, 'yiwang: desk_execution is only added to'); END;
CREATE TRIGGER desk_execution_undeleted BEFORE DELETE ON desk_execution BEGIN SELECT RAISE(ABORT, 'yiwang: desk_execution is only added to'); END;
CREATE TRIGGER desk_seal_unchanged BEFORE UPDATE ON desk_seal BEGIN SELECT RAISE(ABORT, 'yiwang: desk_seal is only added to'); END;
CREATE TRIGGER desk_seal_undeleted BEFORE DELETE ON desk_seal BEGIN SELECT RAISE(ABORT, 'yiwang: desk_seal is only added to'); END;
CREATE TRIGGER desk_day_undeleted BEFORE DELETE ON desk_day BEGIN SELECT RAISE(ABORT, 'yiwang: desk_day is not deleted'); END;
CREATE TRIGGER desk_exception_undeleted BEFORE DELETE ON desk_exception BEGIN SELECT RAISE(ABORT, 'yiwang: desk_exception is not deleted'); END;
CREATE TRIGGER desk_day_changes BEFORE UPDATE ON desk_day BEGIN
    SELECT RAISE(ABORT, 'yiwang: a day changes step by step') WHERE NEW.day <> OLD.day OR NEW.revision <> OLD.revision +
        1 OR NEW.run < OLD.run;
    SELECT RAISE(ABORT, 'yiwang: a sealed day does not change') WHERE OLD.standing = 'CLOSED' AND NEW.standing =
        'CLOSED';
    SELECT RAISE(ABORT, 'yiwang: a version begins by reopening') WHERE OLD.standing = 'OPEN' AND NEW.version <>
        OLD.version;
    SELECT RAISE(ABORT, 'yiwang: a day is closed by its seal') WHERE OLD.standing = 'OPEN' AND NEW.standing = 'CLOSED'
        AND NOT EXISTS (SELECT 1 FROM desk_seal s WHERE s.day = OLD.day AND s.version = OLD.version);
    SELECT RAISE(ABORT, 'yiwang: a sealed day is opened by two') WHERE OLD.standing = 'CLOSED' AND NEW.standing = 'OPEN'
        AND (NEW.version <> OLD.version + 1 OR NEW.version - 1 > (SELECT COUNT(*) FROM desk_proposal p JOIN
        desk_execution e ON e.proposal_no = p.no WHERE p.kind = 'REOPEN_DAY' AND p.day = OLD.day));
END;
CREATE TRIGGER desk_day_begins BEFORE INSERT ON desk_day BEGIN
    SELECT RAISE(ABORT, 'yiwang: a day begins open') WHERE NEW.standing <> 'OPEN' OR NEW.version <> 1 OR NEW.revision <>
        1;
END;
CREATE TRIGGER desk_run_begins BEFORE INSERT ON desk_run BEGIN
    SELECT RAISE(ABORT, 'yiwang: a sealed day takes no run') WHERE EXISTS (SELECT 1 FROM desk_day d WHERE d.day =
        NEW.day AND d.standing = 'CLOSED');
    SELECT RAISE(ABORT, 'yiwang: runs have numbers without gaps') WHERE NEW.number <> 1 + (SELECT COUNT(*) FROM desk_run
        r WHERE r.day = NEW.day);
END;
CREATE TRIGGER desk_exception_begins BEFORE INSERT ON desk_exception BEGIN
    SELECT RAISE(ABORT, 'yiwang: an exception begins open') WHERE NEW.state <> 'OPEN' OR NEW.revision <> 1 OR
        NEW.proposal_no IS NOT NULL;
    SELECT RAISE(ABORT, 'yiwang: a sealed day takes no exception') WHERE EXISTS (SELECT 1 FROM desk_day d WHERE d.day =
        NEW.day AND d.standing = 'CLOSED');
END;
CREATE TRIGGER desk_exception_changes BEFORE UPDATE ON desk_exception BEGIN
    SELECT RAISE(ABORT, 'yiwang: an exception changes step by step') WHERE NEW.no <> OLD.no OR NEW.day <> OLD.day OR
        NEW.identity <> OLD.identity OR NEW.code <> OLD.code OR NEW.opened_at <> OLD.opened_at OR NEW.revision <>
        OLD.revision + 1;
    SELECT RAISE(ABORT, 'yiwang: no such step') WHERE NEW.state <> OLD.state AND OLD.state || '>' || NEW.state NOT IN
        ('OPEN>PROPOSED', 'OPEN>RESOLVED', 'PROPOSED>APPROVED', 'PROPOSED>OPEN', 'APPROVED>EXECUTED', 'APPROVED>OPEN',
        'EXECUTED>VERIFIED', 'VERIFIED>CLOSED', 'VERIFIED>OPEN', 'CLOSED>OPEN', 'RESOLVED>OPEN');
    SELECT RAISE(ABORT, 'yiwang: what was agreed to does not change') WHERE NEW.state = OLD.state AND NEW.state IN
        ('PROPOSED', 'APPROVED');
    SELECT RAISE(ABORT, 'yiwang: another amount needs another agreement') WHERE NEW.at_risk <> OLD.at_risk AND NEW.state
        IN ('PROPOSED', 'APPROVED');
    SELECT RAISE(ABORT, 'yiwang: every step is written down first') WHERE NOT EXISTS (SELECT 1 FROM desk_event e WHERE
        e.exception_no = NEW.no AND e.revision = NEW.revision AND e.state = NEW.state AND e.at_risk = NEW.at_risk);
    SELECT RAISE(ABORT, 'yiwang: nothing proposes it') WHERE NEW.state = 'PROPOSED' AND NOT EXISTS (SELECT 1 FROM
        desk_mark m JOIN desk_proposal p ON p.no = m.proposal_no WHERE m.proposal_no = NEW.proposal_no AND
        m.exception_no = NEW.no AND m.revision = NEW.revision AND m.at_risk = NEW.at_risk AND p.kind = NEW.action);
    SELECT RAISE(ABORT, 'yiwang: not enough others have agreed') WHERE NEW.state IN ('APPROVED', 'EXECUTED', 'VERIFIED')
        AND (NEW.proposal_no IS NULL OR NEW.proposal_no <> OLD.proposal_no OR (SELECT COUNT(*) FROM desk_decision d
        WHERE d.proposal_no = NEW.proposal_no AND d.kind = 'APPROVE') < (SELECT p.needs FROM desk_proposal p WHERE p.no
        = NEW.proposal_no));
    SELECT RAISE(ABORT, 'yiwang: nobody did it') WHERE NEW.state IN ('EXECUTED', 'VERIFIED') AND NOT EXISTS (SELECT 1
        FROM desk_execution e WHERE e.proposal_no = NEW.proposal_no);
    SELECT RAISE(ABORT, 'yiwang: nothing proves it') WHERE NEW.state = 'VERIFIED' AND OLD.state = 'EXECUTED' AND NOT
        EXISTS (SELECT 1 FROM desk_event e WHERE e.exception_no = NEW.no AND e.revision = NEW.revision AND e.what =
        'PROVED');
END;
CREATE TRIGGER desk_event_begins BEFORE INSERT ON desk_event BEGIN
    SELECT RAISE(ABORT, 'yiwang: steps have numbers without gaps') WHERE NEW.revision <> 1 + (SELECT COUNT(*) FROM
        desk_event e WHERE e.exception_no = NEW.exception_no);
END;
CREATE TRIGGER desk_proposal_begins BEFORE INSERT ON desk_proposal BEGIN
    SELECT RAISE(ABORT, 'yiwang: nobody allowed that') WHERE NEW.maker_for <> '' AND NOT EXISTS (SELECT 1 FROM
        staff_delegation g WHERE g.giver = NEW.maker_for AND g.taker = NEW.maker AND g.from_at <= NEW.at AND NEW.at <
        g.until_at);
END;
CREATE TRIGGER desk_mark_begins BEFORE INSERT ON desk_mark BEGIN
    SELECT RAISE(ABORT, 'yiwang: the set is complete') WHERE (SELECT COUNT(*) FROM desk_mark m WHERE m.proposal_no =
        NEW.proposal_no) >= (SELECT p.marks FROM desk_proposal p WHERE p.no = NEW.proposal_no);
    SELECT RAISE(ABORT, 'yiwang: the set was decided about') WHERE EXISTS (SELECT 1 FROM desk_decision d WHERE
        d.proposal_no = NEW.proposal_no);
END;
CREATE TRIGGER desk_decision_begins BEFORE INSERT ON desk_decision BEGIN
    SELECT RAISE(ABORT, 'yiwang: decisions have numbers without gaps') WHERE NEW.position <> (SELECT COUNT(*) FROM
        desk_decision d WHERE d.proposal_no = NEW.proposal_no);
    SELECT RAISE(ABORT, 'yiwang: another content was shown') WHERE NOT EXISTS (SELECT 1 FROM desk_proposal p WHERE p.no
        = NEW.proposal_no AND p.digest = NEW.digest);
    SELECT RAISE(ABORT, 'yiwang: it was decided') WHERE EXISTS (SELECT 1 FROM desk_decision d WHERE d.proposal_no =
        NEW.proposal_no AND d.kind <> 'APPROVE') OR EXISTS (SELECT 1 FROM desk_execution e WHERE e.proposal_no =
        NEW.proposal_no) OR (SELECT COUNT(*) FROM desk_decision d WHERE d.proposal_no = NEW.proposal_no AND d.kind =
        'APPROVE') >= (SELECT p.needs FROM desk_proposal p WHERE p.no = NEW.proposal_no);
    SELECT RAISE(ABORT, 'yiwang: nobody allowed that') WHERE NEW.acting_for <> '' AND NOT EXISTS (SELECT 1 FROM
        staff_delegation g WHERE g.giver = NEW.acting_for AND g.taker = NEW.by_whom AND g.from_at <= NEW.at AND NEW.at <
        g.until_at);
    SELECT RAISE(ABORT, 'yiwang: no role for it') WHERE NEW.kind <> 'WITHDRAW' AND NOT EXISTS (SELECT 1 FROM
        staff_account a WHERE a.name = NEW.by_whom AND (a.roles LIKE '%CHECKER%' OR a.roles LIKE '%FINANCE:%'));
    SELECT RAISE(ABORT, 'yiwang: the second is of finance') WHERE NEW.kind = 'APPROVE' AND EXISTS (SELECT 1 FROM
        desk_proposal p WHERE p.no = NEW.proposal_no AND p.needs = 2) AND (SELECT COUNT(*) FROM desk_decision d WHERE
        d.proposal_no = NEW.proposal_no AND d.kind = 'APPROVE') = 1 AND NOT EXISTS (SELECT 1 FROM staff_account a WHERE
        a.name = NEW.by_whom AND a.roles LIKE '%FINANCE:%');
    SELECT RAISE(ABORT, 'yiwang: maker is not checker') WHERE NEW.kind <> 'WITHDRAW' AND EXISTS (SELECT 1 FROM
        desk_proposal p WHERE p.no = NEW.proposal_no AND ((p.maker <> '' AND COALESCE((SELECT s.person FROM staff_person
        s WHERE s.name = p.maker), p.maker) IN (COALESCE((SELECT s.person FROM staff_person s WHERE s.name =
        NEW.by_whom), NEW.by_whom), CASE WHEN NEW.acting_for = '' THEN '' ELSE COALESCE((SELECT s.person FROM
        staff_person s WHERE s.name = NEW.acting_for), NEW.acting_for) END)) OR (p.maker_for <> '' AND COALESCE((SELECT
        s.person FROM staff_person s WHERE s.name = p.maker_for), p.maker_for) IN (COALESCE((SELECT s.person FROM
        staff_person s WHERE s.name = NEW.by_whom), NEW.by_whom), CASE WHEN NEW.acting_for = '' THEN '' ELSE
        COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.acting_for), NEW.acting_for) END))));
    SELECT RAISE(ABORT, 'yiwang: one person decides once') WHERE NEW.kind <> 'WITHDRAW' AND EXISTS (SELECT 1 FROM
        desk_decision d WHERE d.proposal_no = NEW.proposal_no AND ((d.by_whom <> '' AND COALESCE((SELECT s.person FROM
        staff_person s WHERE s.name = d.by_whom), d.by_whom) IN (COALESCE((SELECT s.person FROM staff_person s WHERE
        s.name = NEW.by_whom), NEW.by_whom), CASE WHEN NEW.acting_for = '' THEN '' ELSE COALESCE((SELECT s.person FROM
        staff_person s WHERE s.name = NEW.acting_for), NEW.acting_for) END)) OR (d.acting_for <> '' AND COALESCE((SELECT
        s.person FROM staff_person s WHERE s.name = d.acting_for), d.acting_for) IN (COALESCE((SELECT s.person FROM
        staff_person s WHERE s.name = NEW.by_whom), NEW.by_whom), CASE WHEN NEW.acting_for = '' THEN '' ELSE
        COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.acting_for), NEW.acting_for) END))));
    SELECT RAISE(ABORT, 'yiwang: its maker alone takes it back') WHERE NEW.kind = 'WITHDRAW' AND NOT EXISTS (SELECT 1
        FROM desk_proposal p WHERE p.no = NEW.proposal_no AND ((p.maker <> '' AND COALESCE((SELECT s.person FROM
        staff_person s WHERE s.name = p.maker), p.maker) IN (COALESCE((SELECT s.person FROM staff_person s WHERE s.name
        = NEW.by_whom), NEW.by_whom), CASE WHEN NEW.acting_for = '' THEN '' ELSE COALESCE((SELECT s.person FROM
        staff_person s WHERE s.name = NEW.acting_for), NEW.acting_for) END)) OR (p.maker_for <> '' AND COALESCE((SELECT
        s.person FROM staff_person s WHERE s.name = p.maker_for), p.maker_for) IN (COALESCE((SELECT s.person FROM
        staff_person s WHERE s.name = NEW.by_whom), NEW.by_whom), CASE WHEN NEW.acting_for = '' THEN '' ELSE
        COALESCE((SELECT s.person FROM staff_person s WHERE s.name = NEW.acting_for), NEW.acting_for) END))));
    SELECT RAISE(ABORT, 'yiwang: the set changed') WHERE NEW.kind = 'APPROVE' AND (SELECT p.marks FROM desk_proposal p
        WHERE p.no = NEW.proposal_no) <> (SELECT COUNT(*) FROM desk_mark m JOIN desk_exception x ON x.no =
        m.exception_no WHERE m.proposal_no = NEW.proposal_no AND x.proposal_no = NEW.proposal_no AND x.state =
        'PROPOSED' AND x.revision = m.revision AND x.at_risk = m.at_risk);
    SELECT RAISE(ABORT, 'yiwang: the sum is another') WHERE NEW.kind = 'APPROVE' AND (SELECT p.weight FROM desk_proposal p WHERE p.no = NEW.proposal_no) <>
        (SELECT COALESCE(SUM(ABS(m.at_risk)), 0) FROM desk_mark m WHERE m.proposal_no = NEW.proposal_no);
END;
CREATE TRIGGER desk_execution_begins BEFORE INSERT ON desk_execution BEGIN
    SELECT RAISE(ABORT, 'yiwang: not enough others have agreed') WHERE (SELECT COUNT(*) FROM desk_decision d WHERE
        d.proposal_no = NEW.proposal_no AND d.kind = 'APPROVE') < (SELECT p.needs FROM desk_proposal p WHERE p.no =
        NEW.proposal_no) OR EXISTS (SELECT 1 FROM desk_decision d WHERE d.proposal_no = NEW.proposal_no AND d.kind <>
        'APPROVE');
    SELECT RAISE(ABORT, 'yiwang: the set changed') WHERE (SELECT p.marks FROM desk_proposal p WHERE p.no =
        NEW.proposal_no) <> (SELECT COUNT(*) FROM desk_exception x WHERE x.proposal_no = NEW.proposal_no AND x.state =
        'APPROVED');
END;
CREATE TRIGGER desk_seal_begins BEFORE INSERT ON desk_seal BEGIN
    SELECT RAISE(ABORT, 'yiwang: seals have numbers without gaps') WHERE NEW.number <> 1 + (SELECT COUNT(*) FROM
        desk_seal);
    SELECT RAISE(ABORT, 'yiwang: a seal follows the one before') WHERE NEW.previous <> COALESCE((SELECT s.hash FROM
        desk_seal s WHERE s.number = NEW.number - 1), '');
    SELECT RAISE(ABORT, 'yiwang: nothing proposes it') WHERE NOT EXISTS (SELECT 1 FROM desk_proposal p WHERE p.no =
        NEW.proposal_no AND p.kind = 'CLOSE_DAY' AND p.day = NEW.day);
END;
