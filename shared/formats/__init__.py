"""How values, columns and CSV text are spelled, in uploads and requests alike."""
