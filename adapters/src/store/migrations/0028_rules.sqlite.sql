-- The same as in the PostgreSQL file.
CREATE TRIGGER desk_rule_begins BEFORE INSERT ON desk_rule BEGIN
    SELECT RAISE(ABORT, 'yiwang: rules have versions without gaps') WHERE NEW.version <> 1 + (SELECT COUNT(*) FROM desk_rule);
    SELECT RAISE(ABORT, 'yiwang: nobody agreed to these rules') WHERE NOT EXISTS (SELECT 1 FROM desk_proposal p JOIN
        desk_execution e ON e.proposal_no = p.no WHERE p.no = NEW.proposal_no AND p.kind = 'CHANGE_RULES'
        AND SUBSTR(p.state_of_day, 1, LENGTH(NEW.rules)) = NEW.rules);
END;
CREATE TRIGGER desk_rule_unchanged BEFORE UPDATE ON desk_rule BEGIN SELECT RAISE(ABORT, 'yiwang: desk_rule is only added to'); END;
CREATE TRIGGER desk_rule_undeleted BEFORE DELETE ON desk_rule BEGIN SELECT RAISE(ABORT, 'yiwang: desk_rule is only added to'); END;
