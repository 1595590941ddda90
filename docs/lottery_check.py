#!/usr/bin/env python3
"""Does a draw again: python3 lottery_check.py http://127.0.0.1:8080/lottery/APP/ISSUE (or a folder with the three files).
Exits with 0 when commitment, seed and every winner are what was published, and says what differs otherwise."""
import hashlib, os, sys, urllib.request


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def fetch(place, name):
    if "://" in place:
        return urllib.request.urlopen(f"{place}/{name}", timeout=60).read().decode()
    return open(os.path.join(place, name), encoding="utf-8", newline="").read()


place = sys.argv[1].rstrip("/")
listed, published = fetch(place, "eligible.txt"), fetch(place, "winners.txt")
pairs = [line.split("=", 1) for line in fetch(place, "draw.txt").splitlines()]
draw = dict(pairs)
quotas = [value.rsplit(":", 1) for name, value in pairs if name == "quota"]

problems = []
if sha(listed) != draw["list"]:
    problems.append("the list is not the one that was committed to")
bound = f"app={draw['app']}\nissue={draw['issue']}\nsecret={draw['secret']}\nlist={draw['list']}\n"
if sha(bound + "".join(f"quota={pool}:{quota}\n" for pool, quota in quotas)) != draw["commitment"]:
    problems.append("secret, list and quotas are not what was committed to")
seed = sha(f"secret={draw['secret']}\npublic={draw['public']}\n")
if seed != draw["seed"]:
    problems.append("the seed does not follow from secret and public value")

entries = [line.split(",") for line in listed.splitlines()]
winners = ""
for pool, quota in quotas:
    lots = sorted((min(sha(f"{seed}:{code}:{lot}") for lot in range(1, int(weight) + 1)), code)
                  for of, code, weight in entries if of == pool)
    winners += "".join(f"{pool},{code}\n" for _, code in lots[:int(quota)])
if winners != published:
    problems.append("other applications won than were published")
print("\n".join(problems) or f"right: {len(entries)} took part, {len(winners.splitlines())} won")
sys.exit(1 if problems else 0)
