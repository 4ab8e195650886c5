"""The HTTP servers: S3 with SQS, and the API gateway."""
