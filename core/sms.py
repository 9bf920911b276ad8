"""Short messages by the gateway that the operator set: none, the console, or one that a module declared."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from core.database import db
from core.settings import Settings
from core.values import masked_phone

log = logging.getLogger("huiyou.sms")
Gateway = Callable[[str, str], None]
gateways: dict[str, Gateway] = {}


def gateway(name: str) -> Callable[[Gateway], Gateway]:
    """Declare a gateway, chosen by `HUIYOU_SMS=name`; it is called `send(phone, text)` after the commit."""

    def declare(send: Gateway) -> Gateway:
        gateways[name] = send
        return send

    return declare


@gateway("console")
def print_message(phone: str, text: str) -> None:
    """For demos: messages appear where the server was started, to a masked phone."""
    print(f"SMS {masked_phone(phone)}: {text}", file=sys.stderr, flush=True)  # noqa: T201


def available() -> bool:
    """Whether this installation can send messages."""
    settings: Settings = current_app.extensions["settings"]
    return settings.sms != "none"


def send_after_commit(phone: str, text: str) -> None:
    """Send once what was written is certain; nothing is sent when it is rolled back.

    The answer does not wait for the gateway: how long it takes must not tell which phones are known.
    """
    if available():
        db.session.info.setdefault("messages", []).append((phone, text))


def _deliver(settings: Settings, phone: str, text: str) -> None:
    send = gateways.get(settings.sms)
    if send is None:
        log.error("no SMS gateway is called %r", settings.sms)
        return
    try:
        send(phone, text)
    except Exception as error:
        log.warning("a message could not be sent: %s", type(error).__name__)  # its words may be private


@event.listens_for(Session, "after_commit")
def _send(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.info.pop("messages_before", None)
    for phone, text in session.info.pop("messages", ()):
        settings: Settings = current_app.extensions["settings"]
        if settings.testing:
            _deliver(settings, phone, text)
        else:
            threading.Thread(target=_deliver, args=(settings, phone, text), daemon=True).start()


@event.listens_for(Session, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault("messages_before", {})[id(transaction)] = len(session.info.get("messages", ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    kept = session.info.get("messages_before", {}).pop(id(previous), 0) if previous.nested else 0
    del session.info.get("messages", [])[kept:]
