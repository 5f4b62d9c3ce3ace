"""Tamr Cloud: jobs. It has no object that could be declared, only work to be started."""
