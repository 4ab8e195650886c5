"""One module for each function: plain Python, no Chalice and no event dictionaries."""
