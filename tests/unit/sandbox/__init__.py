"""Tests of the simulators, over real sockets."""
