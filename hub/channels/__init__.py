"""The channels by which messages arrive and leave, one folder for each kind."""
