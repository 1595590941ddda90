"""The score finds what is missed, wrong and too much."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

import score

HEAD = "code,at_risk_fen,order_no,refund_no,notice_no,txn_no,credit_no,file,line_no\n"
TRUTH = HEAD + "L03,-100,A,,,,,,\nF05,7,,,,,,b.csv,3\nC01,2,A,,,,,,\n"


class Score(unittest.TestCase):
    """One folder, several verdicts."""

    def scored(self, verdicts, lines="", clean=""):
        with tempfile.TemporaryDirectory() as folder:
            day = Path(folder)
            (day / "truth.csv").write_text(TRUTH, encoding="utf-8")
            (day / "verdicts.csv").write_text(HEAD + verdicts, encoding="utf-8")
            if lines:
                (day / "lines.csv").write_text("file,line_no,bucket\n" + lines, encoding="utf-8")
            if clean:
                (day / "clean.csv").write_text("order_no,why\n" + clean, encoding="utf-8")
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                code = score.main(["--json", folder, folder])
            return code, json.loads(out.getvalue())["codes"]

    ALL = "L03,-100,A,,,,,,\nF05,7,,,,,,b.csv,3\nC01,2,A,,,,,,\n"

    def test_everything_found(self):
        code, counts = self.scored(self.ALL, "b.csv,4,MATCHED\n", "B,why\n")
        self.assertEqual((code, counts["L03"]["right"], counts["F05"]["right"]), (0, 1, 1))

    def test_missed_wrong_and_too_much(self):
        code, counts = self.scored("L03,-99,A,,,,,,\nC01,2,A,,,,,,\nL01,5,,,,X,,,\n")
        self.assertEqual(code, 1)
        self.assertEqual(counts["L03"]["wrong_money"], 1)
        self.assertEqual(counts["F05"]["missed"], 1)
        self.assertEqual(counts["L01"]["false_alarm"], 1)

    def test_the_same_twice_is_too_much(self):
        code, counts = self.scored(self.ALL + "L03,-100,A,,,,,,\n")
        self.assertEqual((code, counts["L03"]["right"], counts["L03"]["false_alarm"]), (1, 1, 1))

    def test_false_matches_and_look_alikes(self):
        code, counts = self.scored(self.ALL, "b.csv,3,MATCHED\n")
        self.assertEqual((code, counts["F05"]["false_match"]), (1, 1))
        code, counts = self.scored(self.ALL + "L08,5,B,,,,,,\n", "", "B,why\n")
        self.assertEqual((code, counts["L08"]["look_alike"]), (1, 1))

    def test_what_cannot_be_scored(self):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(score.main([]), 2)
            self.assertEqual(score.main(["/nowhere", "/nowhere"]), 2)
        self.assertIn("not there", said.getvalue())


if __name__ == "__main__":
    unittest.main()
