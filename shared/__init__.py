"""What the functions share, in rooms: each imports only what docs/architecture.md lists before it."""
