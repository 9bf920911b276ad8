"""The door without signal: check-ins as an outbox sends them, names found on the phone, and codes before its camera."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import uuid
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.client import Phone, Rate, together
from bench.harness import Site
from bench.report import Line, Result
from core import text
from core.clock import now
from core.database import new_id

TITLE = "The door"
GUESTS, BATCH, PHONES = 300, 50, 3
CROWD, ASKED = 2000, 200
JSON_HEADERS = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
PRETIX = 8.8


def measure(site: Site) -> Result:
    """Batched check-ins of one phone and of three; the search of a crowd of 2,000."""
    guests = site.everybody()[:GUESTS]
    (organizer_id,) = site.members("organizer")
    (cookie,) = site.cookies([organizer_id])
    lines = []
    for phones in (1, PHONES):
        event_id = site.new_event(GUESTS, guests=guests)
        cpu = site.cpu_seconds()
        rate = batched(site, event_id, organizer_id, cookie, phones)
        done = rate.done * BATCH
        per_second = round(done / rate.seconds, 1)
        words = "one phone" if phones == 1 else f"{phones} phones"
        lines += [
            Line(f"check-ins in batches of {BATCH}, {words}", per_second, "/s", PRETIX, 20.6, at_least=100 * PRETIX),
            Line("  99 % of the batches within", round(rate.p99_ms, 1), "ms"),
            Line("  the server's CPU for each", round(1000 * (site.cpu_seconds() - cpu) / done, 2), "ms"),
        ]
    searched, more = search()
    return Result([*lines, *searched], more)


def batched(site: Site, event_id: uuid.UUID, organizer_id: uuid.UUID, cookie: str, phones: int) -> Rate:
    """Let all guests in by the batches of their outboxes; each phone has its own part of the queue."""
    tickets = site.tickets(event_id)
    batches = [tickets[place : place + BATCH] for place in range(0, len(tickets), BATCH)]
    device = str(new_id())

    def send(phone: Phone, batch: list[str]) -> None:
        phone.cookie = cookie
        answer = phone._ask("POST", "/ops", envelope(event_id, organizer_id, device, batch), JSON_HEADERS)  # noqa: SLF001
        told = json.loads(answer.body)
        if [one["verdict"]["verdict"] for one in told["ops"]] != ["admitted"] * len(batch):
            raise RuntimeError("somebody was not let in")

    rate = together(site, phones, batches, send)
    if (inside := site.inside(event_id)) != len(tickets):
        raise RuntimeError(f"{inside} of {len(tickets)} came in")
    return rate


def envelope(event_id: uuid.UUID, organizer_id: uuid.UUID, device: str, tickets: list[str]) -> str:
    """What a phone's outbox posts after half an hour in a basement."""
    ops = [
        {
            "op_id": str(new_id()),
            "name": "checkin.record",
            "target": str(event_id),
            "lane": f"event:{event_id}",
            "seq": place,
            "form_version": 1,
            "occurred_at": (now() - timedelta(minutes=30) + timedelta(seconds=place)).isoformat(),
            "fields": {"ticket": ticket, "id": str(new_id()), "device": device, "told": "admitted"},
        }
        for place, ticket in enumerate(tickets, 1)
    ]
    return json.dumps({"account": str(organizer_id), "outbox": str(new_id()), "sent_at": now().isoformat(), "ops": ops})


def search() -> tuple[list[Line], dict[str, Any]]:
    """200 queries of one and two characters, initials, homophones and last digits, on a crowd of 2,000."""
    if not shutil.which("node"):
        return [], {"not_measured": "search on the phone (there is no node)"}
    people = crowd()
    given = json.dumps({"people": people, "queries": queries(people)})
    script = Path(__file__).with_name("door_find.mjs")
    answer = subprocess.run(["node", str(script)], input=given, capture_output=True, text=True, check=True)
    said = json.loads(answer.stdout)
    asked = sum(kind["asked"] for kind in said["found"].values())
    right = sum(kind["top3"] for kind in said["found"].values())
    lines = [
        Line(
            f"search on {CROWD}: the right one among the first three", round(100 * right / asked, 1), "%", at_least=98
        ),
        Line("  95 % of the searches within", round(said["p95_ms"], 2), "ms", at_most=50),
    ]
    return lines, {"search": {kind: [one["top3"], one["asked"]] for kind, one in said["found"].items()}}


def crowd() -> list[dict[str, str]]:
    """2,000 people with names as common as names are."""
    from tests.crowd import names

    return [
        {
            "id": str(place),
            "name": name,
            "syllables": text.pinyin_key(name),
            "company": f"天津{name[-1]}泰{place}贸易有限公司",
            "last_four": f"{(place * 7919) % 10000:04d}",
        }
        for place, name in enumerate(names(CROWD))
    ]


def queries(people: list[dict[str, str]]) -> list[dict[str, str]]:
    """What a helper types who hears a name: the shortest of each kind that at most three of the crowd answer to.

    Nobody can tell four people called 王伟 apart by their names; then the last digits of the phone are asked for.
    """
    dice = random.Random(7)
    characters = Counter(char for person in people for char in set(person["name"]))
    pairs = Counter(person["name"][place : place + 2] for person in people for place in range(len(person["name"]) - 1))
    spelt = Counter(person["syllables"] for person in people)
    initials = Counter("".join(word[0] for word in person["syllables"].split()) for person in people)
    same_sound: dict[str, set[str]] = {}
    for person in people:
        for char, syllable in zip(person["name"], person["syllables"].split(), strict=False):
            same_sound.setdefault(syllable, set()).add(char)
    asked: list[dict[str, str]] = []
    kinds = ("one character", "two characters", "initials", "homophones", "last digits")
    for turn, person in enumerate(dice.sample(people, len(people))):
        kind = kinds[turn % len(kinds)]
        short = "".join(word[0] for word in person["syllables"].split())
        query = {
            "one character": next((char for char in person["name"][1:] if characters[char] <= 3), ""),
            "two characters": next(
                (person["name"][p : p + 2] for p in (1, 0) if 0 < pairs[person["name"][p : p + 2]] <= 3), ""
            ),
            "initials": short if initials[short] <= 3 else "",
            "homophones": _as_it_sounds(person, same_sound) if spelt[person["syllables"]] <= 3 else "",
            "last digits": person["last_four"],
        }[kind]
        if query:
            asked.append({"query": query, "id": person["id"], "kind": kind})
        if len(asked) == ASKED:
            return asked
    return asked


def _as_it_sounds(person: dict[str, str], same_sound: dict[str, set[str]]) -> str:
    """The whole name, written with other characters of the same sounds where there are any."""
    said = zip(person["name"], person["syllables"].split(), strict=True)
    other = "".join(min(same_sound[syllable] - {char} or {char}) for char, syllable in said)
    return other if other != person["name"] else ""
