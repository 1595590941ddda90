-- Which cashier an order was made for; older payments are all of the WeChat mini-program.
ALTER TABLE payment ADD COLUMN cashier TEXT NOT NULL DEFAULT 'WECHAT_MINI';

-- A callback tells of money taken (refund_no is null) or of a refund. For a refund `amount` and
-- `paid_at` are the refund's, `txn` is the rail's number of the refund where it has one.
ALTER TABLE callback_inbox ADD COLUMN refund_no TEXT;
ALTER TABLE callback_inbox ADD COLUMN refund_state TEXT;
ALTER TABLE callback_inbox ADD COLUMN refund_code TEXT;
