"""The training engine: an epoch runs in chunks of steps, each chunk inside one compiled function."""
