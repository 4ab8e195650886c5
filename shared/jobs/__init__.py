"""Jobs: candidates that are handed over to the engine, launched once each and followed to their end."""
