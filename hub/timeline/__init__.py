"""Contacts, conversations and messages, and the history that agents read."""
