"""Registration, log-in, sessions, members and companies, community rules accepted."""

from flask import Flask

from blueprints.accounts import (
    commands,
    credential_routes,
    directory_routes,
    identity,
    labels,
    passkey_routes,
    phone_check_routes,
    privacy,
    profile_routes,
    registration_routes,
    retention,
    rule_commands,
    rules_routes,
    session_routes,
    sessions,
)
from blueprints.accounts.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints", "init_app", "privacy", "retention"]
PAGES = (
    credential_routes,
    directory_routes,
    passkey_routes,
    phone_check_routes,
    profile_routes,
    registration_routes,
    rules_routes,
    session_routes,
)


def init_app(app: Flask) -> None:
    """Sessions, the commands, and the words for codes in every template."""
    sessions.init_app(app)
    commands.init_app(app)
    identity.init_app(app)
    rule_commands.init_app(app)
    app.jinja_env.globals.update(
        trade_labels=labels.TRADE_LABELS,
        role_labels=labels.ROLE_LABELS,
        registration_labels=labels.REGISTRATION_LABELS,
        entry_labels=labels.ENTRY_LABELS,
        browser_labels=labels.BROWSER_LABELS,
        place_labels=labels.PLACE_LABELS,
    )
