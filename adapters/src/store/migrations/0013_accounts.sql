-- NULL: opened by a node of the release before, and not refreshed since.
ALTER TABLE session ADD COLUMN last_seen_at BIGINT;

-- An account that turned out to be an older one's person: nothing leads to it any more.
ALTER TABLE person ADD COLUMN merged_into TEXT;
-- Ids of accounts that turned out to be this person, parted by commas: what stands under them is theirs.
ALTER TABLE person ADD COLUMN former_ids TEXT NOT NULL DEFAULT '';
CREATE INDEX person_merged_into ON person (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE favourite_app (
    person_id TEXT NOT NULL,
    app TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, app)
);

CREATE TABLE recent_app (
    person_id TEXT NOT NULL,
    app TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, app)
);
