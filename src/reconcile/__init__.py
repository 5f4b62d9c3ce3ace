"""Desired-state files become PUT, DELETE and set-status calls on data platforms.

The house::

    cli          click, exit codes, environment, clock: the composition root
     |
    engine       the order of effects: refresh, apply, pipelines; threads; events
     |
    config  providers  state  render  calendar      know core, never each other
     |
    core         values and functions; no I/O, no clock, no environment, no threads

    sandbox      the other side of the wire: imports nothing of the above

Two ideas carry the design. A *kind* is a type of object that can be declared: read it, diff it, write it.
An *operation* is a type of one-shot work: submit it, watch it, stop it, find evidence that it happened.
Imports point down; ``pyproject.toml`` holds the rules and a tool checks them on every run.
"""

__version__ = "0.1.0"
