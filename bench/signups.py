"""How fast people sign up, and how fast a door lets them in."""

from __future__ import annotations

import json
import re
import uuid
from functools import partial
from typing import Any

from bench.client import Phone, Rate, together
from bench.harness import Site
from bench.report import Line, Result
from core.clock import now
from core.database import new_id

TITLE = "Sign-ups and check-ins"
GUESTS = 300
_FORM = re.compile(r'<form[^>]*action="[^"]*/signup".*?</form>', re.DOTALL)
_HIDDEN = re.compile(r'name="(op_id|owner|form_version)" value="([^"]*)"')
# Who stayed away from three events waits for a seat.
_SIGNED_UP = re.compile(rb'id="signup-[0-9a-f-]{36}"[^>]*data-state="(confirmed|waitlisted)"')


def measure(site: Site) -> Result:
    """Members signing up, as their phones do and by plain forms; then one and eight phones at a door."""
    everybody = site.everybody()
    phones = [(str(person), cookie) for person, cookie in zip(everybody, site.cookies(everybody), strict=True)]
    lines = []
    for what, act, at_least in (("sign-ups", sign_up, 90), ("the same without scripts", sign_up_by_form, None)):
        paths = [f"/events/{site.new_event(len(everybody))}" for _ in range(2)]
        cpu = site.cpu_seconds()
        signing_up = together(site, 8, [(path, *phone) for path in paths for phone in phones], act)
        cpu = 1000 * (site.cpu_seconds() - cpu) / signing_up.done
        lines += [
            Line(f"{what}, eight clients", round(signing_up.per_second, 1), "/s", 0.8, 3.0, at_least=at_least),
            Line("  half of them within", round(signing_up.p50_ms, 1), "ms"),
            Line("  99 % of them within", round(signing_up.p99_ms, 1), "ms"),
            Line("  the server's CPU for each", round(cpu, 1), "ms"),
        ]
    guests = everybody[:GUESTS]
    (organizer,) = site.cookies(site.members("organizer"))
    for clients, pretix, indico in ((1, 8.8, 20.6), (8, 13.6, 42.4)):
        for kind in ("by name", "by ticket"):
            event_id = site.new_event(GUESTS, guests=guests)
            cpu = site.cpu_seconds()
            rate = checking_in(site, event_id, kind, clients, organizer)
            words = "one client" if clients == 1 else "eight clients"
            lines.append(
                Line(
                    f"check-ins {kind}, {words}", round(rate.per_second, 1), "/s", pretix, indico, at_least=20 * pretix
                )
            )
            lines.append(Line("  99 % of them within", round(rate.p99_ms, 1), "ms"))
            lines.append(
                Line("  the server's CPU for each", round(1000 * (site.cpu_seconds() - cpu) / GUESTS, 1), "ms")
            )
    return Result(lines, {"sign_ups": signing_up.done, "check_ins_each": GUESTS})


def sign_up(phone: Phone, who: tuple[str, str, str]) -> None:
    """The event's page into the shell that the phone has, and the press, whose answer brings the page that confirms."""
    path, account, phone.cookie = who
    page = phone.get(path, Fragment="main")
    if not _FORM.search(page.body.decode()):
        raise RuntimeError("no form to sign up")
    pressed = {"name": "event.signup", "target": path.rpartition("/")[2], "fields": {}, "page": path}
    pressed |= {"op_id": str(new_id()), "lane": path, "seq": 1, "form_version": 1, "occurred_at": now().isoformat()}
    envelope = {"account": account, "outbox": str(new_id()), "sent_at": now().isoformat(), "ops": [pressed]}
    answer = json.loads(phone.send("/ops", envelope).body)
    if answer["ops"][0]["outcome"] not in ("accepted", "waitlisted"):
        raise RuntimeError(f"sign-up answered {answer['ops'][0]}")
    if not _SIGNED_UP.search(answer["pages"][0]["html"].encode()):
        raise RuntimeError("the event's page does not confirm")


def sign_up_by_form(phone: Phone, who: tuple[str, str, str]) -> None:
    """The event's page, its form, and the page that confirms."""
    path, _, phone.cookie = who
    form = _FORM.search(phone.get(path).body.decode())
    if form is None:
        raise RuntimeError("no form to sign up")
    answer = phone.post(f"{path}/signup", {"note": "", **dict(_HIDDEN.findall(form[0]))})
    if answer.status != 303:
        raise RuntimeError(f"sign-up answered {answer.status}")
    confirmation = phone.get(answer.location).body
    if not _SIGNED_UP.search(confirmation):
        raise RuntimeError("the event's page does not confirm")


def checking_in(site: Site, event_id: uuid.UUID, kind: str, clients: int, organizer: str) -> Rate:
    """Let all guests of an event in; the answer to the post is the verdict."""
    if kind == "by ticket":
        scans: list[dict[str, Any]] = [{"ticket": ticket} for ticket in site.tickets(event_id)]
    else:
        scans = [{"signup_id": str(signup_id)} for signup_id in site.signups(event_id)]
    rate = together(site, clients, scans, partial(_check_in, f"/events/{event_id}/checkins", organizer))
    if (inside := site.inside(event_id)) != len(scans):
        raise RuntimeError(f"{inside} of {len(scans)} came in")
    return rate


def _check_in(path: str, organizer: str, phone: Phone, scan: dict[str, Any]) -> None:
    phone.cookie = organizer
    if (answer := phone.post(path, scan)).status != 303:
        raise RuntimeError(f"check-in answered {answer.status}")
