"""The work of agents on conversations: lists, replies, notes, actions, drafts, read marks and search."""
