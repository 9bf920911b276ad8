"""What admins do: applications, members, the audit trail, figures and settings."""

from blueprints.admin import models, service
from blueprints.admin.routes import blueprint

blueprints = (blueprint,)
__all__ = ["blueprints", "models", "service"]
