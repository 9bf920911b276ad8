"""A small chamber, its server, its phones and the network between them: what protocol tests play with.

The server is the real application on a database file of its own, which can be
backed up and restored; the phones run the real engine (`phones.py`). A phone's
network is good (each request is decided and answered at once) or held: then
each request waits for the test to say what becomes of it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app import create_app
from blueprints.accounts.models import LoginSession
from blueprints.door.models import Checkin
from blueprints.door.tickets import ticket_text
from blueprints.events.models import Event, Signup
from blueprints.needs.models import Need, NeedResponse
from core import crypto, generation, registries
from core.clock import clock, now
from core.database import db, new_id
from core.operations import registry
from core.settings import Settings
from tests.conftest import NOON, SECRET
from tests.offline.phones import PhoneFault, Phones, Request
from tests.offline.proxy import FAULTS
from tests.people import People
from tests.world import World, event_fields

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


class Town:
    """Everything together. Make one for a session, `start()` it anew for each run."""

    def __init__(self, folder: Path) -> None:
        crypto.passwords = crypto.Passwords(memory_kib=8, time_cost=1)
        self.file = folder / "huiyou.db"
        self.template = folder / "template.db"
        self.app: Flask = create_app(
            Settings(
                database_url=f"sqlite:///{self.file}",
                secret_key=SECRET,
                testing=True,
                demo=False,
                frozen_at=NOON,
                instance=folder,
            )
        )
        self.phones = Phones()
        self.people = People(self.app)
        self.who: dict[str, str] = {}
        self.events: dict[str, str] = {}
        self.tickets: list[str] = []
        self.signup_ids: list[str] = []
        # A phone keeps few pages here: each run opens many phones, and what they show is asked elsewhere.
        self._all_pages = dict(registries.offline_pages)
        for feature in set(registries.offline_pages) - {"me"}:
            del registries.offline_pages[feature]
        self._settle()
        self._copy(self.file, self.template)
        self._registered = dict(registry)
        self.start()

    def _settle(self) -> None:
        with self.app.app_context():
            db.create_all()
            db.session.remove()
        world = World(self.app, self.people)
        for role, name, roles in (
            ("ann", "崔广田", ()),
            ("bob", "苗德顺", ()),
            ("eve", "谷长河", ()),
            ("organizer", "隋立勋", ("organizer",)),
        ):
            world.who[role] = self.people.member(name, *roles)
        self.who = {role: str(key) for role, key in world.who.items()}
        soon = now() + timedelta(days=3)
        for name, capacity in (("small", 1), ("large", 60)):
            fields = event_fields(soon, title=f"活动 {name}", capacity=capacity)
            self.events[name] = world.made("organizer", "event.create", **fields)
        tonight = event_fields(now() + timedelta(minutes=30), title="今晚", capacity=20)
        self.events["door"] = world.made("organizer", "event.create", **tonight)
        for role in ("ann", "bob", "eve"):
            world.do(role, "event.signup", self.events["door"])
        with self.app.app_context():
            event = db.session.get_one(Event, uuid.UUID(self.events["door"]))
            rows = db.session.scalars(select(Signup).where(Signup.event_id == event.id).order_by(Signup.id)).all()
            self.tickets = [ticket_text(row, event) for row in rows]
            self.signup_ids = [str(row.id) for row in rows]
            db.session.remove()
        need = world.made(
            "eve", "need.create", kind="need", title="找一台二手磨床", body="七成新就行。", category="procurement"
        )
        self.need = need

    # ——— the server's database ———

    def _let_go(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def _copy(self, source: Path, target: Path) -> None:
        self._let_go()
        with contextlib.closing(sqlite3.connect(source)) as from_, contextlib.closing(sqlite3.connect(target)) as to:
            from_.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            from_.backup(to)

    def _put_back(self, source: Path) -> None:
        self._let_go()
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        shutil.copyfile(source, self.file)
        self.app.extensions.pop("chamber", None)

    def back_up(self, name: str = "backup") -> None:
        """Copy the database as it is now."""
        self._copy(self.file, self.file.with_name(f"{name}.db"))

    def restore(self, name: str = "backup") -> None:
        """Put a copy back, as `restore` does: with a new generation."""
        self._put_back(self.file.with_name(f"{name}.db"))
        with self.app.app_context():
            new_generation()

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
            self.phones.begin(phone, tab, "huiyou.sender.start()")
        self.flow()
        return tab

    def a_tab(self, phone: str) -> str:
        """An open tab of the phone."""
        pages = sorted(t for t in self.handset(phone).tabs if t.startswith("page"))
        return pages[0] if pages else self.open(phone)

    def kill(self, phone: str, tab: str) -> None:
        """The tab is gone this instant."""
        self.handset(phone).tabs.discard(tab)
        self.phones.ask("kill", browser=phone, tab=tab)

    def kill_all(self, phone: str) -> None:
        for tab in list(self.handset(phone).tabs):
            self.kill(phone, tab)

    def log_in(self, phone: str, role: str) -> None:
        """Log a person in on this phone: a session, and a page that is opened with it."""
        handset = self.handset(phone)
        handset.good = True
        self.kill_all(phone)
        self._bury(phone)
        member_id = self.who[role]
        with self.app.app_context():
            key = new_id()
            db.session.add(
                LoginSession(
                    id=key,
                    member_id=uuid.UUID(member_id),
                    created_at=now(),
                    last_seen_at=now(),
                    expires_at=now() + timedelta(days=90),
                )
            )
            db.session.commit()
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        cookie = signer.dumps({"_user_id": str(key), "_fresh": True, "_permanent": True})
        handset.client.set_cookie("huiyou", cookie)
        handset.account = member_id
        self.open(phone)

    def _bury(self, phone: str) -> None:
        """No page opens on a phone that somebody left until the server has ended their session."""
        self.phones.ask("open", browser=phone, tab="log-in", kind="worker")
        self.phones.begin(phone, "log-in", "huiyou.store.get('tombstone').then(left => left && huiyou.account.bury())")
        self.flow()
        self.phones.ask("kill", browser=phone, tab="log-in")

    def log_out(self, phone: str, *, keep: bool) -> None:
        """Log out with a network: the session ends, the phone forgets, with or without what waits."""
        self.forgetful.add(phone)
        handset = self.handset(phone)
        tab = self.a_tab(phone)
        owner = handset.account
        code = f"huiyou.account.leave({{keep: {json.dumps(keep)}}})"
        self.phones.begin(phone, tab, code)
        self.flow()
        if not keep:
            for op in self.ops.values():
                if op.phone == phone and op.owner == owner:
                    op.gone = True
        handset.client.post("/logout", headers={"Sec-Fetch-Site": "same-origin"})
        handset.client.delete_cookie("huiyou")
        handset.account = ""
        self.kill_all(phone)
        self.open(phone)

    def expire(self, phone: str, *, ended: bool = False) -> None:
        """The session is over on the server (or was ended from elsewhere); the phone does not know."""
        if ended:
            self.forgetful.update(h.name for h in self.handsets.values() if h.account == self.handset(phone).account)
        with self.app.app_context():
            db.session.execute(
                update(LoginSession)
                .where(LoginSession.member_id == uuid.UUID(self.handset(phone).account or str(uuid.UUID(int=0))))
                .values({"revoked_at" if ended else "expires_at": now() - timedelta(seconds=1)})
            )
            db.session.commit()

    # ——— pressing ———

    def press(
        self,
        phone: str,
        name: str,
        fields: dict[str, str] | None = None,
        *,
        lane: str,
        target: str | None = None,
        after: str | None = None,
        tab: str | None = None,
        send: bool = True,
        kill_after: int | None = None,
        form_version: int | None = None,
    ) -> Op:
        """Fill in a form and press: stored in the outbox, then sent."""
        handset = self.handset(phone)
        op = Op(
            str(new_id()),
            phone,
            handset.account,
            name,
            lane,
            fields or {},
            target,
            after,
            form_version=form_version or self._registered[name].form_version,
        )
        self.ops[op.op_id] = op
        tab = tab or self.a_tab(phone)
        code = f"huiyou.outbox.add({json.dumps(op.entry(), ensure_ascii=False)}).then(entry => entry.state)"
        if send:
            # As the page does it: stored, said, sent.
            code = f"{code}.then(state => {{ huiyou.sender.send({{reason: 'submit'}}); return state; }})"
        op.run = self.phones.begin(phone, tab, code, kill_after)
        op.saved = op.run in self.phones.results
        if kill_after is not None:
            handset.tabs.discard(tab)
        self.flow()
        return op

    def post_need(self, phone: str, **more: Any) -> Op:
        """Press "post" under a need of its own; its id is in `fields`."""
        key = str(new_id())
        fields = {
            "kind": "need",
            "title": f"求购 {key[-6:]}",
            "body": "月底前要。",
            "category": "procurement",
            "id": key,
        }
        return self.press(phone, "need.create", fields, lane=f"need:{key}", **more)

    def edit_need(self, phone: str, on: Op, **more: Any) -> Op:
        """Press "save" in the edit of what `on` (a creation or an edit) made, building on it."""
        key = on.lane.partition(":")[2]
        fields = {**on.fields, "body": f"改成下月 {new_id().hex[-6:]}。", "version": on.op_id}
        return self.press(phone, "need.update", fields, lane=on.lane, target=key, after=on.op_id, **more)

    def close_need(self, phone: str, on: Op, **more: Any) -> Op:
        key = on.lane.partition(":")[2]
        fields = {"result": "solved", "summary": "办成了。"}
        return self.press(phone, "need.close", fields, lane=on.lane, target=key, after=on.op_id, **more)

    def sign_up(self, phone: str, event: str = "large", **more: Any) -> Op:
        key = self.events[event]
        return self.press(phone, "event.signup", {"note": "吃素"}, lane=f"event:{key}", target=key, **more)

    def cancel(self, phone: str, event: str = "large", after: Op | None = None, **more: Any) -> Op:
        key = self.events[event]
        waits_for = after.op_id if after else None
        return self.press(phone, "event.cancel_signup", lane=f"event:{key}", target=key, after=waits_for, **more)

    def scan(self, phone: str, ticket: int = 0, **more: Any) -> Op:
        key = self.events["door"]
        fields = {"ticket": self.tickets[ticket], "id": str(new_id()), "device": phone}
        return self.press(phone, "checkin.record", fields, lane=f"event:{key}", target=key, **more)

    def respond(self, phone: str, **more: Any) -> Op:
        fields = {"body": "我有一台。", "id": str(new_id())}
        return self.press(phone, "need.respond", fields, lane=f"need:{self.need}", target=self.need, **more)

    def withdraw(self, op: Op) -> bool:
        """Press "withdraw" on the outbox page."""
        took = self.phones.call(op.phone, self.a_tab(op.phone), f"huiyou.outbox.withdraw({json.dumps(op.op_id)})")
        op.gone = op.gone or bool(took)
        return bool(took)

    def replace(self, op: Op, fields: dict[str, str]) -> Op | None:
        """Edit an entry that waits: another takes its place, unless it may have arrived."""
        other = replace(op, op_id=str(new_id()), fields=fields, saved=False)
        entry = json.dumps(other.entry(), ensure_ascii=False)
        code = f"huiyou.outbox.replace({json.dumps(op.op_id)}, {entry})"
        if not self.phones.call(op.phone, self.a_tab(op.phone), code):
            return None
        op.gone = other.saved = True
        self.ops[other.op_id] = other
        for child in self.ops.values():
            if child.after == op.op_id:
                child.after = other.op_id
        return other

    def tap_twice(self, op: Op) -> None:
        """The same press comes once more, twice at a time."""
        entry = json.dumps(op.entry(), ensure_ascii=False)
        add = f"huiyou.outbox.add({entry})"
        send = "huiyou.sender.send({reason: 'submit'}).then(() => null)"
        self.phones.begin(op.phone, self.a_tab(op.phone), f"Promise.all([{add}, {add}]).then(() => {send})")
        self.flow()

    def send(self, phone: str, tab: str | None = None, reason: str = "now") -> None:
        """Press "send now" (in a worker: Background Sync)."""
        self.phones.begin(
            phone, tab or self.a_tab(phone), f"huiyou.sender.send({{reason: '{reason}'}}).then(() => null)"
        )
        self.flow()

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

    # ——— what there is in the end ———

    def entries(self, phone: str, owner: str) -> list[dict[str, Any]]:
        """The outbox of an owner on a phone, oldest first."""
        entries = self.phones.call(phone, self.a_tab(phone), f"huiyou.outbox.list({json.dumps(owner)})")
        assert isinstance(entries, list)
        return entries

    def entry(self, op: Op) -> dict[str, Any] | None:
        return next((e for e in self.entries(op.phone, op.owner) if e["op_id"] == op.op_id), None)

    def ledger(self) -> list[dict[str, Any]]:
        """The ledger in the order in which it was written."""
        with self.app.app_context():
            rows = db.session.execute(
                text(
                    "SELECT rowid, owner, op_id, name, target, outcome, message, occurred_at, received_at"
                    " FROM ledger ORDER BY rowid"
                )
            ).all()
            db.session.remove()
        return [dict(row._mapping) for row in rows]

    def row(self, op: Op) -> dict[str, Any] | None:
        found = [r for r in self.ledger() if (r["owner"], r["op_id"]) == (op.owner, op.op_id)]
        assert len(found) < 2, f"{op.name} stands in the ledger {len(found)} times"
        return found[0] if found else None

    def come_to_rest(self) -> None:
        """Every network is good, everyone logs in where they left something, and time passes."""
        for handset in self.handsets.values():
            handset.good = True
        for request in self.waiting_requests():
            self.serve(request, "drop")
        left = sorted({(op.phone, op.owner) for op in self.ops.values() if op.owner})
        roles = {member_id: role for role, member_id in self.who.items()}
        for phone, owner in left:
            self.kill_all(phone)
            self.log_in(phone, roles[owner])
            self.tick(minutes=6)
            self.open(phone)
            for _ in range(30):
                if all(entry["state"] in FINAL for entry in self.entries(phone, owner)):
                    break
                self.tick(minutes=2)

    def check(self) -> None:
        """The invariant of the protocol, after `come_to_rest`."""
        ledger = {(row["owner"], row["op_id"]): row for row in self.ledger()}
        assert len(ledger) == len(self.ledger()), "an operation stands in the ledger twice"
        places: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
        for phone in {op.phone for op in self.ops.values()}:
            for owner in {op.owner for op in self.ops.values() if op.phone == phone}:
                kept = {entry["op_id"]: entry for entry in self.entries(phone, owner)}
                for op in [o for o in self.ops.values() if (o.phone, o.owner) == (phone, owner)]:
                    entry, row = kept.get(op.op_id), ledger.get((op.owner, op.op_id))
                    self._check_one(op, entry, row)
                    if entry and row:
                        places.setdefault((phone, op.owner, op.lane), []).append((entry["seq"], row["rowid"]))
        for (phone, _, lane), pairs in places.items():
            by_seq = [rowid for _, rowid in sorted(pairs)]
            assert by_seq == sorted(by_seq), f"out of order in {lane} of {phone}: {sorted(pairs)}"
        strangers = [row for key, row in ledger.items() if key[1] in self.ops and self.ops[key[1]].owner != key[0]]
        assert not strangers, f"sent under another's name: {strangers}"
        self._check_effects(list(ledger.values()))
        assert not self.phones.faults, f"the phone's scripts failed: {list(self.phones.faults)}"

    def _check_one(self, op: Op, entry: dict[str, Any] | None, row: dict[str, Any] | None) -> None:
        if op.gone:
            assert entry is None or entry["state"] in FINAL, f"{op.name} was taken back, and is {entry['state']}"
            return
        if not op.saved:
            return
        known = entry["state"] if entry else self.phones.decided.get(op.op_id)
        assert known, f"LOST: {op.name} {op.op_id} was called saved and is not on the phone"
        state = str(known)
        assert state in FINAL, f"{op.name} has no final outcome: {state}, {entry}"
        if row is None:
            # A person who left, or a clock that jumped, has let a receipt go that a restore then asks for.
            forgotten = ("accepted", "waitlisted", "duplicate") if entry is None and op.phone in self.forgetful else ()
            allowed = ("withdrawn", "not_sent", *(("refused", *forgotten) if self.restored else ()))
            assert state in allowed, f"{op.name} is {state} on the phone, and not in the ledger"
        else:
            assert state == row["outcome"], f"{op.name} is {state} on the phone, {row['outcome']} in the ledger"
            assert state != "withdrawn", f"{op.name} was withdrawn and yet decided"

    def _check_effects(self, ledger: list[dict[str, Any]]) -> None:
        accepted = [row for row in ledger if row["outcome"] == "accepted"]

        def count(name: str, target: str | None = None) -> int:
            return sum(row["name"] == name and target in (None, row["target"]) for row in accepted)

        with self.app.app_context():
            needs = db.session.execute(select(Need.id, Need.version)).all()
            assert len(needs) == count("need.create"), f"{len(needs)} needs, {count('need.create')} accepted"
            for key, version in needs:
                made = 1 + count("need.update", str(key)) + count("need.close", str(key))
                assert version == made, f"need {key} is at version {version}, {made} operations were accepted"
            responses = db.session.execute(select(NeedResponse.id)).all()
            assert len(responses) == count("need.respond")
            checkins = db.session.execute(select(Checkin.event_id, Checkin.guest_id, Checkin.inside)).all()
            assert len(checkins) == count("checkin.record"), "facts of the door were lost or doubled"
            inside = [(event, guest) for event, guest, is_in in checkins if is_in]
            assert len(inside) == len(set(inside)), "one guest was admitted twice"
            stands: dict[tuple[str, str], bool] = {}
            for row in ledger:
                if row["name"] == "event.signup" and row["outcome"] in ("accepted", "waitlisted"):
                    stands[row["owner"], row["target"]] = True
                if row["name"] == "event.cancel_signup" and row["outcome"] == "accepted":
                    stands[row["owner"], row["target"]] = False
            signups = db.session.scalars(select(Signup)).all()
            found = {(str(s.member_id), str(s.event_id)): s.state != "cancelled" for s in signups}
            assert found == stands, "sign-ups are not what was accepted"
            for event in db.session.scalars(select(Event)):
                seats = sum(s.event_id == event.id and s.state == "confirmed" for s in signups)
                assert seats == event.confirmed_count <= event.capacity
            db.session.remove()

    def people_id(self, role: str) -> uuid.UUID:
        return uuid.UUID(self.who[role])

    @staticmethod
    def new_id() -> uuid.UUID:
        return new_id()

    def close(self) -> None:
        registries.offline_pages.update(self._all_pages)
        registry.update(self._registered)
        self.phones.close()
        self._let_go()


def new_generation() -> None:
    """What `restore` does: the phones are to offer their receipts again."""
    generation.renew()
    db.session.commit()


@contextlib.contextmanager
def town() -> Iterator[Town]:
    """A town in a folder of its own, in memory where there is a place for that."""
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="huiyou-town-", dir=place) as folder:
        made = Town(Path(folder))
        try:
            yield made
        finally:
            made.close()
