"""What becomes of 25 queued operations when something breaks, in each engine."""

from __future__ import annotations

import contextlib
import time
import unicodedata
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import sync_playwright
from sqlalchemy import select

from bench.harness import Site
from bench.report import Line, Result
from blueprints.accounts.models import Member
from blueprints.door.models import Checkin
from core.database import db
from tests.offline import rigs
from tests.offline.proxy import FAULTS, Fault, Proxy
from tests.offline.rig import NotDrivable, Rig
from tests.offline.rigs import ENGINES

TITLE = "Faults between phone and server"
QUEUED = 25
ATTEMPTS = 3
"""An engine under automation hangs now and then: its cell is driven again. A loss is never tried again."""
LANES = 5
PATIENCE_SECONDS = 45
# What happens to the browser itself while the answer to a batch that was decided is on its way.
KILLS = ("worker stopped", "tab killed", "browser killed")
ON_THE_WIRE = (
    "500",
    "502",
    "503",
    "401",
    "403",
    "404",
    "413",
    "422",
    "429",
    "redirect to log-in",
    "portal's 200",
    "empty 200",
    "truncated body",
    "response lost after commit",
    "connection reset",
    "black hole",
)


@dataclass(frozen=True)
class Cell:
    """What became of 25 operations; without figures, why the engine cannot be driven so."""

    lost: int = 0
    twice: int = 0
    why_not: str = ""
    undriven: bool = False
    seconds: float = 0.0

    def __str__(self) -> str:
        return "n/a" if self.why_not else f"{self.lost} / {self.twice}"


class Door:
    """An organizer's phone and the events at whose doors it writes people down."""

    def __init__(self, site: Site, proxy: Proxy) -> None:
        self.site, self.proxy = site, proxy
        self.organizer = site.members("organizer")[0]
        self.events = [str(site.new_event(600, guests=site.everybody()[:1])) for _ in range(LANES)]
        with site.app.app_context():
            self.phone = db.session.get_one(Member, self.organizer).phone

    def queue(self, rig: Rig, count: int, tag: str) -> list[str]:
        """Store so many walk-ins in the outbox; returns their names."""
        names = [f"{tag} {number}" for number in range(count)]
        rig.evaluate(QUEUE, names, self.events, str(self.organizer))
        return names

    def came(self, names: list[str]) -> Counter[str]:
        """How often each name was written down."""
        with self.site.app.app_context():
            found = db.session.scalars(select(Checkin.walk_in_name).where(Checkin.walk_in_name.in_(names))).all()
            db.session.remove()
        return Counter(name or "" for name in found)


QUEUE = """(async () => {
  for (const [place, name] of a.entries()) {
    const event = b[place % b.length];
    await huiyou.outbox.add({
      op_id: huiyou.uuid7(), owner: c, lane: `event:${event}`, name: "checkin.record", target: event, form_version: 1,
      fields: { walk_in_name: name }, page: `/events/${event}/door`, action: `/events/${event}/checkins`, label: name,
    });
  }
})()"""
SEND = "(huiyou.sender.send({reason: 'now'}), 1)"
WAITING = "huiyou.outbox.waiting(huiyou.account.current()).then(all => all.length)"


def measure(site: Site) -> Result:
    """The matrix in each engine."""
    proxy = Proxy((site.host, site.port))
    door = Door(site, proxy)
    cells: dict[str, dict[str, Cell]] = {fault: {} for fault in (*ON_THE_WIRE, *KILLS)}
    with sync_playwright() as playwright:
        for engine in ENGINES:
            if reason := rigs.missing(engine):
                for row in cells.values():
                    row[engine] = Cell(why_not=reason)
                continue
            for fault, row in cells.items():
                for _ in range(ATTEMPTS):
                    row[engine] = _cell(door, playwright, engine, fault)
                    proxy.reset()
                    if not row[engine].undriven:
                        break
    print(_table(cells))
    whys = {f"{e}: {c.why_not}" for row in cells.values() for e, c in row.items() if c.why_not}
    for why in sorted(whys):
        print(f"n/a: {why}")
    shown = [cell for row in cells.values() for cell in row.values() if not cell.why_not]
    lines = [
        Line(f"lost of {QUEUED}, at worst of {len(shown)} cells", max(c.lost for c in shown), "", at_most=0),
        Line("twice, at worst", max(c.twice for c in shown), "", at_most=0),
    ]
    more = {
        fault: {e: {"lost": c.lost, "twice": c.twice, "n/a": c.why_not} for e, c in row.items()}
        for fault, row in cells.items()
    }
    proxy.stop()
    return Result(lines, {"matrix": more})


def open_phone(door: Door, rig: Rig) -> None:
    rig.log_in(door.phone)
    with contextlib.suppress(AssertionError):
        rig.has_worker(4)
    rig.open("/outbox")
    rig.has_worker()


def _cell(door: Door, playwright: Any, engine: str, fault: str) -> Cell:
    begun = time.perf_counter()
    try:
        with rigs.rig(engine, playwright, door.proxy.url) as rig:
            if fault == "browser killed" and not rig.can_restart:
                raise NotDrivable("its automation keeps no profile to start again on")
            if fault == "worker stopped" and engine != "chromium":
                raise NotDrivable("no worker can be stopped on demand")
            open_phone(door, rig)
            if fault == "browser killed":
                rig.restart()
                rig.open("/outbox")
            names = _suffer(door, rig, fault)
            came = door.came(names)
    except NotDrivable as why:
        return Cell(why_not=str(why))
    except Exception as error:
        return Cell(why_not=f"{fault} failed: {str(error).splitlines()[0][:150]}", undriven=True)
    lost, twice = sum(came[n] == 0 for n in names), sum(came[n] > 1 for n in names)
    return Cell(lost, twice, seconds=time.perf_counter() - begun)


def _suffer(door: Door, rig: Rig, fault: str) -> list[str]:
    """Queue, let the fault happen at two attempts at least, take it away, wait until all is decided."""
    proxy = door.proxy
    names = door.queue(rig, QUEUED, f"{rig.engine} {uuid.uuid4().hex[:6]}")
    happening = Fault("hang_after") if fault in KILLS else FAULTS[fault]
    rules = [proxy.fault(path, happening) for path in ("/healthz", "/ops")]
    for _ in range(1 if fault in KILLS else 3):
        rig.evaluate(SEND)
        rig.pause(0.7)
    proxy.wait_for_rule(rules[1], seconds=20)
    if fault in KILLS:
        _kill(rig, fault)
    proxy.clear()
    if fault in KILLS:
        rig.open("/outbox")
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(Exception):
            rig.evaluate(SEND)
            if rig.evaluate(WAITING) == 0:
                break
        rig.pause(0.5)
    return names


def _kill(rig: Rig, what: str) -> None:
    if what == "worker stopped":
        rig.stop_worker()
    elif what == "tab killed":
        rig.kill_tab()
    else:
        rig.kill()
        rig.start()


def _table(cells: dict[str, dict[str, Cell]]) -> str:
    def wide(text: str, width: int) -> str:
        return text + " " * (width - sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text))

    rows = [("lost / twice of 25", *ENGINES)]
    rows += [(fault, *(str(row.get(engine, "n/a")) for engine in ENGINES)) for fault, row in cells.items()]
    return (
        "\n"
        + "\n".join("  ".join(wide(text, 30 if n == 0 else 10) for n, text in enumerate(row)) for row in rows)
        + "\n"
    )
