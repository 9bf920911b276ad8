"""What members report, and what admins hide and show again: nothing disappears without a word to its author."""

from blueprints.reports import privacy
from blueprints.reports.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints", "privacy"]
