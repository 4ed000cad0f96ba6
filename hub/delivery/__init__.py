"""Sends queued messages to providers, retries them, and records what became of each."""
