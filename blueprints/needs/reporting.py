"""What members may report of needs: posts and answers, and hiding them."""

from __future__ import annotations

import uuid

from flask_babel import lazy_gettext as _l

from blueprints.needs.models import Need, NeedResponse
from core.database import db, locked
from core.registries import Subject, reportable


def _need(need_id: uuid.UUID) -> Subject | None:
    need = db.session.get(Need, need_id)
    return Subject(need.author_id, need.title, f"/needs/{need.id}", need.body, need.hidden) if need else None


def _response(response_id: uuid.UUID) -> Subject | None:
    response = db.session.get(NeedResponse, response_id)
    if response is None or response.state == "withdrawn":
        return None
    title = response.need.title
    return Subject(response.member_id, title, f"/needs/{response.need_id}", response.body, response.hidden)


def _hide_need(need_id: uuid.UUID, hidden: bool) -> None:
    if need := locked(Need, need_id):
        need.hidden = hidden


def _hide_response(response_id: uuid.UUID, hidden: bool) -> None:
    if response := locked(NeedResponse, response_id):
        response.hidden = hidden


reportable("need", _l("需求和资源"), find=_need, hide=_hide_need)
reportable("response", _l("回应"), find=_response, hide=_hide_response)
