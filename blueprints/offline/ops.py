"""POST /ops: what an outbox sends, decided and answered operation by operation."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request
from flask_babel import gettext
from werkzeug.exceptions import RequestEntityTooLarge

from blueprints.offline import deciding, envelope
from blueprints.offline.blueprint import blueprint
from blueprints.offline.rendering import fragment
from core import generation
from core.access import public, viewer
from core.clock import now
from core.i18n import utc

MOST_PAGES = 3


@blueprint.post("/ops")
@public
def operations() -> Response:
    """Decide a batch. It starts no session and sends nobody elsewhere: the answer is the phone's to read."""
    received_at = now()
    try:
        batch = envelope.read(body_of_at_most(envelope.MOST_BYTES), received_at)
    except RequestEntityTooLarge:
        return fault(413, "size", gettext("一次发得太多了。"))
    except envelope.Unreadable:
        return fault(400, "envelope", gettext("没有看懂这次提交"))
    person = viewer()
    present = generation.current()
    answers = deciding.decide_all(batch, person, present)
    return as_json(
        {
            "ops": [answers[sent.op_id].as_json(sent.op_id) for sent in batch.operations],
            "pages": _pages(batch, answers),
            "account": str(person.id) if person else None,
            "generation": present,
            "server_time": utc(now()),
        }
    )


def _pages(batch: envelope.Envelope, answers: dict[str, deciding.Answer]) -> list[dict[str, Any]]:
    """The pages on which something was decided, as they are now."""
    decided = (sent.page for sent in batch.operations if answers[sent.op_id].outcome not in ("auth", "retry"))
    urls = [url for url in dict.fromkeys(decided) if url][:MOST_PAGES]
    return [found.as_json() for url in urls if (found := fragment(url))]


def body_of_at_most(most: int) -> bytes:
    """The request's body; raises `RequestEntityTooLarge` when it is longer."""
    request.max_content_length = most
    body = request.get_data(cache=False)
    if len(body) > most:
        raise RequestEntityTooLarge
    return body


def as_json(content: dict[str, Any], status: int = 200) -> Response:
    """An answer that is nobody else's and is kept nowhere."""
    response = Response(json.dumps(content, ensure_ascii=False, separators=(",", ":")), status)
    response.mimetype = "application/json"
    response.headers["Cache-Control"] = "no-store"
    return response


def fault(status: int, name: str, message: str) -> Response:
    """What our own refusal of a whole request looks like."""
    return as_json({"error": name, "message": message}, status)
