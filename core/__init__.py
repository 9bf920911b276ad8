"""What every feature stands on. Knows no feature and has no route."""
