"""Registration, log-in, sessions, members and companies, community rules accepted."""

from blueprints.accounts.routes import blueprint
from blueprints.accounts.sessions import init_app

blueprints = (blueprint,)
__all__ = ["blueprints", "init_app"]
