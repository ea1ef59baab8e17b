#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Checks that records are in an audit log: proofs of `digione audit prove`, or a file of one's own data (/me/data).

    check_proof.py KEYS.json FILE.json

KEYS.json: the public keys of the log, as its operator publishes them (`digione audit keys`).  Shares no code with the
gateway, and needs nothing but Python 3.  docs/audit.md says what is checked.
"""
import base64
import hashlib
import json
import sys

# P-256 [SEC 2, 2.4.2]
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


class Wrong(Exception):
    pass


def add(p, q):
    if p is None or q is None:
        return q if p is None else p
    if p[0] == q[0] and (p[1] + q[1]) % P == 0:
        return None
    if p == q:
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P) % P
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P) % P
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def times(k, p):
    out = None
    while k:
        if k & 1:
            out = add(out, p)
        p = add(p, p)
        k >>= 1
    return out


def is_signed(key, message, signature):
    """ECDSA [FIPS 186-5, 6.4.2]."""
    x, y = key
    if len(signature) != 64 or (y * y - x * x * x + 3 * x - B) % P:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not 0 < r < N or not 0 < s < N:
        return False
    digest, inverse = int.from_bytes(hashlib.sha256(message).digest(), "big"), pow(s, -1, N)
    point = add(times(digest * inverse % N, G), times(r * inverse % N, key))
    return point is not None and point[0] % N == r


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read_keys(name):
    with open(name, encoding="utf-8") as file:
        keys = json.load(file)["keys"]
    return {k["kid"]: (int.from_bytes(decode(k["x"]), "big"), int.from_bytes(decode(k["y"]), "big"))
            for k in keys if k.get("kty") == "EC" and k.get("crv") == "P-256"}


def check_head(keys, head):
    """The signature is one of ours, over this record's number, the chain's hash at it, and the tree's root."""
    if head["format"] != "digione-audit-proof-1":
        raise Wrong("the format is another")
    parts = head["signature"].split(".")
    top, claims = json.loads(decode(parts[0])), json.loads(decode(parts[1]))
    if top.get("typ") != "audit-head+jwt" or top.get("alg") != "ES256" or top.get("kid") not in keys:
        raise Wrong("the head is signed by no key of this log")
    if not is_signed(keys[top["kid"]], f"{parts[0]}.{parts[1]}".encode(), decode(parts[2])):
        raise Wrong("the signature of the head does not hold")
    said = f"digione audit tree 1\n{head['number']}\n{head['head']}\n{head['from']}\n{head['root']}\n"
    if claims.get("seq") != head["number"] or claims.get("head") != hashlib.sha256(said.encode()).hexdigest():
        raise Wrong("the head was changed: what was signed is another")


def check_record(head, proof):
    """The record leads to the root [RFC 9162, 2.1.3.2]."""
    line, at, last = proof["record"].encode(), proof["leaf"], head["number"] - head["from"] - 1
    if not 0 <= at <= last or json.loads(line)["n"] != head["from"] + at + 1:
        raise Wrong("the record is not the one of its place")
    found = hashlib.sha256(b"\0" + line).digest()
    for step in proof["path"]:
        other = bytes.fromhex(step)
        if last == 0:
            raise Wrong("the path is too long")
        if at & 1 or at == last:
            found = hashlib.sha256(b"\1" + other + found).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + other).digest()
        at, last = at >> 1, last >> 1
    if last != 0 or found.hex() != head["root"]:
        raise Wrong(f"record {head['from'] + proof['leaf'] + 1} was changed, or is not in the log")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        keys = read_keys(sys.argv[1])
        with open(sys.argv[2], encoding="utf-8") as file:
            data = json.load(file)
        head, events = data.get("proof_head", data), data.get("events", [{"proof": data}])
        check_head(keys, head)
        proven = [e for e in events if "proof" in e]
        for e in proven:
            check_record(head, e["proof"])
            record = json.loads(e["proof"]["record"])
            for name, member in (("record", "n"), ("event", "event"), ("service", "service"), ("told", "claims"), ("policy", "rule")):
                if e.get(name) is not None and e[name] != record.get(member):
                    raise Wrong(f"record {record['n']}: {name} is not what the log says")
    except (Wrong, KeyError, ValueError, IndexError, TypeError, AttributeError) as why:
        print(f"does not hold: {why}")
        return 1
    print(f"holds: {len(proven)} of {len(events)} records, under the head of record {head['number']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
