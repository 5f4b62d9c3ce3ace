"""The command line: options, exit codes, environment, clock. The only room that knows the outside world."""
