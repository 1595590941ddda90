-- An event of which a message was made.
ALTER TABLE message_event ADD COLUMN taken BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX message_event_new ON message_event (at, event_key) WHERE NOT taken;

-- One message per event: what stands in the app, and when there is something to do about it.
CREATE TABLE message (
    event_key TEXT NOT NULL PRIMARY KEY REFERENCES message_event (event_key),
    person_id TEXT NOT NULL,
    at BIGINT NOT NULL,             -- of the event
    template_version BIGINT NOT NULL,
    title TEXT NOT NULL,            -- sealed
    body TEXT NOT NULL,             -- sealed
    about TEXT,                     -- kind of thing and number: pay:YW…
    read_at BIGINT,
    due_at BIGINT,                  -- NULL: nothing is to do
    version BIGINT NOT NULL CHECK (version >= 0)
);

CREATE INDEX message_of_person ON message (person_id, at, event_key);
CREATE INDEX message_unread ON message (person_id) WHERE read_at IS NULL;
CREATE INDEX message_due ON message (due_at, event_key) WHERE due_at IS NOT NULL;

-- One row per channel that was tried, stored before the platform is called.
CREATE TABLE message_attempt (
    event_key TEXT NOT NULL REFERENCES message (event_key),
    channel TEXT NOT NULL,
    outcome TEXT NOT NULL,
    tries BIGINT NOT NULL CHECK (tries > 0),
    platform_no TEXT,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (event_key, channel)
);

CREATE INDEX message_attempt_platform_no ON message_attempt (channel, platform_no)
    WHERE platform_no IS NOT NULL;

CREATE TABLE message_wish (
    person_id TEXT NOT NULL,
    message_group TEXT NOT NULL,
    channels TEXT NOT NULL,         -- words, parted by commas; empty: none
    at BIGINT NOT NULL,
    PRIMARY KEY (person_id, message_group)
);

-- Messages of a platform's template that a citizen has allowed, one for each tap.
CREATE TABLE message_grant (
    person_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    template_id TEXT NOT NULL,
    remaining BIGINT NOT NULL CHECK (remaining >= 0),
    PRIMARY KEY (person_id, channel, template_id)
);

CREATE TABLE push_device (
    session_id TEXT NOT NULL PRIMARY KEY REFERENCES session (id),
    person_id TEXT NOT NULL,
    token TEXT NOT NULL,            -- sealed
    token_index TEXT NOT NULL,      -- keyed hash, for look-up
    at BIGINT NOT NULL
);

CREATE UNIQUE INDEX push_device_token ON push_device (token_index);
CREATE INDEX push_device_person ON push_device (person_id, at);
