"""Which bucket and endpoint a command talks to, the stage's configuration, and following what happens there."""
