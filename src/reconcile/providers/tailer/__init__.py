"""Tailer Platform: activation flags of data operations, and workflow resets. Everything it has is write-only."""
