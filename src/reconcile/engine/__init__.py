"""The order of effects: refresh, plan, check, apply, record. The only room with threads."""
