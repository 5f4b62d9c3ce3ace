"""Drift as people are told of it: what is worth telling, what has been told, and the ways to tell it."""
