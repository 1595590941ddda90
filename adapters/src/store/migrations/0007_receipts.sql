-- A receipt keeps what stands on it, as it was when it was issued; older ones take it from their
-- payment (the payer's name is not known for them).
ALTER TABLE receipt ADD COLUMN person_id TEXT NOT NULL DEFAULT '';
ALTER TABLE receipt ADD COLUMN payer TEXT;              -- sealed
ALTER TABLE receipt ADD COLUMN agency_code TEXT NOT NULL DEFAULT '';
ALTER TABLE receipt ADD COLUMN agency_name TEXT NOT NULL DEFAULT '';
ALTER TABLE receipt ADD COLUMN items TEXT NOT NULL DEFAULT '[]'; -- [{"code", "name", "fen"}]
-- Of a red-letter receipt: what it takes back, for which refund, and why.
ALTER TABLE receipt ADD COLUMN reverses_code TEXT;
ALTER TABLE receipt ADD COLUMN reverses_number TEXT;
ALTER TABLE receipt ADD COLUMN refund_no TEXT;
ALTER TABLE receipt ADD COLUMN reason TEXT;
-- Of one that was taken back: the red-letter receipt.
ALTER TABLE receipt ADD COLUMN reversed_by_code TEXT;
ALTER TABLE receipt ADD COLUMN reversed_by_number TEXT;

UPDATE receipt SET
    person_id = (SELECT p.person_id FROM payment p WHERE p.no = receipt.payment_no),
    agency_code = (SELECT n.agency_code FROM payment_notice n
        WHERE n.payment_no = receipt.payment_no AND n.notice_no = receipt.notice_no),
    agency_name = (SELECT n.agency_name FROM payment_notice n
        WHERE n.payment_no = receipt.payment_no AND n.notice_no = receipt.notice_no),
    items = (SELECT n.items FROM payment_notice n
        WHERE n.payment_no = receipt.payment_no AND n.notice_no = receipt.notice_no);

-- Of one notice and payment at most one receipt stands, and each is taken back at most once.
DROP INDEX receipt_notice;
CREATE UNIQUE INDEX receipt_standing ON receipt (payment_no, notice_no)
    WHERE reverses_number IS NULL AND reversed_by_number IS NULL;
CREATE UNIQUE INDEX receipt_reversal ON receipt (reverses_code, reverses_number);
CREATE INDEX receipt_chain ON receipt (payment_no, notice_no, issued_at);
CREATE INDEX receipt_person ON receipt (person_id, issued_at, code, number);

-- The statement of a year.
CREATE INDEX payment_person_paid ON payment (person_id, paid_at, no) WHERE paid_at IS NOT NULL;
