"""Sends the messages that wait: an outbox in the database, emptied in the background.

A message is a row, written in the transaction of its cause (`service.tell`), so that
nothing is told that was rolled back and nothing is lost in a crash. A thread of each
worker process looks for due rows when a transaction that wrote some was committed, and
every half minute; `flask send-messages` does the same once, for a timer.
A row is claimed by moving its `next_try_at` on with a compare-and-set, so that of several
processes one sends it. It goes when the gateway took the message; a failure leaves it to be
tried again after a growing wait (`rules.WAITS`). A crash between sending and deleting
sends a message twice, never not at all. Neither number nor text is ever logged.
"""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from blueprints.accounts.models import Member
from blueprints.notices import rules
from blueprints.notices.models import SmsMessage
from core import metrics, sms
from core.clock import now
from core.database import db, execute_count, in_transaction
from core.settings import Settings

log = logging.getLogger("huiyou.sms")
LOOK_EVERY_SECONDS = 30
AT_ONCE = 50
REACHABLE = ("applicant", "refused", "member")


@metrics.gauge("huiyou_sms_waiting", "Messages that wait to be sent.")
def waiting() -> float:
    """How many messages wait."""
    return float(db.session.scalar(select(func.count()).select_from(SmsMessage)) or 0)


@metrics.gauge("huiyou_sms_oldest_seconds", "How long the oldest of them waits.")
def oldest_waits() -> float:
    """Seconds since the oldest was written."""
    made_at = db.session.scalar(select(func.min(SmsMessage.made_at)))
    return (now() - made_at).total_seconds() if made_at else 0.0


def deliver_due() -> int:
    """Try each message that is due, once; returns how many were sent."""
    settings: Settings = current_app.extensions["settings"]
    send = sms.gateways.get(settings.sms)
    if send is None:
        log.error("no SMS gateway is called %r", settings.sms)
        return 0
    db.session.rollback()
    due = db.session.execute(
        select(SmsMessage.id, SmsMessage.body, SmsMessage.tries, SmsMessage.next_try_at, Member.phone, Member.status)
        .join(Member, Member.id == SmsMessage.member_id)
        .where(SmsMessage.next_try_at <= now())
        .order_by(SmsMessage.next_try_at)
        .limit(AT_ONCE)
    ).all()
    db.session.rollback()
    sent = 0
    for row in due:
        if not _claim(row.id, row.tries, row.next_try_at):
            continue
        if row.status not in REACHABLE or _taken(send, row.phone, row.body):
            sent += row.status in REACHABLE
            _forget(row.id)
        elif rules.wait_after(row.tries + 1) is None:
            log.error("message %s was given up after %d tries", row.id, row.tries + 1)
            _forget(row.id)
    return sent


def _claim(key: uuid.UUID, tries: int, due_at: datetime) -> bool:
    """Whether this process may try the message now; nobody else will before the wait is over."""
    later = now() + (rules.wait_after(tries + 1) or rules.WAITS[-1])
    mine = update(SmsMessage).where(SmsMessage.id == key, SmsMessage.next_try_at == due_at)
    return bool(in_transaction(lambda: execute_count(mine.values(next_try_at=later, tries=tries + 1))))


def _taken(send: sms.Gateway, phone: str, body: str) -> bool:
    try:
        send(phone, body)
    except Exception as error:
        log.warning("a message was not taken: %s", type(error).__name__)
        return False
    return True


def _forget(key: uuid.UUID) -> None:
    in_transaction(lambda: db.session.execute(delete(SmsMessage).where(SmsMessage.id == key)))


class Sender:
    """The thread of one worker process that empties the outbox."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._wake = threading.Event()
        self._started = threading.Lock()

    def start(self) -> None:
        """Begin, once in this process; called at the first request, after the server has forked."""
        if self._started.acquire(blocking=False):
            threading.Thread(target=self._run, name="sms-sender", daemon=True).start()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                with self._app.app_context():
                    while deliver_due():
                        pass
            except SQLAlchemyError as error:
                log.warning("the messages could not be read: %s", type(error).__name__)
            self._wake.wait(LOOK_EVERY_SECONDS)


def wake_after_commit() -> None:
    """Have what this transaction wrote sent as soon as it is certain."""
    db.session.info["messages_wait"] = True


@event.listens_for(Session, "after_commit")
def _wake(session: Session) -> None:
    if session.in_nested_transaction() or not session.info.pop("messages_wait", False):
        return
    if background := current_app.extensions.get("sms_sender"):
        background.wake()


def init_app(app: Flask) -> None:
    """Start the thread where a gateway is set; tests and commands send by themselves."""
    settings: Settings = app.extensions["settings"]
    if settings.sms == "none" or settings.testing:
        return
    background = app.extensions["sms_sender"] = Sender(app)
    app.before_request(background.start)
