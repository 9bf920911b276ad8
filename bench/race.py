"""Who gets in when all press at once."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from functools import partial

from bench.client import Phone, together
from bench.harness import Site
from bench.report import Line, Result

TITLE = "Races"
RACES = 10
SEATS = 10


def measure(site: Site) -> Result:
    """Sixteen for ten seats, and one ticket at eight scanners; ten times each."""
    confirmed, in_order = [], 0
    for _ in range(RACES):
        states, order = seats(site)
        confirmed.append(states["confirmed"])
        in_order += order
    admitted = [scanners(site) for _ in range(RACES)]
    lines = [
        Line(f"most confirmed for {SEATS} seats, 16 racing, {RACES} races", max(confirmed), "", 10, 12, at_most=SEATS),
        Line("fewest confirmed", min(confirmed), "", at_least=SEATS),
        Line("races with a waitlist in order", in_order, "", at_least=RACES),
        Line("admitted with one ticket at eight scanners, at most", max(a for a, _ in admitted), "", 1, 8, at_most=1),
        Line("told that the ticket was used, at least", min(t for _, t in admitted), "", at_least=7),
    ]
    return Result(lines, {"confirmed": confirmed, "admitted_and_told": admitted})


def seats(site: Site) -> tuple[Counter[str], bool]:
    """How the sixteen stand, and whether the six who wait are numbered as they came."""
    event_id = site.new_event(SEATS)
    cookies = site.cookies(site.everybody()[30:46])
    begun_at: list[float] = []
    together(site, 16, cookies, partial(_press, f"/events/{event_id}/signup", begun_at))
    rows = site.line(event_id)
    waiting = sorted((place, at) for state, place, at in rows if state == "waitlisted")
    places = [place for place, _ in waiting] == list(range(1, len(waiting) + 1))
    times = [at for _, at in waiting]
    return Counter(state for state, _, _ in rows), places and times == sorted(times)


def _press(path: str, begun_at: list[float], phone: Phone, cookie: str) -> None:
    phone.cookie = cookie
    begun_at.append(time.perf_counter())
    if (answer := phone.post(path, {"note": "", "op_id": str(uuid.uuid4())})).status != 303:
        raise RuntimeError(f"sign-up answered {answer.status}")


def scanners(site: Site) -> tuple[int, int]:
    """How many of eight scanners let the holder of one ticket in, and how many said that it was used."""
    event_id = site.new_event(1, guests=site.everybody()[:1])
    ticket = site.tickets(event_id)[0]
    cookies = site.cookies(site.members("organizer") * 8)
    together(site, 8, cookies, partial(_scan, f"/events/{event_id}/checkins", ticket))
    verdicts = site.verdicts(event_id)
    return verdicts["admitted"], sum(verdicts.values()) - verdicts["admitted"]


def _scan(path: str, ticket: str, phone: Phone, cookie: str) -> None:
    phone.cookie = cookie
    if (answer := phone.post(path, {"ticket": ticket})).status != 303:
        raise RuntimeError(f"check-in answered {answer.status}")
