"""The portable model: a fitted pipeline as plain numbers, answered in plain Python."""
