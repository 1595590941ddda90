-- As of when the late fees of a payment are; null in older payments: as of their making.
ALTER TABLE payment ADD COLUMN quoted_at BIGINT;

-- The healer asks each rail by itself, so that a silent one keeps nobody else waiting.
DROP INDEX payment_unsettled;
CREATE INDEX payment_unsettled ON payment (rail, next_check_at, no) WHERE unsettled;
