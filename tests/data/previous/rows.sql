-- Rows of the release before refunds, quotes and the other rails, as it wrote them: one payment in every state that it knew how to
-- reach, an effect that waits, and a callback that nobody has acted on. Valid on SQLite and on PostgreSQL; never edited.

INSERT INTO payment (no, person_id, channel, rail, payer, amount, idempotency_key, created_at, expires_at, status, txn, paid_amount, paid_at, refund_origin, unsettled, next_check_at, version) VALUES
    ('YW202603021000004F1GTVEN5PCQ', 'D1A4QQYS1SMHZ0AK0NW3', 'wechat', 'WECHAT_PAY', 'o7iykUhHi0tSXBXNWx09b5aqYIjc', 10100, 'key-330000001FS0000000008', 1772416800903000, 1772417700903000, 'PAID', '4200002222202603020000000001', 10100, 1772416800000000, NULL, FALSE, 1772416805903000, 1);
INSERT INTO payment (no, person_id, channel, rail, payer, amount, idempotency_key, created_at, expires_at, status, txn, paid_amount, paid_at, refund_origin, unsettled, next_check_at, version) VALUES
    ('YW20260302100001FEH1E3Z1ASQT', 'D1A4QQYS1SMHZ0AK0NW3', 'wechat', 'WECHAT_PAY', 'o7iykUhHi0tSXBXNWx09b5aqYIjc', 10500, 'key-330000001FS0000000009', 1772416801901000, 1772417701901000, 'CLOSED', NULL, NULL, NULL, NULL, FALSE, 1772416806901000, 1);
INSERT INTO payment (no, person_id, channel, rail, payer, amount, idempotency_key, created_at, expires_at, status, txn, paid_amount, paid_at, refund_origin, unsettled, next_check_at, version) VALUES
    ('YW20260302100001KWEDZZ53Y359', 'D1A4QQYS1SMHZ0AK0NW3', 'wechat', 'WECHAT_PAY', 'o7iykUhHi0tSXBXNWx09b5aqYIjc', 10200, 'key-330000001FS0000000010', 1772416801915000, 1772417701915000, 'PAID', '4200002222202603020000000002', 10200, 1772416801000000, NULL, FALSE, 1772416806915000, 1);
INSERT INTO payment (no, person_id, channel, rail, payer, amount, idempotency_key, created_at, expires_at, status, txn, paid_amount, paid_at, refund_origin, unsettled, next_check_at, version) VALUES
    ('YW202603021000019AVZMQT4P0MR', 'D1A4QQYS1SMHZ0AK0NW3', 'wechat', 'WECHAT_PAY', 'o7iykUhHi0tSXBXNWx09b5aqYIjc', 10300, 'lost-answer', 1772416801986000, 1772417701986000, 'UNKNOWN', NULL, NULL, NULL, NULL, TRUE, 1772416806986000, 1);
INSERT INTO payment (no, person_id, channel, rail, payer, amount, idempotency_key, created_at, expires_at, status, txn, paid_amount, paid_at, refund_origin, unsettled, next_check_at, version) VALUES
    ('YW2026030210000162F2KE1PHWAA', 'D1A4QQYS1SMHZ0AK0NW3', 'wechat', 'WECHAT_PAY', 'o7iykUhHi0tSXBXNWx09b5aqYIjc', 10600, 'key-330000001FS0000000012', 1772416801993000, 1772417701993000, 'SUBMITTED', NULL, NULL, NULL, NULL, TRUE, 1772416806993000, 0);
INSERT INTO payment (no, person_id, channel, rail, payer, amount, idempotency_key, created_at, expires_at, status, txn, paid_amount, paid_at, refund_origin, unsettled, next_check_at, version) VALUES
    ('YW2026030210000143SVR2FDTHKQ', 'D1A4QQYS1SMHZ0AK0NW3', 'wechat', 'WECHAT_PAY', 'o7iykUhHi0tSXBXNWx09b5aqYIjc', 10400, 'key-330000001FS0000000013', 1772416801998000, 1772417701998000, 'SUBMITTED', NULL, NULL, NULL, NULL, TRUE, 1772416806998000, 0);

INSERT INTO payment_notice (payment_no, notice_no, position, title, agency_code, agency_name, items, principal, late_fee, expires_at, holds, written_off_at) VALUES
    ('YW202603021000004F1GTVEN5PCQ', '330000001FS0000000008', 0, '交通违法罚款', '011102', '杭州市公安局交通警察支队', '[{"code":"10601010","name":"交通违法罚款","fen":10100}]', 10100, 0, NULL, TRUE, 1772416801369000);
INSERT INTO payment_notice (payment_no, notice_no, position, title, agency_code, agency_name, items, principal, late_fee, expires_at, holds, written_off_at) VALUES
    ('YW20260302100001FEH1E3Z1ASQT', '330000001FS0000000009', 0, '交通违法罚款', '011102', '杭州市公安局交通警察支队', '[{"code":"10601010","name":"交通违法罚款","fen":10500}]', 10500, 0, NULL, FALSE, NULL);
INSERT INTO payment_notice (payment_no, notice_no, position, title, agency_code, agency_name, items, principal, late_fee, expires_at, holds, written_off_at) VALUES
    ('YW20260302100001KWEDZZ53Y359', '330000001FS0000000010', 0, '交通违法罚款', '011102', '杭州市公安局交通警察支队', '[{"code":"10601010","name":"交通违法罚款","fen":10200}]', 10200, 0, NULL, TRUE, NULL);
INSERT INTO payment_notice (payment_no, notice_no, position, title, agency_code, agency_name, items, principal, late_fee, expires_at, holds, written_off_at) VALUES
    ('YW202603021000019AVZMQT4P0MR', '330000001FS0000000011', 0, '交通违法罚款', '011102', '杭州市公安局交通警察支队', '[{"code":"10601010","name":"交通违法罚款","fen":10300}]', 10300, 0, NULL, TRUE, NULL);
INSERT INTO payment_notice (payment_no, notice_no, position, title, agency_code, agency_name, items, principal, late_fee, expires_at, holds, written_off_at) VALUES
    ('YW2026030210000162F2KE1PHWAA', '330000001FS0000000012', 0, '交通违法罚款', '011102', '杭州市公安局交通警察支队', '[{"code":"10601010","name":"交通违法罚款","fen":10600}]', 10600, 0, NULL, TRUE, NULL);
INSERT INTO payment_notice (payment_no, notice_no, position, title, agency_code, agency_name, items, principal, late_fee, expires_at, holds, written_off_at) VALUES
    ('YW2026030210000143SVR2FDTHKQ', '330000001FS0000000013', 0, '交通违法罚款', '011102', '杭州市公安局交通警察支队', '[{"code":"10601010","name":"交通违法罚款","fen":10400}]', 10400, 0, NULL, TRUE, NULL);

INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW202603021000004F1GTVEN5PCQ', 0, 1772416800903000, 'SUBMITTED', 'STARTED', NULL);
INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW202603021000004F1GTVEN5PCQ', 1, 1772416800949000, 'PAID', 'RAIL_CONFIRMED', 'callback:84d0907b-8382-7c0b-6c82-9af41ffc2321');
INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW20260302100001FEH1E3Z1ASQT', 0, 1772416801901000, 'SUBMITTED', 'STARTED', NULL);
INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW20260302100001FEH1E3Z1ASQT', 1, 1772416801910000, 'CLOSED', 'CANCELLED', 'answer:2026-03-02T02:00:01.91Z');
INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW20260302100001KWEDZZ53Y359', 0, 1772416801915000, 'SUBMITTED', 'STARTED', NULL);
INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW20260302100001KWEDZZ53Y359', 1, 1772416801949000, 'PAID', 'RAIL_CONFIRMED', 'callback:88b30722-f29d-3fe5-e9bc-2c5467201f78');
INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW202603021000019AVZMQT4P0MR', 0, 1772416801986000, 'SUBMITTED', 'STARTED', NULL);
INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW202603021000019AVZMQT4P0MR', 1, 1772416801988000, 'UNKNOWN', 'RAIL_SILENT', 'answer:2026-03-02T02:00:01.988Z');
INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW2026030210000162F2KE1PHWAA', 0, 1772416801993000, 'SUBMITTED', 'STARTED', NULL);
INSERT INTO payment_event (payment_no, version, at, status, reason, evidence) VALUES
    ('YW2026030210000143SVR2FDTHKQ', 0, 1772416801998000, 'SUBMITTED', 'STARTED', NULL);

INSERT INTO journal (payment_no, kind, rail, day, at) VALUES
    ('YW202603021000004F1GTVEN5PCQ', 'PAID', 'WECHAT_PAY', '2026-03-02', 1772416800000000);
INSERT INTO journal (payment_no, kind, rail, day, at) VALUES
    ('YW20260302100001KWEDZZ53Y359', 'PAID', 'WECHAT_PAY', '2026-03-02', 1772416801000000);

INSERT INTO journal_entry (payment_no, kind, position, account, side, amount) VALUES
    ('YW202603021000004F1GTVEN5PCQ', 'PAID', 0, 'rail_clearing:WECHAT_PAY', 'DEBIT', 10100);
INSERT INTO journal_entry (payment_no, kind, position, account, side, amount) VALUES
    ('YW202603021000004F1GTVEN5PCQ', 'PAID', 1, 'fiscal:011102:10601010', 'CREDIT', 10100);
INSERT INTO journal_entry (payment_no, kind, position, account, side, amount) VALUES
    ('YW20260302100001KWEDZZ53Y359', 'PAID', 0, 'rail_clearing:WECHAT_PAY', 'DEBIT', 10200);
INSERT INTO journal_entry (payment_no, kind, position, account, side, amount) VALUES
    ('YW20260302100001KWEDZZ53Y359', 'PAID', 1, 'fiscal:011102:10601010', 'CREDIT', 10200);

INSERT INTO outbox (payment_no, notice_no, kind, ready, due_at, attempts, reason, done_at) VALUES
    ('YW202603021000004F1GTVEN5PCQ', '330000001FS0000000008', 'WRITE_OFF', TRUE, 1772416831365000, 0, NULL, 1772416801369000);
INSERT INTO outbox (payment_no, notice_no, kind, ready, due_at, attempts, reason, done_at) VALUES
    ('YW202603021000004F1GTVEN5PCQ', '330000001FS0000000008', 'ISSUE_RECEIPT', TRUE, 1772416831871000, 0, NULL, 1772416801000000);
INSERT INTO outbox (payment_no, notice_no, kind, ready, due_at, attempts, reason, done_at) VALUES
    ('YW20260302100001KWEDZZ53Y359', '330000001FS0000000010', 'WRITE_OFF', TRUE, 1772416804383000, 1, 'the outcome is unknown', NULL);
INSERT INTO outbox (payment_no, notice_no, kind, ready, due_at, attempts, reason, done_at) VALUES
    ('YW20260302100001KWEDZZ53Y359', '330000001FS0000000010', 'ISSUE_RECEIPT', FALSE, 1772416801949000, 0, NULL, NULL);

INSERT INTO receipt (code, number, check_code, payment_no, notice_no, amount, issued_at) VALUES
    ('33030125', '0000000001', 'ybfuel', 'YW202603021000004F1GTVEN5PCQ', '330000001FS0000000008', 10100, 1772416801000000);

INSERT INTO callback_inbox (id, rail, event_id, order_no, app_id, merchant_no, currency, txn, amount, paid_at, received_at, raw, leased_until, outcome) VALUES
    ('fe3ad4635240ebcc14a08a056ca4e3cac1f0147475b9e347dbd56ab05f03afb6', 'WECHAT_PAY', '84d0907b-8382-7c0b-6c82-9af41ffc2321', 'YW202603021000004F1GTVEN5PCQ', 'wx69b83349989aa11b', '1947935064', 'CNY', '4200002222202603020000000001', 10100, 1772416800000000, 1772416800941000, 'eyJjcmVhdGVfdGltZSI6IjIwMjYtMDMtMDJUMTA6MDA6MDArMDg6MDAiLCJldmVudF90eXBlIjoiVFJBTlNBQ1RJT04uU1VDQ0VTUyIsImlkIjoiODRkMDkwN2ItODM4Mi03YzBiLTZjODItOWFmNDFmZmMyMzIxIiwicmVzb3VyY2UiOnsiYWxnb3JpdGhtIjoiQUVBRF9BRVNfMjU2X0dDTSIsImFzc29jaWF0ZWRfZGF0YSI6InRyYW5zYWN0aW9uIiwiY2lwaGVydGV4dCI6Ikd0VFVYTG9xN1lYUWNKYmFWcEVwMFJkMjRocEdQVUhmNi9KVVhrMjZNWkMxYnZEdktadC95bjRGOHIyMC95RVlnTzRQTldsSEtlb1dhdytxM0Vqck9iQ1Y0Y2ZJWVJRdCs0RkNRZTRTdEZnYXVTTk1JeUt0Vk5YK25LR210VVVvdmVSQnZzOTZlUDN5elNDQVB1SjhjbnBPdXJJM0VSVmZBd1NkVEhYdmxJcDBvSG5aeVhDOFdYZE9CbWEraWFVQTd4dUVUaWZyaVp6N0dRKzJuMW9ydjZjZkpvMUJ2YUVjVk1Hc2JIMmgzNzZvOFMvbm0rSVpha2NYQlk2Y2k3cGd0aGNJcDNKTldwVHlJZ3hNOEtQS3pLOUZDWkxVb2lwUjRnWDRKUWMxSzBZb08yUWZkSFFoUzFodTR2UWFLaCt6NlFNYklyL1N2ODMzd2d0N1pBaWJCM0tHa3dZYkxVeEoxcXNUZVBXcFdBeGJmZTJDRnFjc3RvSHpBN1RhdXR4YVY5NmU4U3oyVmQvdjZFUUJVSUU1ZmpRVTdyM3dhelp5endneWZycTdDcHZnRkYrWnpuWHBpWktZSDZoU0JzOWNCRnRXZXJKR1dqc3p4K1hPbjJwb0xLZ3JUaGdCYUxKYVJkc0tkcTc4UXBQeUJyeGRhMXNzVWlBanlRUysvN1ZkT2YrNUxBNjk3ZmVzMVBRbllSV2c4VnplY2w5UE53a2ozQW41QzhiREk2RlZ1UWhvc29kYkRVUlJxSEtiU2RIek5QWi9sUThtTnpJdndlSlE1ZzJTVVRvaCtxTkxsTVJZbFE1bytKOD0iLCJub25jZSI6IlZWN3pKaEpWZWZ4NyIsIm9yaWdpbmFsX3R5cGUiOiJ0cmFuc2FjdGlvbiJ9LCJyZXNvdXJjZV90eXBlIjoiZW5jcnlwdC1yZXNvdXJjZSIsInN1bW1hcnkiOiLmlK/ku5jmiJDlip8ifQ==', 1772416815947000, 'Moved(Paid)');
INSERT INTO callback_inbox (id, rail, event_id, order_no, app_id, merchant_no, currency, txn, amount, paid_at, received_at, raw, leased_until, outcome) VALUES
    ('4c3103d052f0fa859016346ca88b19d1bc388e192c8cc261ce8a7be01cbc61ed', 'WECHAT_PAY', '88b30722-f29d-3fe5-e9bc-2c5467201f78', 'YW20260302100001KWEDZZ53Y359', 'wx69b83349989aa11b', '1947935064', 'CNY', '4200002222202603020000000002', 10200, 1772416801000000, 1772416801944000, 'eyJjcmVhdGVfdGltZSI6IjIwMjYtMDMtMDJUMTA6MDA6MDErMDg6MDAiLCJldmVudF90eXBlIjoiVFJBTlNBQ1RJT04uU1VDQ0VTUyIsImlkIjoiODhiMzA3MjItZjI5ZC0zZmU1LWU5YmMtMmM1NDY3MjAxZjc4IiwicmVzb3VyY2UiOnsiYWxnb3JpdGhtIjoiQUVBRF9BRVNfMjU2X0dDTSIsImFzc29jaWF0ZWRfZGF0YSI6InRyYW5zYWN0aW9uIiwiY2lwaGVydGV4dCI6InBhcnZxTWV0T2FFcjJheWdCaTNXbEliODJOQkF2TFZVQkR4d3kvaFRmVit4YXhCa0RlOVI5YlFCSkFoMnkzR0pWbEJoUnJlejBVSmlmenpQbXRhS3N5RVlQcktzM2U5SUwxdHhXTlVTa1JQRkZrZFJEdEFnQi84bUU0VHhTcmNvems1RUs0NnpoRG5uYUY2S1ZTNE5KdVJ5YTBXQkhrcGlhNjJJTXZ2dWxWUFRVVEJFejcxOFRHZVg3OEVGNVV2TEw5eXVJeFVYaGJFTVNMeE9McHEzcXZWNzgvK3p5RnNHZXBYUDNPTlN2OWh4OGZISCtGQVNGSFQzRlk1WkEySXdEUmg1dXdNL2FHenltTUNZdExMY1dyL3Z5NEgzMDdOb29wUU5rMzJraGUrN0Fac1dTcHhrRjR5ekFDbGpIZE44WE5qSFJIV3dJRmp2MVVGMU9DT1pVOHg3U3Z0c3B1clhTbkp0azkybHNqSWlqQlhNU1AzNjdYQW10TUduOFlHRjgvSTVwalJ5dWU1dTBpYzhJY0ZPUEdGcXVaZDZiSllFL3E5UVBCQWxMT0g4eWd4Tm5qa2cxMkc0Njdid3ZvL0tLOXdTTmN1QjBOeHd5L0F3MEdCMmJtaFR4cHk3dnZsTUxQMG84SElUN05tdWRteVBZR1ZBbm1WenJwKzhEVm9YcGNNOXJPVEJVUURzRlIyZGVOMDNxWUZGN0pMR0tSUG9pTXRUSDUzZUlyUHpENWJ6aFA2YlFFbXhTODZNUnB2TVBjVHZGZFpxRWU1UkhpYld0UUNXd3lRdDlZZ2hBcFJCMHFTeVVjND0iLCJub25jZSI6IlpUbDl6U0R5S01GSCIsIm9yaWdpbmFsX3R5cGUiOiJ0cmFuc2FjdGlvbiJ9LCJyZXNvdXJjZV90eXBlIjoiZW5jcnlwdC1yZXNvdXJjZSIsInN1bW1hcnkiOiLmlK/ku5jmiJDlip8ifQ==', 1772416816947000, NULL);
