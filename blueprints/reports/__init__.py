"""What members report, and what admins hide and show again: nothing disappears without a word to its author."""

from blueprints.reports import conduct, conduct_routes, offline, privacy
from blueprints.reports.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints", "conduct", "conduct_routes", "offline", "privacy"]
