-- Of each notice the region of its agency, for reports; empty of payments from before.
ALTER TABLE payment_notice ADD COLUMN region TEXT NOT NULL DEFAULT '';
-- Refunds in order of making.
CREATE INDEX refund_made ON refund (created_at, no);
