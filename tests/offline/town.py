"""A small chamber, its server, its phones and the network between them: what protocol tests play with."""

from __future__ import annotations

import contextlib
import json
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text, update

from blueprints.accounts.models import LoginSession
from blueprints.door.models import Checkin
from blueprints.events.models import Event, Signup
from blueprints.needs.models import Need, NeedResponse
from core.clock import now
from core.database import db, new_id
from tests.offline.network import FINAL, Network, Op


class Town(Network):
    """Everything together. Make one for a session, `start()` it anew for each run."""

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
        tab = tab or self.a_tab(phone)
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
        """Press "withdraw" on the outbox page, where it stands there."""
        if not (tab := self._shown(op)):
            return False
        took = self.phones.call(op.phone, tab, f"huiyou.outbox.withdraw({json.dumps(op.op_id)})")
        op.gone = op.gone or bool(took)
        return bool(took)

    def _shown(self, op: Op) -> str | None:
        """A tab that shows the operation: of its owner's, as long as the phone has its receipt."""
        tab = self.a_tab(op.phone)
        return tab if self.handset(op.phone).account == op.owner and self.entry(op) else None

    def replace(self, op: Op, fields: dict[str, str]) -> Op | None:
        """Edit an entry that waits: another takes its place, unless it may have arrived."""
        other = replace(op, op_id=str(new_id()), fields=fields, saved=False)
        entry = json.dumps(other.entry(), ensure_ascii=False)
        code = f"huiyou.outbox.replace({json.dumps(op.op_id)}, {entry})"
        if not (tab := self._shown(op)) or not self.phones.call(op.phone, tab, code):
            return None
        op.gone = other.saved = True
        self.ops[other.op_id] = other
        for child in self.ops.values():
            if child.after == op.op_id:
                child.after = other.op_id
        return other

    def tap_twice(self, op: Op) -> None:
        """The same press comes once more, twice at a time, from a page that still has its button."""
        if not (tab := self._shown(op)):
            return
        entry = json.dumps(op.entry(), ensure_ascii=False)
        add = f"huiyou.outbox.add({entry})"
        send = "huiyou.sender.send({reason: 'submit'}).then(() => null)"
        self.phones.begin(op.phone, tab, f"Promise.all([{add}, {add}]).then(() => {send})")
        self.flow()

    def send(self, phone: str, tab: str | None = None, reason: str = "now") -> None:
        """Press "send now" (in a worker: Background Sync)."""
        self.phones.begin(
            phone, tab or self.a_tab(phone), f"huiyou.sender.send({{reason: '{reason}'}}).then(() => null)"
        )
        self.flow()

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
