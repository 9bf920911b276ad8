"""A phone as the wire knows it: what it posts to /ops and /sync, and what it is told."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from core.clock import now
from core.database import new_id
from tests.client import Browser

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


def target_of(action: str) -> str | None:
    """What an operation is about: the last id in its form's URL, or the name of the expert group or rule."""
    ids = UUID.findall(action)
    named = re.match(r"(?:/admin)?/(?:experts|rules)/([^/]+)", action)
    return ids[-1] if ids else named[1] if named else None


class Phone:
    """One browser with an outbox, of an account or (`account=None`) of a visitor."""

    def __init__(self, browser: Browser, account: uuid.UUID | str | None) -> None:
        self.browser = browser
        self.account = str(account) if account else None
        self.outbox = str(new_id())
        self.seq = 0

    def op(self, name: str, target: object = None, **more: Any) -> dict[str, Any]:
        """One operation as the outbox holds it; `fields` and the rest of the wire's names in `more`."""
        self.seq += 1
        entry = {
            "op_id": str(new_id()),
            "name": name,
            "lane": f"{name.partition('.')[0]}:{target}",
            "seq": self.seq,
            "form_version": 1,
            "occurred_at": now().isoformat(),
            "fields": {},
            **more,
        }
        return entry if target is None else {**entry, "target": str(target)}

    def envelope(self, *ops: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A batch as it is sent."""
        return {
            "account": self.account,
            "outbox": self.outbox,
            "sent_at": now().isoformat(),
            "ops": list(ops),
            **more,
        }

    def post(self, url: str, body: object, **headers: str) -> TestResponse:
        """Post JSON, or bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.browser.client.post(
            url, data=data, content_type="application/json", headers={**SAME_SITE, **headers}
        )

    def send(self, *ops: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Send a batch; the whole answer."""
        response = self.post("/ops", self.envelope(*ops, **more))
        assert response.status_code == 200, response.data
        assert "Huiyou" in response.headers
        answer: dict[str, Any] = response.get_json()
        assert [told["op_id"] for told in answer["ops"]] == [op["op_id"] for op in ops]
        return answer

    def decided(self, *ops: dict[str, Any], **more: Any) -> list[str]:
        """Send a batch; the outcomes."""
        return [told["outcome"] for told in self.send(*ops, **more)["ops"]]

    def sync(self, have: list[str] | None = None, ops: list[str] | None = None, **headers: str) -> list[dict[str, Any]]:
        """Sync; the lines."""
        response = self.post("/sync", {"have": have or [], "ops": ops or []}, **headers)
        assert response.status_code == 200, response.data
        return [json.loads(line) for line in response.data.splitlines()]


LONG_AGO = timedelta(days=3)
