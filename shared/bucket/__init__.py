"""The object store, its drivers, the bucket's keys, and what is there."""
