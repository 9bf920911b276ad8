"""The daily briefing: reading it, and the desk that makes it."""

from blueprints.briefings import acts, offline
from blueprints.briefings.routes import blueprint

blueprints = (blueprint,)
__all__ = ["acts", "blueprints", "offline"]
