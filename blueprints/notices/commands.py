"""`flask send-messages`: for a timer, where the server's own thread is not enough."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from blueprints.notices.sender import deliver_due
from core import sms


@click.command("send-messages")
@with_appcontext
def send_messages() -> None:
    """Send what waits for the SMS gateway."""
    if not sms.available():
        raise click.ClickException(f"HUIYOU_SMS is {current_app.extensions['settings'].sms}: nothing is sent")
    sent = 0
    while batch := deliver_due():
        sent += batch
    click.echo(f"{sent} sent")
