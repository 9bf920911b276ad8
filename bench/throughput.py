"""How many pages a second the server gives, and how long one waits for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from bench.client import Phone, together
from bench.harness import Site
from bench.report import Line, Result

TITLE = "Pages per second"
CONNECTIONS = 32
SECONDS = 8
ROSTER = 300
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def measure(site: Site) -> Result:
    """An event for visitors, a roster for its organizer, the needs for a member."""
    (organizer,) = site.cookies(site.members("organizer"))
    (member,) = site.cookies(site.members())
    event = f"/events/{site.public_event()}"
    door = f"/events/{site.new_event(ROSTER, guests=site.everybody()[:ROSTER])}/door"
    lines: list[Line] = []
    for what, path, cookie, pretix, indico, times in (
        ("event page, anonymous", event, "", 15.5, 9.8, 40),
        (f"roster of {ROSTER}, organizer", door, organizer, 13.6, 2.4, 15),
        ("needs, member", "/needs", member, None, None, None),
    ):
        rate, p50, p99, cpu = load(site, path, cookie)
        bound = pretix * times if pretix and times else None
        lines += [
            Line(what, round(rate, 1), "/s", pretix, indico, at_least=bound),
            Line("  half of them within", round(p50, 1), "ms"),
            Line("  99 % of them within", round(p99, 1), "ms"),
            Line("  the server's CPU for each", round(cpu, 2), "ms"),
        ]
        rate, _, _, cpu = load(site, path, cookie, encoding="br")
        lines.append(Line("  the same, compressed", round(rate, 1), "/s"))
        lines.append(Line("  the server's CPU for each", round(cpu, 2), "ms"))
    return Result(lines, {"connections": CONNECTIONS, "client": "wrk" if wrk() else "threads"})


def load(site: Site, path: str, cookie: str, encoding: str = "") -> tuple[float, float, float, float]:
    """Requests per second, the median and the 99th percentile, and the server's CPU for one, in milliseconds."""
    headers = {"Cookie": cookie} if cookie else {}
    if encoding:
        headers["Accept-Encoding"] = encoding
    for _ in range(20):
        _warm(site, path, headers)
    cpu = site.cpu_seconds()
    if wrk():
        done, rate, p50, p99 = _by_wrk(site.url + path, headers)
    else:
        measured = together(site, 8, range(800), lambda phone, _: _got(phone, path, headers))
        done, rate, p50, p99 = measured.done, measured.per_second, measured.p50_ms, measured.p99_ms
    return rate, p50, p99, 1000 * (site.cpu_seconds() - cpu) / done


def _warm(site: Site, path: str, headers: dict[str, str]) -> None:
    phone = Phone(site)
    _got(phone, path, headers)
    phone.close()


def _got(phone: Phone, path: str, headers: dict[str, str]) -> None:
    if phone.get(path, **headers).status != 200:
        raise RuntimeError(f"{path} failed")


def _by_wrk(url: str, headers: dict[str, str]) -> tuple[int, float, float, float]:
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", f"-c{CONNECTIONS}", "-t2", "--latency", "--timeout", "30s", *given, f"-d{SECONDS}s", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    done = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    return done, rate, _latency(said, "50%"), _latency(said, "99%")


def _latency(said: str, share: str) -> float:
    number, unit = re.search(rf"{share}\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    return float(number) * _MILLISECONDS[unit]


def wrk() -> bool:
    """Whether wrk is there; installed from Debian where that may be done."""
    if not shutil.which("wrk") and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "wrk"]
        subprocess.run(
            install, check=False, capture_output=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        )
    return bool(shutil.which("wrk"))
