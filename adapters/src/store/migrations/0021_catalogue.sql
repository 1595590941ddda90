-- Versions of the catalogue, for ever; files is a JSON list of [path, text].
CREATE TABLE catalogue_version (
    number BIGINT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL,
    files TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX catalogue_version_digest ON catalogue_version (digest);

-- Every form that was ever published, with the last file of its app that had it.
CREATE TABLE app_form (
    app TEXT NOT NULL,
    form_version BIGINT NOT NULL,
    path TEXT NOT NULL,
    file TEXT NOT NULL,
    PRIMARY KEY (app, form_version)
);

-- What editors have written and not published; NULL: the file is to go.
CREATE TABLE app_draft (
    path TEXT NOT NULL PRIMARY KEY,
    file TEXT,
    saved_by TEXT NOT NULL,
    saved_at BIGINT NOT NULL
);

-- What citizens searched for in vain: one spelling, no numbers, counted over all nodes.
CREATE TABLE search_miss (
    words TEXT NOT NULL PRIMARY KEY,
    times BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX search_miss_last ON search_miss (last_at);
