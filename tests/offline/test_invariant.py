"""Whatever happens in between, and then a connection: nothing is lost, nothing happens twice.

Hypothesis plays person, network, clock and operator; the engine and the server are the
real ones. `HUIYOU_RUNS` says how often (200 in `make test`, 10,000 in `make test-long`).
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections import Counter
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from core.database import new_id
from core.operations import registry
from tests.offline.network import Op
from tests.offline.town import Town

FIRST, SECOND, DOOR, OTHER_DOOR = "first", "second", "door", "other door"
PEOPLE = {FIRST: "ann", SECOND: "ann", DOOR: "organizer", OTHER_DOOR: "organizer"}
WAYS = (
    "well", "well", "well", "drop", "lose", "lose", "twice", "decide", "truncate", "crash", "500 after",
    "portal's 200", "empty 200", "empty JSON", "500", "502", "503", "401", "403", "404", "413", "422", "429",
    "redirect to log-in",
)  # fmt: skip
figures: Counter[str] = Counter()


class Days(RuleBasedStateMachine):
    """Days of a chamber in which everything goes wrong that can."""

    town: ClassVar[Town]

    def __init__(self) -> None:
        super().__init__()
        self.town.start()
        self.backed_up = False
        figures["runs"] += 1

    @initialize(good=st.sampled_from([True, False, False]))
    def morning(self, good: bool) -> None:
        self.town.log_in(FIRST, "ann")
        self.town.network(FIRST, good=good)

    def _phone(self, name: str) -> str:
        if name not in self.town.handsets:
            self.town.log_in(name, PEOPLE[name])
        return name

    def _owns(self, phone: str) -> bool:
        """Whether a member is logged in on this phone, once a page is open there (a visitor has only one form)."""
        self.town.a_tab(phone)
        return bool(self.town.handset(phone).account)

    def _mine(self, phone: str, *names: str) -> list[Op]:
        account = self.town.handset(phone).account
        ops = self.town.ops.values()
        return [
            o for o in ops if o.phone == phone and o.owner == account and o.name in names and o.saved and not o.gone
        ]

    def _waiting(self) -> list[Op]:
        """What the people now logged in pressed last."""
        phones = [handset.name for handset in self.town.handsets.values() if handset.account]
        return [op for phone in phones for op in self._mine(phone, *registry) if op.saved][-6:]

    # ——— the person ———

    def _press(self, phone: str, what: str, event: str, which: int, kill: int | None) -> None:
        if not self._owns(self._phone(phone)):
            return
        made = self._mine(phone, "need.create")
        if what in ("edit", "close") and made:
            made_here = made[which % len(made)]
            on = [o for o in self._mine(phone, "need.create", "need.update") if o.lane == made_here.lane][-1]
            (self.town.close_need if what == "close" else self.town.edit_need)(phone, on, kill_after=kill)
        elif what == "sign up":
            self.town.sign_up(phone, event, kill_after=kill)
        elif what == "cancel":
            lane = f"event:{self.town.events[event]}"
            signed = [o for o in self._mine(phone, "event.signup") if o.lane == lane]
            self.town.cancel(phone, event, after=signed[-1] if signed else None, kill_after=kill)
        elif what == "respond":
            self.town.respond(phone, kill_after=kill)
        else:
            self.town.post_need(phone, kill_after=kill)

    pressing: ClassVar = {
        "phone": st.sampled_from([FIRST, FIRST, SECOND]),
        "what": st.sampled_from(["post", "edit", "edit", "close", "sign up", "sign up", "cancel", "respond"]),
        "event": st.sampled_from(["small", "large"]),
        "which": st.integers(0, 3),
        "kill": st.one_of(st.none(), st.none(), st.none(), st.integers(0, 40)),
    }

    @rule(**pressing)
    def press(self, phone: str, what: str, event: str, which: int, kill: int | None) -> None:
        self._press(phone, what, event, which, kill)

    @rule(**pressing)
    def press_on(self, phone: str, what: str, event: str, which: int, kill: int | None) -> None:
        self._press(phone, what, event, which, kill)

    @rule(**pressing)
    def press_more(self, phone: str, what: str, event: str, which: int, kill: int | None) -> None:
        self._press(phone, what, event, which, kill)

    @rule(phone=st.sampled_from([DOOR, OTHER_DOOR]), ticket=st.integers(0, 2), kill=pressing["kill"])
    def scan(self, phone: str, ticket: int, kill: int | None) -> None:
        if self._owns(self._phone(phone)):
            self.town.scan(phone, ticket, kill_after=kill)

    @rule(how=st.sampled_from(["withdraw", "rewrite", "tap twice"]), which=st.integers(0, 5))
    def change_mind(self, how: str, which: int) -> None:
        ops = [op for op in self._waiting() if how != "rewrite" or op.name in ("need.create", "need.update")]
        if not ops:
            return
        op = ops[which % len(ops)]
        if how == "withdraw":
            figures["withdrawn"] += self.town.withdraw(op)
        elif how == "rewrite":
            again = {**op.fields, "body": f"另写一遍 {new_id().hex[-6:]}。"}
            figures["rewritten"] += bool(self.town.replace(op, again))
        elif how == "tap twice":
            figures["tapped twice"] += 1
            self.town.tap_twice(op)

    # ——— the phone ———

    @rule(
        phone=st.sampled_from([FIRST, FIRST, SECOND, DOOR, OTHER_DOOR]),
        what=st.sampled_from(["page", "page", "worker", "kill", "kill", "kill all"]),
        which=st.integers(0, 3),
    )
    def tabs(self, phone: str, what: str, which: int) -> None:
        handset = self.town.handset(self._phone(phone))
        if what == "kill all":
            self.town.kill_all(phone)
        elif what == "kill" and handset.tabs:
            self.town.kill(phone, sorted(handset.tabs)[which % len(handset.tabs)])
        elif what in ("page", "worker") and len(handset.tabs) < 4:
            tab = self.town.open(phone, kind=what)
            if what == "worker":
                self.town.send(phone, tab)
        figures[f"tabs: {what}"] += 1

    # ——— the network ———

    @rule(phone=st.sampled_from([FIRST, FIRST, SECOND, DOOR, OTHER_DOOR]), good=st.booleans())
    def network(self, phone: str, good: bool) -> None:
        self.town.network(self._phone(phone), good=good)

    def _serve(self, which: int, way: str) -> None:
        if not (waiting := self.town.waiting_requests()):
            return
        figures[way] += 1
        self.town.serve(waiting[which % len(waiting)], way)
        self.town.flow()

    @rule(which=st.integers(0, 4), way=st.sampled_from(WAYS))
    def serve(self, which: int, way: str) -> None:
        self._serve(which, way)

    @rule(which=st.integers(0, 4), way=st.sampled_from(WAYS))
    def serve_on(self, which: int, way: str) -> None:
        self._serve(which, way)

    @rule(phone=st.sampled_from([FIRST, SECOND, DOOR]), way=st.sampled_from(WAYS), what=pressing["what"])
    def press_into(self, phone: str, way: str, what: str) -> None:
        """Press where something happens to just this request."""
        if not self._owns(self._phone(phone)):
            return
        self.town.network(phone, good=False)
        if phone == DOOR:
            self.town.scan(phone)
        else:
            self._press(phone, what, "large", 0, None)
        for request in self.town.asked_to_decide(phone):
            figures[way] += 1
            self.town.serve(request, way)
        self.town.flow()

    @rule()
    def arrive_late(self) -> None:
        figures["arrived after it was given up"] += bool(self.town.phones.aborted)
        self.town.arrive_late()

    @rule(seconds=st.sampled_from([0.5, 2, 31, 400]))
    def tick(self, seconds: float) -> None:
        self.town.tick(seconds=seconds)

    @rule(phone=st.sampled_from([FIRST, SECOND, DOOR]), days=st.sampled_from([None, None, -400, -3, 0, 0.01, 5, 3000]))
    def send_now_or_wrong_clock(self, phone: str, days: float | None) -> None:
        self._phone(phone)
        if days is None:
            self.town.send(phone)
        else:
            self.town.skew(phone, days=days)
            figures["wrong clocks"] += 1

    # ——— coming and going, and the operator ———

    @rule(
        phone=st.sampled_from([FIRST, FIRST, SECOND]),
        what=st.sampled_from(["keep", "throw away", "ann", "ann", "bob", "expire", "expire", "end"]),
    )
    def come_and_go(self, phone: str, what: str) -> None:
        self._phone(phone)
        if what in ("ann", "bob"):
            self.town.log_in(phone, what)
        elif not self._owns(phone):
            return
        elif what in ("expire", "end"):
            self.town.expire(phone, ended=what == "end")
        else:
            self.town.log_out(phone, keep=what == "keep")
        figures[f"account: {what}"] += 1

    @rule(
        what=st.sampled_from(["back up", "back up", "restore", "restore", "adapted", "not adapted"]),
        name=st.sampled_from(["need.create", "need.update", "event.signup"]),
    )
    def operate(self, what: str, name: str) -> None:
        if what == "back up":
            self.town.back_up()
            self.backed_up = True
        elif what != "restore":
            # A new version of a form, which knows what to do with the old one, or does not.
            adapt = (lambda _version, fields: fields) if what == "adapted" else None
            version = registry[name].form_version + 1
            registry[name] = dataclasses.replace(registry[name], form_version=version, adapt=adapt)
        elif self.backed_up and not os.environ.get("HUIYOU_NO_RESTORE"):
            self.town.restore()
            self.town.restored = True
        figures[f"operator: {what}"] += 1

    def teardown(self) -> None:
        for op in self.town.ops.values():
            figures["pressed"] += 1
            figures["called saved"] += op.saved
        self.town.come_to_rest()
        self.town.check()
        for row in self.town.ledger():
            figures[row["outcome"]] += 1


def play(chamber: Town, runs: int, **more: Any) -> None:
    figures.clear()
    Days.town = chamber
    begun = time.monotonic()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Days,
        settings=settings(
            max_examples=runs,
            stateful_step_count=int(os.environ.get("HUIYOU_STEPS", "25")),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate] if os.environ.get("HUIYOU_NO_SHRINK") else [Phase.generate, Phase.shrink],
            **more,
        ),
    )
    figures["seconds"] = round(time.monotonic() - begun)
    print("\n" + ", ".join(f"{name} {number}" for name, number in figures.most_common()))


@pytest.mark.invariant
def test_every_saved_operation_has_one_outcome_and_every_effect_its_operation(chamber: Town) -> None:
    """The same days each time, so that a change is judged by itself; `HUIYOU_RUNS` and the long run draw new ones."""
    runs = os.environ.get("HUIYOU_RUNS")
    play(chamber, int(runs or "200"), derandomize=runs is None)


@pytest.mark.long
def test_ten_thousand_runs_without_a_violation(chamber: Town) -> None:
    play(chamber, int(os.environ.get("HUIYOU_LONG_RUNS", "10000")))
