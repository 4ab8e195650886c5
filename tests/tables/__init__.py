"""Tables as people have them, and the score that a plain notebook reaches on each."""
