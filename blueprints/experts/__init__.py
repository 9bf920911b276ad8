"""Volunteer expert groups, and the consultations that members ask of them."""

from blueprints.experts import acts, keeping, offline, privacy, retention
from blueprints.experts.routes import blueprint

blueprints = (blueprint,)
__all__ = ["acts", "blueprints", "keeping", "offline", "privacy", "retention"]
