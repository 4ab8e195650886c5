"""Chalice blueprints: routes and triggers, each turned into one call of a function."""
