"""The production pointer, the decisions, the scored models, and the status view made of them."""
