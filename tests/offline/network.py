"""Phones that run the real engine, and the network between them and the chamber.

A phone's network is good (each request is decided and answered at once) or held: then
each request waits for the test to say what becomes of it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.orm import Session

from core.clock import clock
from core.operations import registry
from tests.conftest import NOON
from tests.offline.chamber import Chamber
from tests.offline.phones import PhoneFault, Request
from tests.offline.proxy import FAULTS

FINAL = ("accepted", "waitlisted", "duplicate", "refused", "not_sent", "withdrawn")
HAD_EFFECT = ("accepted", "waitlisted", "duplicate")


class Crash(RuntimeError):
    """The server's fault that a test asked for."""


@dataclass
class Op:
    """An operation as the test knows it: what was asked, by whom, on which phone, and whether it was called saved."""

    op_id: str
    phone: str
    owner: str
    name: str
    lane: str
    fields: dict[str, str]
    target: str | None = None
    after: str | None = None
    saved: bool = False
    gone: bool = False
    run: int = 0
    form_version: int = 1

    def entry(self) -> dict[str, Any]:
        page = f"/{'needs' if self.lane.startswith('need') else 'events'}/{self.lane.partition(':')[2]}"
        return {
            "op_id": self.op_id,
            "owner": self.owner,
            "lane": self.lane,
            "name": self.name,
            "target": self.target,
            "after": self.after,
            "form_version": self.form_version,
            "fields": dict(self.fields),
            "page": page,
            "action": page,
            "label": self.name,
        }


@dataclass
class Handset:
    """A phone as the network sees it: its cookies, who is logged in, which tabs are open."""

    name: str
    client: FlaskClient
    account: str = ""
    tabs: set[str] = field(default_factory=set)
    good: bool = True


class Network(Chamber):
    """The chamber, its phones and their tabs, and what becomes of what they ask."""

    # ——— a run ———

    def start(self) -> None:
        """As on the first day: template database, no phones, ten o'clock."""
        for name, kind in self._registered.items():
            registry[name] = kind
        clock.freeze(NOON)
        self._put_back(self.template)
        self.app.extensions["pages"]._pages.clear()
        self.phones.reset(int(NOON.timestamp() * 1000))
        self.handsets: dict[str, Handset] = {}
        self.ops: dict[str, Op] = {}
        self.restored = False
        self.forgetful: set[str] = set()
        self.served: list[tuple[str, str]] = []
        self._tab_numbers = 0

    def handset(self, name: str) -> Handset:
        if name not in self.handsets:
            self.handsets[name] = Handset(name, self.app.test_client())
        return self.handsets[name]

    def open(self, phone: str, *, kind: str = "page") -> str:
        """Open a tab (or let a worker run), as who is logged in; returns its name."""
        self._tab_numbers += 1
        tab = f"{kind}{self._tab_numbers}"
        handset = self.handset(phone)
        handset.tabs.add(tab)
        self.phones.ask("open", browser=phone, tab=tab, account=handset.account, kind=kind)
        if kind == "page":
            # What static/js/start.js does when a page opens.
            account = json.dumps(handset.account)
            opened = f"huiyou.account.adopt({account}).then(() => huiyou.outbox.sweep())"
            sent = "huiyou.sender.send({reason: 'open'})).then(() => huiyou.sync.run()).then(() => null"
            self.phones.begin(phone, tab, f"{opened}.then(() => {sent})")
        self.flow()
        return tab

    def a_tab(self, phone: str) -> str:
        """An open tab of the phone; where the first to open learns that the session has ended, the one after it."""
        while not (pages := sorted(t for t in self.handset(phone).tabs if t.startswith("page"))):
            self.open(phone)
        return pages[0]

    def kill(self, phone: str, tab: str) -> None:
        """The tab is gone this instant."""
        self.handset(phone).tabs.discard(tab)
        self.phones.ask("kill", browser=phone, tab=tab)

    def kill_all(self, phone: str) -> None:
        for tab in list(self.handset(phone).tabs):
            self.kill(phone, tab)

    # ——— the network ———

    def network(self, phone: str, *, good: bool) -> None:
        """A good network answers at once; a held one waits for `serve`."""
        handset = self.handset(phone)
        handset.good = good
        self.phones.ask("online", browser=phone, value=good) if handset.tabs else None
        self.flow()

    def flow(self) -> None:
        """Serve all that comes over good networks, until nothing comes any more."""
        for _ in range(400):
            ready = [r for r in self.phones.requests.values() if self.handset(r.phone).good]
            self._note_saved()
            if self.phones.ended:
                # Its pages have gone blank and stand at the log-in page.
                phone = self.phones.ended.pop()
                self.handset(phone).account = ""
                self.handset(phone).client.delete_cookie("huiyou")
                self.kill_all(phone)
                continue
            if not ready:
                return
            for request in ready:
                self.serve(request, "well")
        raise PhoneFault(f"the phones never come to rest: {[str(r) for r in self.phones.requests.values()]}")

    def _note_saved(self) -> None:
        for op in self.ops.values():
            op.saved = op.saved or op.run in self.phones.results

    def waiting_requests(self) -> list[Request]:
        return sorted(self.phones.requests.values(), key=lambda r: r.number)

    def asked_to_decide(self, phone: str) -> list[Request]:
        """What of this phone waits to be decided; the questions that it asks first are answered well."""
        for _ in range(10):
            asked = [r for r in self.waiting_requests() if r.phone == phone]
            if not asked or any(r.url == "/ops" for r in asked):
                break
            for request in asked:
                self.serve(request, "well")
        return [r for r in asked if r.url == "/ops"]

    def serve(self, request: Request, how: str) -> None:
        """Decide what becomes of a request.

        `well`; `drop` (never arrives); `lose` (decided, the answer is lost); `twice` (arrives twice);
        `decide` (decided now, answered by a later `serve`); `truncate`; `crash` (500, rolled back);
        `500 after` (decided, answered by a proxy's 500); or one of the proxy's `FAULTS` by name.
        """
        self.served.append((str(request), how))
        if how == "drop":
            return self.phones.fail(request)
        if how in FAULTS and FAULTS[how].kind == "answer":
            fault = FAULTS[how]
            return self.phones.answer(request, fault.status, fault.headers, fault.body)
        if how == "crash":
            with self._crashing():
                request.answer = self.decide(request)
        elif request.answer is None:
            request.answer = self.decide(request)
        if how == "twice":
            request.answer = self.decide(request)
        if how == "decide":
            return None
        status, headers, body = request.answer
        if how == "lose":
            return self.phones.fail(request)
        if how == "500 after":
            fault = FAULTS["500"]
            return self.phones.answer(request, 500, fault.headers, fault.body)
        cut = len(body) // 2 if how == "truncate" else None
        return self.phones.answer(request, status, headers, body, cut)

    def decide(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        """What the server says."""
        headers = {**request.headers, "Sec-Fetch-Site": "same-origin", "Accept-Encoding": "identity"}
        try:
            response = self.handset(request.phone).client.open(
                request.url, method=request.method, headers=headers, data=(request.body or "").encode()
            )
            for _ in range(5):
                if request.redirect != "follow" or not 300 <= response.status_code < 400 or not response.location:
                    break
                response = self.handset(request.phone).client.get(response.location, headers=headers)
            body = response.get_data()
            kept = {n: v for n, v in response.headers.items() if n.lower() not in ("set-cookie", "content-length")}
            return response.status_code, kept, body
        except Crash:
            fault = FAULTS["500"]
            return 500, {**fault.headers, "Huiyou": "1.0.0"}, fault.body

    @contextlib.contextmanager
    def _crashing(self) -> Iterator[None]:
        def crash(session: Session) -> None:
            if not session.in_nested_transaction():
                raise Crash

        sqlalchemy_event.listen(Session, "before_commit", crash)
        try:
            yield
        finally:
            sqlalchemy_event.remove(Session, "before_commit", crash)

    def tick(self, **by: float) -> None:
        """Let time pass for the server and all phones."""
        milliseconds = timedelta(**by).total_seconds() * 1000
        while milliseconds > 0:
            told = self.phones.ask("tick", ms=milliseconds)
            clock.advance(milliseconds=milliseconds - told["left"])
            milliseconds = told["left"]
            before = len(self.served)
            self.flow()
            if milliseconds and len(self.served) == before:
                # Only held requests: time goes on over them.
                told = self.phones.ask("tick", ms=0)

    def arrive_late(self) -> None:
        """A request that the phone gave up reaches the server after all."""
        if self.phones.aborted:
            self.decide(self.phones.aborted.pop(0))

    def skew(self, phone: str, **by: float) -> None:
        """The phone's clock is wrong by so much."""
        if abs(timedelta(**by)) > timedelta(days=30):
            self.forgetful.add(phone)
        self.phones.ask("skew", browser=phone, ms=timedelta(**by).total_seconds() * 1000)
