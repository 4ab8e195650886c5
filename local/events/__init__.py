"""Events on their way to functions: the queue, the clock, the deliveries."""
