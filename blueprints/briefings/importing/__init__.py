"""Newsletters that were made elsewhere become issues: what is found on them is kept, and nothing is made up."""
