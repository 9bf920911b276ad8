"""The daily briefing: reading it, and the desk that makes it."""

from flask import Flask

from blueprints.briefings import acts, commands, deeds, feed, gathering, offline, privacy, remarks
from blueprints.briefings.routes import blueprint

blueprints = (blueprint,)
__all__ = ["acts", "blueprints", "deeds", "feed", "gathering", "init_app", "offline", "privacy", "remarks"]


def init_app(app: Flask) -> None:
    """The commands."""
    commands.init_app(app)
