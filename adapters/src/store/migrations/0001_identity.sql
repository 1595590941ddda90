-- Times are microseconds since 1970 in UTC, days yyyy-mm-dd. Columns marked "sealed" hold
-- v1:<key id>:<base64>; only the service can read them. Valid on SQLite and on PostgreSQL.
CREATE TABLE person (
    id TEXT NOT NULL PRIMARY KEY,
    phone TEXT,                     -- sealed
    phone_index TEXT,               -- keyed hash, for look-up; families share phones
    name TEXT,                      -- sealed
    id_card TEXT,                   -- sealed
    id_card_index TEXT,             -- keyed hash, for look-up
    real_name_checked_at BIGINT,
    face_checked_at BIGINT,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 0)
);

-- An id card is proved by one person only.
CREATE UNIQUE INDEX person_id_card ON person (id_card_index) WHERE id_card_index IS NOT NULL;
CREATE INDEX person_phone ON person (phone_index) WHERE phone_index IS NOT NULL;

CREATE TABLE channel_link (
    channel TEXT NOT NULL,
    app_id TEXT NOT NULL,
    open_id TEXT NOT NULL,
    union_id TEXT,
    person_id TEXT NOT NULL REFERENCES person (id),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (channel, app_id, open_id)
);

CREATE INDEX channel_link_person ON channel_link (person_id, linked_at);

CREATE TABLE session (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    device TEXT,
    access_hash TEXT NOT NULL,      -- SHA-256 of the token, which nobody stores
    refresh_hash TEXT NOT NULL,     -- likewise
    created_at BIGINT NOT NULL,
    access_until BIGINT NOT NULL,
    refresh_until BIGINT NOT NULL,
    revoked BOOLEAN NOT NULL
);

CREATE UNIQUE INDEX session_access ON session (access_hash);
CREATE UNIQUE INDEX session_refresh ON session (refresh_hash);
CREATE INDEX session_person ON session (person_id);

-- Refresh tokens that were replaced: whoever shows one again is not alone in holding it.
CREATE TABLE used_refresh (
    refresh_hash TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES session (id),
    used_at BIGINT NOT NULL
);

CREATE INDEX used_refresh_session ON used_refresh (session_id);

CREATE TABLE staff_account (
    name TEXT NOT NULL PRIMARY KEY,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
