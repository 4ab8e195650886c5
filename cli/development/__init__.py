"""Programs for developers alone: load tests, the README's pictures, the browser behind both."""
