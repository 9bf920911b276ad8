"""Who came: for the page, for paper, and as a sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from urllib.parse import quote

from flask_babel import gettext

from blueprints.door.roster import Counts, Guest, roster, walk_ins
from blueprints.door.words import NAMELESS, SIGNUP_STATES, SOURCES
from blueprints.events.models import Event
from core.clock import local, now

MOST_COMPANIES = 10
SHORT = 7
"""So many characters have room beside a bar."""
STEP = 10
LONGEST = timedelta(hours=6)
FORMULA_SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True)
class Attendance:
    """Who came, by name, and who had signed up and did not; `kept` is what is left of who is forgotten."""

    came: Sequence[Guest]
    missing: Sequence[Guest]
    others: Sequence[Guest]
    kept: Counts | None = None

    @property
    def everybody(self) -> list[Guest]:
        """All of them: who came, who did not, then who waited or had cancelled."""
        return [*self.came, *self.missing, *self.others]

    @property
    def came_count(self) -> int:
        return len(self.came) + (self.kept.admitted if self.kept else 0)

    @property
    def walk_in_count(self) -> int:
        walked_in = sum(guest.signup_state != "confirmed" for guest in self.came)
        return walked_in + (self.kept.walk_ins if self.kept else 0)

    @property
    def missing_count(self) -> int:
        kept = self.kept
        return len(self.missing) + (kept.expected - kept.admitted + kept.walk_ins if kept else 0)


def attendance(event: Event) -> Attendance:
    """The attendance of an event, in the order of names, the nameless last. Two queries."""
    guests = roster(event.id)
    came = [guest for guest in guests if guest.checkin_id] + walk_ins(event.id)
    kept = None
    if event.came_count is not None:
        kept = Counts(event.came_count, event.confirmed_count, event.walk_in_count or 0)
    return Attendance(
        sorted(came, key=lambda guest: (not guest.name, guest.syllables, guest.name)),
        [guest for guest in guests if not guest.checkin_id and guest.signup_state == "confirmed"],
        [guest for guest in guests if not guest.checkin_id and guest.signup_state != "confirmed"],
        kept,
    )


def by_company(people: Attendance) -> list[tuple[str, int]]:
    """How many came from each company, the most first, at most ten."""
    counted = Counter(guest.company for guest in people.came if guest.company).most_common(MOST_COMPANIES)
    return [(name if len(name) <= SHORT else f"{name[: SHORT - 1]}…", number) for name, number in counted]


def by_minutes(people: Attendance) -> list[tuple[str, int]]:
    """How many came in each ten minutes between the first and the last, by the hour at which these begin."""
    instants = [local(guest.at) for guest in people.came if guest.at]
    starts = [at.replace(minute=at.minute // STEP * STEP, second=0, microsecond=0) for at in instants]
    counted = Counter(starts)
    if not counted or max(counted) - min(counted) > LONGEST:
        return []
    steps = int((max(counted) - min(counted)) / timedelta(minutes=STEP))
    return [
        (f"{at:%H:%M}", counted[at]) for at in (min(counted) + timedelta(minutes=STEP * n) for n in range(steps + 1))
    ]


def sheet(event: Event, people: Attendance) -> bytes:
    """The attendance as .xlsx; every text is written as text, whatever sign it begins with."""
    import xlsxwriter

    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **FORMULA_SAFE}) as book:
        book.set_properties({"title": event.title, "created": local(now()).replace(tzinfo=None)})
        page = book.add_worksheet(gettext("签到"))
        head = book.add_format({"bold": True, "bottom": 2})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
        columns = (
            (gettext("姓名"), 14),
            (gettext("企业"), 34),
            (gettext("报名状态"), 12),
            (gettext("签到时间"), 18),
            (gettext("来源"), 12),
            (gettext("登记人"), 12),
            (gettext("备注"), 30),
        )
        for column, (title, width) in enumerate(columns):
            page.set_column(column, column, width)
            page.write_string(0, column, title, head)
        page.freeze_panes(1, 0)
        for line, guest in enumerate(people.everybody, 1):
            texts = {
                0: guest.name or str(NAMELESS),
                1: guest.company,
                2: str(SIGNUP_STATES[guest.signup_state]),
                4: str(SOURCES[guest.source]) if guest.source else "",
                5: guest.by,
                6: guest.note,
            }
            for column, words in texts.items():
                if words:
                    page.write_string(line, column, words)
            if guest.at:
                page.write_datetime(line, 3, local(guest.at).replace(tzinfo=None, microsecond=0), moment)
        if people.kept:
            page.write_string(len(people.everybody) + 1, 0, _only_counts(people.kept))
        page.autofilter(0, 0, len(people.everybody), len(columns) - 1)
        page.set_paper(9)
        page.repeat_rows(0)
        page.fit_to_pages(1, 0)
    return buffer.getvalue()


def _only_counts(kept: Counts) -> str:
    return gettext(
        "活动过去两年以上，名单已按隐私说明删去，只留人数：报名 %(confirmed)s 人，到场 %(came)s 人。",
        confirmed=kept.expected,
        came=kept.admitted,
    )


def content_disposition(event: Event) -> str:
    """The header that names the sheet after its event (RFC 6266, RFC 5987)."""
    named = f"{gettext('签到')}-{event.title}-{local(event.starts_at):%Y%m%d}.xlsx".replace("/", "／").replace(
        "\\", "＼"
    )
    return f"attachment; filename=\"attendance.xlsx\"; filename*=UTF-8''{quote(named, safe='')}"
