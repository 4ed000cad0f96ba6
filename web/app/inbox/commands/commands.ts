/** All commands: key, words, and when each applies; used by the palette, the map of keys and the keyboard. */
import type { Word } from "../words";

export interface Command {
  name: string;
  keys: string[];
  word: Word;
  group: "groupMove" | "groupConversation" | "groupWrite" | "groupGeneral";
  needs?: "open" | "resolved" | "any";
  hidden?: boolean;
}

export const commands: readonly Command[] = [
  { name: "next", keys: ["j", "down"], word: "cmdNext", group: "groupMove", hidden: true },
  { name: "previous", keys: ["k", "up"], word: "cmdPrevious", group: "groupMove", hidden: true },
  { name: "enter", keys: ["enter"], word: "cmdEnter", group: "groupMove", needs: "any", hidden: true },
  { name: "leave", keys: ["escape"], word: "cmdLeave", group: "groupMove", hidden: true },
  { name: "goMine", keys: ["g i"], word: "viewMine", group: "groupMove" },
  { name: "goUnassigned", keys: ["g u"], word: "viewUnassigned", group: "groupMove" },
  { name: "goMentions", keys: ["g m"], word: "viewMentions", group: "groupMove" },
  { name: "goSettings", keys: ["g s"], word: "settings", group: "groupMove" },
  { name: "done", keys: ["e"], word: "cmdDone", group: "groupConversation", needs: "open" },
  { name: "reopen", keys: ["shift+e"], word: "reopen", group: "groupConversation", needs: "resolved" },
  { name: "snooze", keys: ["s"], word: "cmdSnooze", group: "groupConversation", needs: "open" },
  { name: "assign", keys: ["a"], word: "cmdAssign", group: "groupConversation", needs: "open" },
  { name: "claim", keys: ["i"], word: "take", group: "groupConversation", needs: "open" },
  { name: "tag", keys: ["t"], word: "cmdTag", group: "groupConversation", needs: "any" },
  { name: "unread", keys: ["u"], word: "cmdUnread", group: "groupConversation", needs: "any" },
  { name: "mark", keys: ["x"], word: "cmdMark", group: "groupConversation", needs: "any", hidden: true },
  {
    name: "markDown",
    keys: ["shift+j", "shift+down"],
    word: "cmdMarkMore",
    group: "groupConversation",
    needs: "any",
    hidden: true,
  },
  {
    name: "markUp",
    keys: ["shift+k", "shift+up"],
    word: "cmdMarkMore",
    group: "groupConversation",
    needs: "any",
    hidden: true,
  },
  { name: "reply", keys: ["r"], word: "cmdReply", group: "groupWrite", needs: "any" },
  { name: "note", keys: ["n"], word: "cmdNote", group: "groupWrite", needs: "any" },
  { name: "channel", keys: ["c"], word: "cmdChannel", group: "groupWrite", needs: "any" },
  { name: "send", keys: ["mod+enter"], word: "send", group: "groupWrite", hidden: true },
  { name: "sendDone", keys: ["mod+shift+enter"], word: "sendAndDone", group: "groupWrite", hidden: true },
  { name: "undo", keys: ["z"], word: "cmdUndo", group: "groupGeneral" },
  { name: "search", keys: ["/"], word: "search", group: "groupGeneral" },
  { name: "palette", keys: ["mod+k", "."], word: "cmdPalette", group: "groupGeneral", hidden: true },
  { name: "views", keys: ["["], word: "showViews", group: "groupGeneral" },
  { name: "panel", keys: ["]"], word: "customerPanel", group: "groupGeneral", needs: "any" },
  { name: "shortcuts", keys: ["?"], word: "shortcuts", group: "groupGeneral" },
];

export const byKey = new Map(commands.flatMap((command) => command.keys.map((key) => [key, command.name] as const)));
