"""What schemathesis must know of this schema: its scalars, and what an answer may be.

Its own check takes every error for a fault of the server. Here an error with a documented code is
an answer; a fault is what carries no code, no trace id, the code INTERNAL, or words of the inside.
"""

import os
import re

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

CODES = set(os.environ["YIWANG_CODES"].split(","))
INSIDE = re.compile(r"panicked|sqlx|sea_orm|reqwest|\.rs:\d|SELECT |stack backtrace", re.IGNORECASE)

schemathesis.graphql.scalar("Fen", st.integers(-(2**40), 2**40).map(nodes.Int))
schemathesis.graphql.scalar("RegionCode", st.from_regex(r"\A[0-9]{6}\Z").map(nodes.String))
schemathesis.graphql.scalar("DateTime", st.just("2026-01-01T00:00:00Z").map(nodes.String))
schemathesis.graphql.scalar("Date", st.dates().map(lambda day: nodes.String(day.isoformat())))


@schemathesis.check
def answers_as_documented(ctx, response, case):
    assert response.status_code in (200, 400, 413, 429), f"status {response.status_code}"
    body = response.json()
    assert set(body) <= {"data", "errors", "extensions"} and body, sorted(body)
    assert "data" in body or body.get("errors"), "neither data nor errors"
    for error in body.get("errors", []):
        extensions = error.get("extensions", {})
        code = extensions.get("code")
        assert code in CODES, f"undocumented code {code}"
        assert code != "INTERNAL", f"the server failed: {error}"
        assert extensions.get("traceId"), "no trace id"
        assert error.get("message"), "no words"
        assert not INSIDE.search(error["message"]), error["message"]
