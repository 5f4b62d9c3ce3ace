"""The program without its command line: what ``import reconcile`` gives, and what the commands are composed from.

``reconcile.__all__`` is what others may rely on; everything here is reached through it. Nothing in this room prints,
asks, handles a signal, ends the process, or changes the environment.
"""
