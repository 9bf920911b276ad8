"""The one blueprint of the feature."""

from flask import Blueprint

blueprint = Blueprint("briefings", __name__)
