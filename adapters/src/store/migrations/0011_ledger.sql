-- What each account stands at, kept with every booking and proved every night. Sixteen rows an
-- account, so that payments that are booked at the same time do not wait for one another.
CREATE TABLE ledger_balance (
    account TEXT NOT NULL,
    shard BIGINT NOT NULL,
    debits BIGINT NOT NULL CHECK (debits >= 0),
    credits BIGINT NOT NULL CHECK (credits >= 0),
    PRIMARY KEY (account, shard)
);

INSERT INTO ledger_balance (account, shard, debits, credits)
    SELECT account, 0,
        CAST(SUM(CASE WHEN side = 'DEBIT' THEN amount ELSE 0 END) AS BIGINT),
        CAST(SUM(CASE WHEN side = 'CREDIT' THEN amount ELSE 0 END) AS BIGINT)
    FROM journal_entry GROUP BY account;

CREATE TABLE ledger_check (
    day TEXT NOT NULL PRIMARY KEY,  -- Beijing's
    at BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    faults TEXT NOT NULL            -- a line each; empty: none
);
