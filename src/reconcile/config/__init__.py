"""From files to what they ask for: found, read as strict YAML, checked against the kinds, all errors at once."""
