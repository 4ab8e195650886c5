"""What commands print: tables, colour, JSON, receipts and decisions."""
