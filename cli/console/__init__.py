"""The console: tables, colour, JSON, receipts and decisions."""
