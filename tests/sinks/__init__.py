"""Places where alerts arrive, on real sockets of this machine."""
