"""The event log: definitions of all events, and writing and reading them in order."""
