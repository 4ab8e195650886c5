"""A Chalice project on disk: its stage, its app, its triggers and schedules, and a call of one function."""
