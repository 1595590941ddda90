"""The comparison: a full outer join of a trade bill of WeChat Pay and a ledger export, in DuckDB.

usage: duckdb_join.py STATEMENT LEDGER

Prints the seconds from the first query to the last row of its answer, and what was counted. Columns are typed, two threads; the
interpreter's start and the import are not counted.
"""
import sys
import time

import duckdb

STATEMENT, LEDGER = sys.argv[1:3]

# The bill writes a backtick before every value; it is taken off before a value gets its type.
QUERY = f"""
WITH rail AS (
  SELECT substr(order_no, 2) AS order_no,
         substr(txn, 2) AS txn,
         CAST(CAST(substr(amount, 2) AS DECIMAL(18, 2)) * 100 AS BIGINT) AS fen,
         CAST(CAST(substr(fee, 2) AS DECIMAL(18, 5)) * 100 AS BIGINT) AS fee_fen,
         CAST(substr(moment, 2) AS TIMESTAMP) AS moment,
         substr(state, 2) AS state
    FROM read_csv('{STATEMENT}', header = false, skip = 1, delim = ',', quote = '', escape = '',
                  null_padding = true, auto_detect = false, columns = {{
      'moment': 'VARCHAR', 'app': 'VARCHAR', 'merchant': 'VARCHAR', 'sub': 'VARCHAR', 'device': 'VARCHAR',
      'txn': 'VARCHAR', 'order_no': 'VARCHAR', 'openid': 'VARCHAR', 'trade': 'VARCHAR',
      'state': 'VARCHAR', 'bank': 'VARCHAR', 'currency': 'VARCHAR', 'settled': 'VARCHAR',
      'coupon': 'VARCHAR', 'refund_txn': 'VARCHAR', 'refund_no': 'VARCHAR', 'refunded': 'VARCHAR',
      'refund_coupon': 'VARCHAR', 'refund_kind': 'VARCHAR', 'refund_state': 'VARCHAR',
      'goods': 'VARCHAR', 'attach': 'VARCHAR', 'fee': 'VARCHAR', 'rate': 'VARCHAR',
      'amount': 'VARCHAR', 'asked_refund': 'VARCHAR', 'rate_note': 'VARCHAR'}})
   WHERE moment LIKE '`2%-%'
),
ledger AS (
  SELECT * FROM read_csv('{LEDGER}', header = true, auto_detect = false, columns = {{
    'kind': 'VARCHAR', 'order_no': 'VARCHAR', 'refund_no': 'VARCHAR', 'notice_no': 'VARCHAR',
    'rail': 'VARCHAR', 'merchant_no': 'VARCHAR', 'app_id': 'VARCHAR', 'rail_txn_no': 'VARCHAR',
    'amount_fen': 'BIGINT', 'state': 'VARCHAR', 'at': 'TIMESTAMPTZ', 'accounting_day': 'DATE',
    'settled_on': 'DATE', 'agency_code': 'VARCHAR', 'item_code': 'VARCHAR'}})
)
SELECT count(*) FILTER (WHERE l.order_no = r.order_no AND l.amount_fen = r.fen) AS same,
       count(*) FILTER (WHERE l.order_no IS NULL) AS only_rail,
       count(*) FILTER (WHERE r.order_no IS NULL) AS only_ledger,
       count(*) FILTER (WHERE l.amount_fen <> r.fen) AS differ,
       sum(r.fee_fen) AS fees, min(r.moment) AS first, max(l."at") AS last
  FROM ledger l FULL OUTER JOIN rail r ON l.order_no = r.order_no
"""

connection = duckdb.connect()
connection.execute("SET threads = 2")
begun = time.perf_counter()
same, only_rail, only_ledger, differ, *_ = connection.execute(QUERY).fetchone()
print(f"{time.perf_counter() - begun:.4f} {same} {only_rail} {only_ledger} {differ}")
