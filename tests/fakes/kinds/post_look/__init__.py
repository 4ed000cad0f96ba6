"""A channel of the tests."""
