"""Stages: their buckets and endpoints, their configuration, their HTTP client, and following what happens there."""
