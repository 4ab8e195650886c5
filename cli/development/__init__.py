"""What only developers run: load tests, the README's pictures, the browser behind both."""
