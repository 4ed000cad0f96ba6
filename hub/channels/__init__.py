"""How words arrive and leave: one folder for each channel."""
