"""The schema override, what a person says of columns: options, merge with what was said before, proposal."""
