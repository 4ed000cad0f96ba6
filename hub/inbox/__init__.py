"""What agents do with conversations: lists, replies, notes, actions, drafts, read marks and search."""
