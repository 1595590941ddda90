-- Codes by the device and the address that asked for them, for their quotas.
CREATE TABLE phone_code_source (
    source_index TEXT NOT NULL,     -- keyed hash of the device or the address
    issued_at BIGINT NOT NULL,
    phone_index TEXT NOT NULL,      -- keyed hash
    PRIMARY KEY (source_index, issued_at, phone_index)
);
