"""An example till: it redeems exactly once, whatever happens to the network or to itself.

Before anything is sent, the request lies on disk under an id of its own. It is sent until there is an answer,
after a restart as well: the same id and body are the same redemption. Needs httpx.
"""

import hashlib
import json
import os
import time
import uuid
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx


class Refused(Exception):
    """The server said no. Its problem has ``reason`` for the program and ``detail`` for the cashier."""


class Unknown(Exception):
    """Nobody knows yet whether it was accepted; it lies on disk, and ``settle`` finds out."""


class Till:
    """A till at one outlet. ``folder`` keeps what is pending (*.pending) and what was accepted (*.json)."""

    def __init__(self, base: str, token: str, folder: Path, patience: float = 60) -> None:
        self.server = httpx.Client(base_url=f"{base}/api/v1/", headers={"Authorization": f"Bearer {token}"})
        self.folder, self.patience = folder, patience
        folder.mkdir(parents=True, exist_ok=True)

    def redeem(self, presentation: str, offer: str, gross_fen: int, **more: object) -> dict:
        """The accepted redemption; ``paid_fen`` is to be collected. Raises Refused or Unknown."""
        order = {"offer": offer, "gross_fen": gross_fen, **more}
        body = {"id": str(uuid.uuid4()), "presentation": presentation, **order}
        self._write(f"{body['id']}.pending", body)
        return self._settle(body)

    def settle(self) -> None:
        """Find out what became of all that is pending: after a start, and when the network is back."""
        for path in self.folder.glob("*.pending"):
            with suppress(Refused):
                self._settle(json.loads(path.read_text()))

    def reconcile(self, day: str) -> dict:
        """Compare a business date (2026-03-04) with the books; the lines that only one side has."""
        facts = [json.loads(path.read_text()) for path in self.folder.glob("*.json")]
        here = {_line(fact) for fact in facts if _day(fact) == day}
        books = self._send("GET", f"reconciliation?date={day}&detail=1")["outlets"][0]["redemptions"]
        if books["digest"] == hashlib.sha256("".join(sorted(here)).encode()).hexdigest():
            return {"only_here": [], "only_there": []}
        there = {_line(line) for line in books["lines"]}
        return {"only_here": sorted(here - there), "only_there": sorted(there - here)}

    def _settle(self, body: dict) -> dict:
        pending = self.folder / f"{body['id']}.pending"
        try:
            answer = self._send("POST", "redemptions", body)
            self._write(f"{body['id']}.json", answer)
        except Refused:
            pending.unlink()
            raise
        pending.unlink()
        return answer

    def _send(self, method: str, path: str, body: dict | None = None) -> dict:
        pause, give_up_at = 0.5, time.monotonic() + self.patience
        while True:
            try:
                response = self.server.request(method, path, json=body)
                if response.is_success:
                    return response.json()
                pause = max(pause, float(response.headers.get("Retry-After", 0)))
                is_final = response.status_code < 500 and response.status_code != 429
                if is_final and response.json()["reason"] != "in_flight":
                    raise Refused(response.json())
            except (httpx.TransportError, ValueError, KeyError):
                pass  # perhaps it arrived: the same id finds out
            if time.monotonic() + pause > give_up_at:
                raise Unknown(path)
            time.sleep(pause)
            pause = min(2 * pause, 30)

    def _write(self, name: str, content: dict) -> None:
        with (self.folder / f"{name}.new").open("w") as file:
            file.write(json.dumps(content))
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, self.folder / name)


def _day(fact: dict) -> str:
    return str(datetime.fromisoformat(fact["redeemed_at"]).astimezone(timezone(timedelta(hours=8))).date())


def _line(fact: dict) -> str:
    return "{id},{gross_fen},{discount_fen},{paid_fen}\n".format_map(fact)
