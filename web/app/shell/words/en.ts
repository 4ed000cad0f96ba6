/** Words of the frame around every page in English, the original. */
export const en = {
  notFound: "Page not found",
  notFoundHelp: "This page does not exist, or it has moved.",
  toInbox: "Go to the inbox",
  failedTitle: "Something went wrong",
  failedHelp: "Reload the page. Nothing you sent is lost.",
  reload: "Reload",
  signOut: "Sign out",
  profile: "Your profile",
  mainNavigation: "Main",
  themeTitle: "Appearance",
  themeSystem: "Same as system",
  themeLight: "Light",
  themeDark: "Dark",
  languageTitle: "Language",
  availability: "Availability",
  youMenu: "You: {name}, {state}",
} as const;
