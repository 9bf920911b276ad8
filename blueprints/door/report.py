"""Who came: for the page, for paper, and as a sheet."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote

from flask_babel import gettext

from blueprints.door.roster import Guest, roster, walk_ins
from blueprints.door.words import SIGNUP_STATES, SOURCES
from blueprints.events.models import Event
from core.clock import local, now

FORMULA_SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True)
class Attendance:
    """Who came, by name, and who had signed up and did not."""

    came: Sequence[Guest]
    missing: Sequence[Guest]
    others: Sequence[Guest]

    @property
    def everybody(self) -> list[Guest]:
        """All of them: who came, who did not, then who waited or had cancelled."""
        return [*self.came, *self.missing, *self.others]

    @property
    def walk_in_count(self) -> int:
        return sum(guest.signup_state != "confirmed" for guest in self.came)


def attendance(event_id: uuid.UUID) -> Attendance:
    """The attendance of an event, in the order of names. Two queries."""
    guests = roster(event_id)
    came = [guest for guest in guests if guest.checkin_id] + walk_ins(event_id)
    return Attendance(
        sorted(came, key=lambda guest: (guest.syllables, guest.name)),
        [guest for guest in guests if not guest.checkin_id and guest.signup_state == "confirmed"],
        [guest for guest in guests if not guest.checkin_id and guest.signup_state != "confirmed"],
    )


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
                0: guest.name,
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
        page.autofilter(0, 0, len(people.everybody), len(columns) - 1)
        page.set_paper(9)
        page.repeat_rows(0)
        page.fit_to_pages(1, 0)
    return buffer.getvalue()


def content_disposition(event: Event) -> str:
    """The header that names the sheet after its event (RFC 6266, RFC 5987)."""
    named = f"{gettext('签到')}-{event.title}-{local(event.starts_at):%Y%m%d}.xlsx".replace("/", "／").replace(
        "\\", "＼"
    )
    return f"attachment; filename=\"attendance.xlsx\"; filename*=UTF-8''{quote(named, safe='')}"
