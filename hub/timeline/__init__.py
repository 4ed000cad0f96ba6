"""What was said, by whom, in order; who the customer is."""
