"""Offline events: planning, signing up, the waitlist, calendars."""

from blueprints.events import offline, privacy
from blueprints.events.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints", "offline", "privacy"]
