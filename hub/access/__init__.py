"""Agents and teams, their rights, and how they sign in."""
