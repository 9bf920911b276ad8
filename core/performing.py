"""`perform`: an operation in a transaction of its own, or in one with others that wait for the same thing."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from flask import has_request_context, request
from flask_babel import gettext
from sqlalchemy.exc import DBAPIError

from core import faults
from core.company import in_company
from core.database import db, ends_transaction, in_transaction, is_transient
from core.errors import Later
from core.fields import Form
from core.i18n import language
from core.operations import Act, Outcome, decide, decide_together, refused, registry

log = logging.getLogger("huiyou.operations")


def perform(name: str, act: Act, fields: Mapping[str, str], *, form: Form | None = None) -> Outcome:
    """Decide one operation in a transaction of its own; the plain post's way.

    `fields` are the values as posted, `form` the same found valid, if it was looked at already.
    A deadlock that outlives three attempts is the outcome `retry`, and nothing was changed.
    """
    try:
        return decide_in_turn(name, act, fields, form)
    except Later as refusal:
        return refused(refusal)
    except DBAPIError as error:
        if not is_transient(error) and not faults.note(error):
            raise
        log.warning("operation %s met a busy database", name)
        return Outcome(gettext("现在太忙，没有办成，请再试一次。"), outcome="retry", status=503)


def decide_in_turn(name: str, act: Act, fields: Mapping[str, str], form: Form | None = None) -> Outcome:
    """Decide one operation in a transaction, along with those of its name and target that wait at the same moment.

    Each has its own outcome, in the order in which they came. Raises as `decide` and the database do.
    """
    kind = registry.get(name)
    if form is None or kind is None or kind.together is None:
        return in_transaction(lambda: decide(name, act, fields, form=form))
    db.session.rollback()  # who is decided by another reads afterwards what is so then
    # Apart by language, for each is answered in their own, and by way, which the figures tell.
    place = (db.engine, name, act.target, language(), request.path if has_request_context() else None)
    return in_company(place, (act, fields, form), lambda arrived: in_transaction(lambda: _decide_each(name, arrived())))


def _decide_each(name: str, asked: Sequence[tuple[Act, Mapping[str, str], Form]]) -> Sequence[Outcome | Exception]:
    """Each one's outcome, or what is to be raised to who asked."""
    if len(asked) == 1:
        act, fields, form = asked[0]
        return [decide(name, act, fields, form=form)]
    acts, fields_of, forms = zip(*asked, strict=True)
    return decide_together(name, acts, fields_of, forms) or [_decide_apart(name, *one) for one in asked]


def _decide_apart(name: str, act: Act, fields: Mapping[str, str], form: Form) -> Outcome | Exception:
    try:
        with db.session.begin_nested():
            return decide(name, act, fields, form=form)
    except Exception as error:
        if ends_transaction(error):
            raise
        return error
