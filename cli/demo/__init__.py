"""The whole line on sample data."""
