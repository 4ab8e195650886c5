"""Looking at a file of rows: its header, what each column is, and what the label may be."""
