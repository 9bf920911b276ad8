"""What a member is told: on screen, and by SMS what an absent person must know."""

from blueprints.notices import choices, offline, privacy, retention
from blueprints.notices.routes import blueprint
from blueprints.notices.sender import init_app

blueprints = (blueprint,)
__all__ = ["blueprints", "choices", "init_app", "offline", "privacy", "retention"]
