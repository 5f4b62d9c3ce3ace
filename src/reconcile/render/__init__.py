"""Values in, text out; nothing here prints. What people see, what programs parse, what a pull request shows."""
