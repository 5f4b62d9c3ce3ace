"""Real stores for tests: each starts by itself, listens on 127.0.0.1 only, and leaves nothing behind."""
