"""Scores a matcher's verdicts by the truth of the day it judged. See README.md beside this file.

usage: score.py [--json] DIR VERDICTS_DIR [DIR VERDICTS_DIR]...

Exit code 0: everything found, nothing else; 1: something was missed, wrong or too much; 2: the files cannot be scored.
"""

import csv
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

# What a verdict and the truth must agree in, by code (docs/recon-benchmark.md). Several alternatives: the first that the truth fills.
FILE = [("file",)]
LINE_OR_FILE = [("credit_no",), ("txn_no",), ("file",)]
KEYS = {
    "F01": [("rail", "merchant_no")],
    "F02": FILE,
    "F03": FILE,
    "F04": LINE_OR_FILE,
    "F05": [("file", "line_no")],
    "L01": [("txn_no",)],
    "L07": [("txn_no",)],
    "L09": [("txn_no",)],
    "R02": [("txn_no",)],
    "R05": [("txn_no",)],
    "R01": [("refund_no",)],
    "R03": [("refund_no",)],
    "R04": [("refund_no",)],
    "C01": [("refund_no",), ("order_no",)],
    "L11": [("order_no",)],
    "B01": [("credit_no",)],
    "B02": [("credit_no",)],
    "B03": [("credit_no",)],
    "B04": [("credit_no",)],
    "A01": [("notice_no",)],
    "A02": [("notice_no",)],
}
BY_ORDER = [("order_no",)]
CODES = [
    *(f"F0{n}" for n in range(1, 6)),
    *(f"L{n:02}" for n in range(1, 12)),
    *(f"R0{n}" for n in range(1, 6)),
    "C01",
    *(f"B0{n}" for n in range(1, 5)),
    "A01",
    "A02",
]
# A line of one of these must not be called matched.
NOT_MATCHED = {code for code in CODES if code[0] in "LR" and code not in ("L08", "L11")} | {"F05"}


class Unscorable(Exception):
    """What is wrong with a file, for the person at the terminal."""


def table(path, needed):
    """The rows of a CSV file as dictionaries."""
    if not path.is_file():
        raise Unscorable(f"{path}: not there")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in needed if name not in (reader.fieldnames or [])]
        if missing:
            raise Unscorable(f"{path}: columns missing: {', '.join(missing)}")
        return [{name: value or "" for name, value in row.items() if name} for row in reader]


def fen(path, row):
    """The signed amount of a row."""
    try:
        return int(row["at_risk_fen"])
    except ValueError:
        raise Unscorable(f"{path}: at_risk_fen is no whole number: {row['at_risk_fen']!r}") from None


def key(row):
    """What names the discrepancy."""
    code = row["code"]
    for columns in KEYS.get(code, BY_ORDER):
        values = tuple(row.get(column, "") for column in columns)
        if any(values):
            # A refund's line may stand under its own number only; which column was taken must not matter then.
            return (code, columns, values)
    return (code, (), ())


def score(folder, verdicts_folder):
    """Counts by code, and what is wrong, one line each."""
    columns = ["code", "at_risk_fen", "order_no", "refund_no", "notice_no", "txn_no", "credit_no", "file", "line_no"]
    truth_path, verdict_path = folder / "truth.csv", verdicts_folder / "verdicts.csv"
    truth, verdicts = table(truth_path, columns), table(verdict_path, columns)
    counts = defaultdict(Counter)
    wrong = []
    said = defaultdict(list)
    for row in verdicts:
        said[key(row)].append(row)
    for row in truth:
        counts[row["code"]]["planted"] += 1
        candidates = said[key(row)]
        exact = [other for other in candidates if fen(verdict_path, other) == fen(truth_path, row)]
        if exact:
            candidates.remove(exact[0])
            counts[row["code"]]["right"] += 1
        elif candidates:
            other = candidates.pop(0)
            counts[row["code"]]["wrong_money"] += 1
            wrong.append(f"wrong money: {describe(row)}: {other['at_risk_fen']} for {row['at_risk_fen']}")
        else:
            counts[row["code"]]["missed"] += 1
            wrong.append(f"missed: {describe(row)}")
    for row in (row for rows in said.values() for row in rows):
        counts[row["code"]]["false_alarm"] += 1
        wrong.append(f"false alarm: {describe(row)}")
    look_alikes(folder, verdicts, truth, counts, wrong)
    false_matches(verdicts_folder, truth, counts, wrong)
    return counts, wrong


def look_alikes(folder, verdicts, truth, counts, wrong):
    """Clean look-alikes that were found all the same."""
    if not (folder / "clean.csv").is_file():
        return
    planted = {row["order_no"] for row in truth if row["order_no"]}
    clean = {row["order_no"]: row["why"] for row in table(folder / "clean.csv", ["order_no", "why"])}
    for row in verdicts:
        order = row["order_no"]
        if order in clean and order not in planted:
            counts[row["code"]]["look_alike"] += 1
            wrong.append(f"look-alike found: {describe(row)}: {clean[order]}")


def false_matches(verdicts_folder, truth, counts, wrong):
    """Lines that are called matched and are not."""
    path = verdicts_folder / "lines.csv"
    if not path.is_file():
        return
    matched = {
        (row["file"], row["line_no"])
        for row in table(path, ["file", "line_no", "bucket"])
        if row["bucket"] == "MATCHED"
    }
    for row in truth:
        if row["code"] in NOT_MATCHED and row["line_no"] and (row["file"], row["line_no"]) in matched:
            counts[row["code"]]["false_match"] += 1
            wrong.append(f"false match: {describe(row)}")


def describe(row):
    """A discrepancy in one line."""
    named = ["rail", "merchant_no", "order_no", "refund_no", "notice_no", "txn_no", "credit_no", "file", "line_no"]
    return " ".join([row["code"], *(f"{name}={row[name]}" for name in named if row.get(name))])


def main(words):
    """Scores all pairs."""
    as_json = "--json" in words
    paths = [Path(word) for word in words if word != "--json"]
    if not paths or len(paths) % 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    total, faults = defaultdict(Counter), []
    try:
        for folder, verdicts_folder in zip(paths[::2], paths[1::2]):
            counts, wrong = score(folder, verdicts_folder)
            for code, counted in counts.items():
                total[code] += counted
            faults += [f"{folder}: {line}" for line in wrong]
    except (Unscorable, UnicodeDecodeError, csv.Error) as error:
        print(error, file=sys.stderr)
        return 2
    kinds = ["planted", "right", "missed", "wrong_money", "false_alarm", "false_match", "look_alike"]
    if as_json:
        codes = {code: {kind: total[code][kind] for kind in kinds} for code in CODES if code in total}
        print(json.dumps({"days": len(paths) // 2, "codes": codes, "faults": faults}, ensure_ascii=False, indent=1))
        return int(bool(faults))
    for line in faults:
        print(line)
    print("code " + " ".join(f"{kind:>11}" for kind in kinds))
    for code in sorted(total):
        print(f"{code:4} " + " ".join(f"{total[code][kind]:11}" for kind in kinds))
    sums = {kind: sum(counted[kind] for counted in total.values()) for kind in kinds}
    found = sum(1 for code in CODES if total[code]["planted"] and total[code]["right"] == total[code]["planted"])
    there = sum(1 for code in CODES if total[code]["planted"])
    print(
        f"{len(paths) // 2} days: {sums['right']} of {sums['planted']} found with the right code and amount, {found} of {there} codes "
        f"whole; {sums['false_alarm']} false alarms, {sums['false_match']} false matches, {sums['wrong_money']} of wrong money, "
        f"{sums['look_alike']} look-alikes found"
    )
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
