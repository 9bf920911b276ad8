"""What was recognised of a newsletter becomes an issue of the archive, once."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from blueprints.briefings import search_index
from blueprints.briefings.forms import ImportForm
from blueprints.briefings.importing.documents import Unreadable, read
from blueprints.briefings.importing.recognising import Newsletter, recognise
from blueprints.briefings.models import Briefing
from blueprints.briefings.steps import step
from core.audit import record
from core.clock import now
from core.database import db, new_id, touch
from core.errors import Refusal, constraint_means
from core.operations import Act, Outcome, operation

UNREADABLE = {
    "kind": _l("只收 .txt 和 .docx 文件；旧的 .doc 请在 Word 里另存为 .docx。"),
    "size": _l("文件太大了，最多 5 MB。"),
    "broken": _l("这个文件打不开，可能已经损坏。"),
}
_RUNNING = re.compile(r"(?:总第|^第)\s*(\d{1,6})\s*期")


class TakenIn(Refusal):
    """The same text is in the archive."""

    message = _l("这份已经导入过了。")


constraint_means("uq_briefings_source_digest", TakenIn)


@dataclass(frozen=True)
class Candidate:
    """One file: what was recognised on it, or why it cannot be read."""

    file: str
    digest: str = ""
    found: Newsletter | None = None
    reason: str = ""

    def fields(self) -> dict[str, object]:
        """What goes into the form in which somebody looks it through."""
        found = self.found or Newsletter()
        return {
            "title": found.title,
            "body": found.body,
            "date": found.day,
            "number": found.number,
            "masthead": found.masthead,
            "editor": found.editor,
            "reviewer": found.reviewer,
            "publisher": found.publisher,
            "foot": found.imprint,
            "file": self.file,
            "digest": self.digest,
        }

    def report(self) -> list[tuple[str, str]]:
        """What was found, each with its name; empty where there was nothing."""
        found = self.found or Newsletter()
        return [
            (gettext("标题"), found.title),
            (gettext("报头"), found.masthead),
            (gettext("期号"), found.number),
            (gettext("日期"), found.day.isoformat() if found.day else ""),
            (gettext("目录"), gettext("%(count)s 条", count=len(found.contents)) if found.contents else ""),
            (gettext("小标题"), gettext("%(count)s 个", count=len(found.sections)) if found.sections else ""),
            (gettext("段落"), gettext("%(count)s 段", count=len(found.paragraphs))),
            (gettext("编辑"), found.editor),
            (gettext("审核"), found.reviewer),
            (gettext("签发"), found.publisher),
            (gettext("报尾"), " / ".join(found.imprint.split("\n"))),
        ]

    def missing(self) -> list[str]:
        """The names of what was not found."""
        return [name for name, value in self.report() if not value]

    def remarks(self) -> list[str]:
        """What was seen and is not sure, or was left out."""
        found = self.found or Newsletter()
        said = [gettext("“%(text)s”不知道是什么，原样放在正文开头。", text=text) for text in found.left]
        if found.page_numbers:
            said.append(gettext("页码没有放进正文：%(pages)s", pages="，".join(found.page_numbers)))
        if found.number and found.running_number is None:
            said.append(gettext("期号“%(number)s”按年编，只照印，不占本会的期号。", number=found.number))
        return said


def candidate(file: str, data: bytes) -> Candidate:
    """Read and take apart one file."""
    file = file[:200]
    try:
        found = recognise(read(file, data))
    except Unreadable as error:
        return Candidate(file, reason=str(UNREADABLE[error.reason]))
    if not found.blocks:
        return Candidate(file, reason=gettext("这个文件里没有文字。"))
    return Candidate(file, hashlib.sha256(data).hexdigest(), found)


@operation("briefing.import", form=ImportForm, requires="briefing.edit", lane="briefing")
def take_in(act: Act, *, title: str, body: str, date: dt.date | None, **printed: str | None) -> Outcome:
    """Put an issue that was made elsewhere into the archive, as it was looked through."""
    made = keep(title, body, date, printed)
    step(act, made, "import", after={"file": made.printed.get("file", "")})
    return Outcome(gettext("已导入，会员在往期里看得到。"), url=made.place)


def keep(title: str, body: str, day: dt.date | None, printed: dict[str, str | None]) -> Briefing:
    """Make the issue and its place in the index; raises `TakenIn`."""
    digest = printed.pop("digest", None) or hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()
    if db.session.scalar(select(Briefing.id).where(Briefing.source_digest == digest)):
        raise TakenIn
    made = Briefing(id=new_id(), state="imported", title=title, body=body, date=day, publishes_at=now())
    made.source_digest, made.text_version = digest, 1
    made.number = _free_number(printed.get("number") or "")
    made.printed = {name: value for name, value in printed.items() if value}
    db.session.add(made)
    db.session.flush()
    search_index.put(made)
    touch(*made.topics())
    return made


def keep_file(found: Candidate) -> Briefing:
    """The same from the command line, by nobody in particular."""
    form = ImportForm(data=found.fields())
    filled = ImportForm.of({name: str(value) for name, value in form.data.items() if value})
    if not filled.validate():
        raise Refusal("；".join(f"{field.label.text}：{message}" for field, message in filled.problems()))
    values = filled.data
    made = keep(values.pop("title"), values.pop("body"), values.pop("date"), values)
    record(None, "briefing.import", "briefing", made.id, after={"file": found.file})
    return made


def _free_number(text: str) -> int | None:
    """The number printed on it, where it counts all issues, is free, and leaves no gap in those made here."""
    found = _RUNNING.search(text)
    if not found or not (number := int(found[1])):
        return None
    highest = db.session.scalar(select(func.max(Briefing.number)).where(Briefing.state == "signed_off"))
    if highest is not None and number >= highest:
        return None
    taken = db.session.scalar(select(Briefing.id).where(Briefing.number == number))
    return None if taken else number
