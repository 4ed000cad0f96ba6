"""Sends queued messages to providers, retries them, and records the outcome of each."""
