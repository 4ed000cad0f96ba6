"""Decides which agent should answer, and when."""
