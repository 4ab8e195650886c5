"""Typed rows, the schema that says what their columns are, and the dataset put together from them; no I/O."""
