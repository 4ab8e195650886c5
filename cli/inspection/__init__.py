"""The inspection of a CSV file: its header, what each column is, and what the label may be."""
