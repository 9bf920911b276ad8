"""Bringing in newsletters that were made elsewhere."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from blueprints.briefings.forms import ImportForm
from blueprints.briefings.importing.documents import LARGEST_FILE
from blueprints.briefings.importing.taking_in import Candidate, candidate
from blueprints.briefings.routes.blueprint import blueprint
from core.access import requires
from core.fields import Form
from core.pages import page
from core.posts import submit

MOST_FILES = 10


@blueprint.get("/desk/import")
@requires("briefing.edit")
def bring_in(form: Form | None = None, status: int = 200, **_: Any) -> Response:
    """Choose files; or look through the one that was not taken in."""
    read = [(None, form)] if isinstance(form, ImportForm) else []
    return page("briefings/import.html", tab="today", status=status, read=read, problem=None)


@blueprint.post("/desk/import/read")
@requires("briefing.edit")
def read_files() -> Response:
    """Take files apart and show what was recognised, each as a form; nothing is kept yet."""
    request.max_content_length = MOST_FILES * LARGEST_FILE
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files or len(files) > MOST_FILES:
        problem = gettext("请选 1 到 %(most)s 个文件。", most=MOST_FILES)
        return page("briefings/import.html", tab="today", status=422, read=[], problem=problem)
    found = [candidate(file.filename or "", file.read(LARGEST_FILE + 1)) for file in files]
    return page("briefings/import.html", tab="today", read=[_with_form(each, at) for at, each in enumerate(found)])


def _with_form(found: Candidate, place: int) -> tuple[Candidate, ImportForm | None]:
    return found, ImportForm(data=found.fields(), ids=f"file-{place}") if found.found else None


@blueprint.post("/desk/import")
@requires("briefing.edit")
def take_in() -> ResponseReturnValue:
    """Take one issue in, as it was looked through."""
    return submit("briefing.import", bring_in)
