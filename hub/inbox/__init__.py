"""Where agents and bots read and answer."""
