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
  loadFailed: "This cannot be shown just now.",
  oldShown: "What you see may be old.",
} as const;
