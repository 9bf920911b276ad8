"""The rules of the door, by the table that the phone's tests run too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from blueprints.door import rules
from blueprints.door.words import FLAGS, SENTENCES, VERDICTS
from core.crypto import Forged, public_key_of, read_ticket
from core.text import folded, pinyin_key
from tests.evenings import NOW, Evening, played

CASES = json.loads((Path(__file__).parents[1] / "contracts" / "door_cases.json").read_text("utf-8"))


@dataclass(frozen=True)
class Person:
    name: str
    syllables: str
    company: str
    last_four: str


def by_name(case: dict[str, Any]) -> str:
    return case.get("name", case.get("query", ""))


@pytest.mark.parametrize("case", CASES["verdicts"], ids=by_name)
def test_the_door_says(case: dict[str, Any]) -> None:
    event = Evening(case["event"]["state"], NOW + timedelta(minutes=case["event"]["starts_in_minutes"]))
    assert rules.verdict(rules.Scan(**case["scan"]), rules.Entry(**case["entry"]), event, NOW) == case["verdict"]


@pytest.mark.parametrize("case", CASES["evenings"], ids=by_name)
def test_an_evening_goes(case: dict[str, Any]) -> None:
    assert played(case) == (case["told"], case["final"])


def test_the_evenings_know_every_verdict_in_every_condition() -> None:
    names = {case["name"] for case in CASES["evenings"]}
    conditions = (
        "offline",
        "online",
        "undone",
        "scanned again on the same phone",
        "on a phone whose clock is two hours fast",
    )
    assert {f"{verdict}, {how}" for verdict in set(rules.TONES) - {"already_in"} for how in conditions} <= names
    assert {told for case in CASES["evenings"] for told in case["told"]} == rules.TONES.keys()
    assert {now["flag"] for case in CASES["evenings"] for now in case["final"]} - {None} < FLAGS.keys()
    assert len(CASES["evenings"]) >= 60


@pytest.mark.parametrize("case", CASES["tickets"], ids=by_name)
def test_a_ticket_reads(case: dict[str, Any]) -> None:
    here, other = ({**key, "key": public_key_of(key)} for key in CASES["ticket_keys"])
    assert reading(case["text"].strip(), here, other) == (case["ticket"], case.get("signup"))


def reading(text: str, here: dict[str, Any], other: dict[str, Any]) -> tuple[str, str | None]:
    """As `blueprints.door.tickets.read`, with keys that are given."""
    for event, says in ((here, "genuine"), (other, "other_event")):
        try:
            ticket = read_ticket(text, event["key"])
        except Forged:
            continue
        if str(ticket.event_id) == event["event"]:
            return says, str(ticket.signup_id) if event is here else None
    return "forged", None


@pytest.mark.parametrize("case", CASES["finds"], ids=by_name)
def test_a_few_letters_find(case: dict[str, Any]) -> None:
    people = [Person(**person) for person in CASES["roster"]]
    found = rules.found(case["query"], people, pinyin_key, folded)
    assert [person.name for person in found] == case["found"]


def test_every_verdict_has_a_case_a_tone_a_sentence_and_a_label() -> None:
    assert {case["verdict"] for case in CASES["verdicts"]} == rules.TONES.keys() == SENTENCES.keys() == VERDICTS.keys()


def test_the_phone_keeps_the_syllables_that_the_table_gives() -> None:
    for person in CASES["roster"]:
        assert pinyin_key(person["name"]) == person["syllables"]


def test_only_green_and_the_amber_of_an_unknown_ticket_let_in() -> None:
    assert {verdict for verdict, tone in rules.TONES.items() if tone == "good"} < rules.LETS_IN
    assert {"admitted", "signed_but_unknown"} == rules.LETS_IN


@pytest.mark.parametrize(
    ("minutes", "state"), [(121, "early"), (120, "open"), (0, "open"), (-119, "open"), (-120, "over")]
)
def test_the_clock_opens_and_closes_the_door(minutes: int, state: str) -> None:
    assert rules.door_state(Evening("scheduled", NOW + timedelta(minutes=minutes)), NOW) == state


def test_a_cancelled_event_has_no_door() -> None:
    assert rules.door_state(Evening("cancelled", NOW), NOW) == "cancelled"
