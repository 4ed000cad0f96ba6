/** Words of the components in English, the original. */
export const en = {
  close: "Close",
  cancel: "Cancel",
  save: "Save",
  copy: "Copy",
  copied: "Copied",
  undo: "Undo",
  retry: "Try again",
  back: "Back",
  loadFailed: "This cannot be shown right now.",
  oldShown: "What you see may be out of date.",
} as const;
