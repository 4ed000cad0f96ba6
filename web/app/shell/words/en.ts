/** Words of the frame around every page in English, the original. */
export const en = {
  notFound: "There is nothing here",
  notFoundHelp: "The page has moved or never was.",
  toInbox: "To the inbox",
  failedTitle: "Something broke",
  failedHelp: "Load the page again; nothing you sent is lost.",
  reload: "Load again",
  signOut: "Sign out",
  profile: "Your profile",
  mainNavigation: "Main",
  themeTitle: "Appearance",
  themeSystem: "As the system",
  themeLight: "Light",
  themeDark: "Dark",
  languageTitle: "Language",
  availability: "Availability",
  youMenu: "You: {name}, {state}",
} as const;
