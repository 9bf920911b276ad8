"""The fictional community that a new installation starts with, and how it is loaded."""
