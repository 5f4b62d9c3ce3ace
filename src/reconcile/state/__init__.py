"""The record of what we applied: where it is kept, what it looks like, who may write it, and what a crash leaves.

One layout for every backend, below ``<state location>/<environment>/``::

    state/00000012.json            numbered versions, each written create-only: the compare-and-set, and the history
    lock.json                      who is applying, until when
    journal/000001-<apply id>/     what an apply set out to do, and how far it got; gone once a version holds it
    alerts/00000012.json           what people were told of drift: numbered versions, the newest few

Read from the bottom up: ``backend`` (keys and bytes; ``folder``, ``cloud`` and ``postgres`` are places for them),
``versioned`` and ``format`` (bytes and values), ``store`` (versions), ``process`` and ``lock``, ``intent`` and
``journal`` (written by an apply), ``unfinished`` (read after one that was cut off), ``shape`` and ``plan_file`` (saved
plans). This package imports none of its modules, so importing it costs nothing.
"""
