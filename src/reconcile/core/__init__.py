"""Values and functions: what a plan is and how one is made. No I/O, no clock, no environment, no threads."""
