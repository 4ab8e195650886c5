"""Drift and label noise: what deserves a look. It informs and decides nothing."""
