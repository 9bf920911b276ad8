"""The home page: what this is, for a visitor; what is on and what needs me, for a member."""

from blueprints.today import offline
from blueprints.today.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints", "offline"]
