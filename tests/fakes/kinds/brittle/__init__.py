"""A channel whose adapter has a fault."""
