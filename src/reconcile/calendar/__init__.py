"""When schedules fire: instants, effects of changes, doubts, forecasts. Pure; knows ``core`` only.

Instants are whole seconds since 1970-01-01 UTC where there are many of them, and ``datetime`` where people read them.
"""
