-- Of money under review, too, a refund is made: word for word as the query that looks for it.
-- The index payment_refund_due stays for nodes of the release before.
CREATE INDEX payment_owing ON payment (no) WHERE status IN ('REFUND_DUE', 'UNDER_REVIEW');
