"""The pages of the briefing."""

from blueprints.briefings.routes import desk, importing, reading, sending
from blueprints.briefings.routes.blueprint import blueprint

__all__ = ["blueprint", "desk", "importing", "reading", "sending"]
