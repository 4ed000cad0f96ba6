/** Words of several features in English, the original. */
export const en = {
  problem: "That did not work: {detail}",
  unreachable: "The hub cannot be reached right now.",
  available: "Available",
  away: "Away",
  offlineIntent: "Off work",
  shortcuts: "Keyboard shortcuts",
  customerPanel: "Customer",
  noSubject: "Conversation #{number}",
  notSent: "Not sent: {detail}",
  stateOpen: "Open",
  stateSnoozed: "Snoozed",
  stateResolved: "Resolved",
  searching: "Searching…",
  nothingFound: "Nothing found.",
  searchHelp: "Type at least two letters.",
} as const;
