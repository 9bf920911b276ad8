"""The door of an event: tickets, roster, check-ins, attendance."""

from blueprints.door import offline, privacy, retention
from blueprints.door.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints", "offline", "privacy", "retention"]
