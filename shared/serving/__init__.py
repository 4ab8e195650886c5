"""Requests answered from a cached production model."""
