"""The codec in Python and the one in the browser give the same verdict on everything.

5,000 cases, or as many as ALLIANCE_CODEC_CASES says; ALLIANCE_CODEC_SEED chooses others.
"""

import base64
import hashlib
import json
import os
import subprocess
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import cbor2
from cwt import COSE

from alliance.passes import cose
from alliance.passes.presentation import Window, verify_shown
from alliance.refused import Refused
from tests.cluster import ROOT
from tests.passes.mutations import ISSUER, NOW, PHONE, TRUSTED, Case, cases
from tests.passes.test_presentation import vectors as vectors
from tests.phones import Keys, credential

NUMBER = int(os.environ.get("ALLIANCE_CODEC_CASES", "5000"))
SEED = int(os.environ.get("ALLIANCE_CODEC_SEED", "5"))
KEYS = Keys(*TRUSTED)


def node(mode: str, *items: dict[str, Any]) -> list[Any]:
    """What the browser's codec says to each item."""
    lines = "\n".join(map(json.dumps, items))
    script = ROOT / "tests" / "passes" / "verdicts.mjs"
    done = subprocess.run(["node", script, mode], input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def python_verdict(case: Case) -> list[Any]:
    at = datetime.fromtimestamp(case.seconds, UTC)
    try:
        shown = verify_shown(None, KEYS, case.text, at, Window(case.behind, case.ahead))  # type: ignore[arg-type]
    except Refused as refused:
        return [str(refused.reason)]
    credential = shown.credential
    identity = [int(credential.class_), credential.status_index, credential.cti.hex(), shown.key_id.hex()]
    return ["ok", *identity, shown.time, shown.counter]


def test_they_agree() -> None:
    made = list(cases(NUMBER, SEED))
    keys = {"keys": [[pair.kid.hex(), pair.point.hex()] for pair in TRUSTED]}
    theirs = node("verify", keys, *(vars(case) for case in made))
    ours = [python_verdict(case) for case in made]
    differing = [(case, one, two) for case, one, two in zip(made, ours, theirs, strict=True) if one != two]
    assert differing[:3] == []
    # Cases that all fail alike would prove nothing.
    tally = Counter(verdict[0] for verdict in ours)
    assert set(tally) == {"ok", "malformed", "unknown_key", "clock_skew", "not_yet_valid", "expired"}
    assert min(tally.values()) >= NUMBER / 200, tally


def test_what_the_browser_shows_verifies_here() -> None:
    """And by a library that knows nothing of us."""
    device = credential(ISSUER, NOW, point=PHONE.point)
    message = cose.from_text(device)
    shown = node(
        "present",
        *({"credential": device, "jwk": _jwk(), "time": NOW, "counter": n} for n in range(200)),
    )
    for counter, text in enumerate(shown):
        verdict = python_verdict(Case(text, NOW, 45, 15))
        assert verdict[-2:] == [NOW, counter]
        pair = cbor2.loads(cose.from_text(text))
        assert COSE.new().decode(message, ISSUER.public) == cose.unseal(message).payload
        COSE.new().decode(pair[1], PHONE.public, external_aad=hashlib.sha256(message).digest())


def test_the_vectors_in_the_browser(vectors: dict[str, str]) -> None:
    keys = {"keys": [[vectors["key id"], vectors["alliance public key"]]]}
    moment = {"seconds": int(vectors["verified at"]), "behind": 45, "ahead": 15}
    names = [name for name in vectors if name.startswith("refused") or name.endswith("text")]
    verdicts = node("verify", keys, *({"text": vectors[name]} | moment for name in names))
    for name, verdict in zip(names, verdicts, strict=True):
        assert verdict[0] == ("malformed" if name.startswith("refused") else "ok"), name
    shown = verdicts[names.index("presentation text")]
    assert shown[-3:] == [vectors["phone thumbprint"], int(vectors["time"]), int(vectors["counter"])]


def _jwk() -> dict[str, Any]:
    def text(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    x, y = PHONE.point[1:33], PHONE.point[33:]
    private = (201).to_bytes(32, "big")
    return {"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y), "d": text(private)}
