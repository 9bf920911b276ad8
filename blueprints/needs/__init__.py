"""Needs and offers, the answers to them, the ledger of what was solved, and the sharing hour."""

from blueprints.needs import answers, privacy, reporting, service
from blueprints.needs.routes import blueprint

blueprints = (blueprint,)
__all__ = ["answers", "blueprints", "privacy", "reporting", "service"]
