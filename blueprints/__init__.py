"""One folder per feature; imports among them go one way (see docs/architecture.md)."""
