-- What a department certified, as it stands on the paper.
CREATE TABLE certificate (
    serial TEXT NOT NULL PRIMARY KEY,
    submission_no TEXT NOT NULL UNIQUE,     -- one submission, one certificate
    person_id TEXT NOT NULL,
    app TEXT NOT NULL,
    title TEXT NOT NULL,
    issuer TEXT NOT NULL,
    seal TEXT NOT NULL,
    code TEXT NOT NULL,                     -- sealed: the authorisation code
    holder TEXT NOT NULL,                   -- sealed
    content TEXT NOT NULL,                  -- sealed
    address TEXT,                           -- sealed; where it goes by post
    as_of BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    wrong_codes BIGINT NOT NULL CHECK (wrong_codes >= 0),
    wrong_since BIGINT NOT NULL             -- when the first of them came
);
CREATE INDEX certificate_person ON certificate (person_id, issued_at, serial);

-- One row a person, locked while a file comes in: quotas are counted in turn.
CREATE TABLE file_owner (
    person_id TEXT NOT NULL PRIMARY KEY,
    touched_at BIGINT NOT NULL
);

CREATE TABLE uploaded_file (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL CHECK (size >= 0),
    content_index TEXT NOT NULL,            -- keyed hash of the content's SHA-256
    uploaded_at BIGINT NOT NULL,
    used_at BIGINT                          -- NULL: goes with nothing yet
);
CREATE INDEX uploaded_file_person ON uploaded_file (person_id, uploaded_at);
CREATE INDEX uploaded_file_unused ON uploaded_file (uploaded_at) WHERE used_at IS NULL;

-- The content in pieces of at most 256 KiB, each sealed for its place.
CREATE TABLE uploaded_file_piece (
    file_id TEXT NOT NULL REFERENCES uploaded_file (id),
    place BIGINT NOT NULL,
    content TEXT NOT NULL,                  -- sealed
    PRIMARY KEY (file_id, place)
);
