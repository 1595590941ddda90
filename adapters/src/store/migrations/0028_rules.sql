-- The rules by which days are judged, by versions that two persons agreed to. Before the first the program's own apply.
CREATE TABLE desk_rule (
    version BIGINT NOT NULL PRIMARY KEY CHECK (version > 0),
    rules TEXT NOT NULL CHECK (rules <> ''),
    proposal_no TEXT NOT NULL UNIQUE REFERENCES desk_proposal (no),
    at BIGINT NOT NULL
);
