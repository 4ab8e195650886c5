"""A simulated cloud on loopback for any Chalice app: S3 and SQS, event delivery, schedules and HTTP."""
