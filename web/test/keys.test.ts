import { expect, test } from "vitest";
import { commands, byKey } from "../app/inbox/commands/commands";
import { isTyping, readKey, sequences, type KeyLike } from "../text/keys";

const press = (key: string, change: Partial<KeyLike> = {}): KeyLike => ({
  key,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  ...change,
});
const free = { typing: false, single: true, mac: false };

test("single keys work outside text fields alone", () => {
  expect(readKey(press("e"), free)).toBe("e");
  expect(readKey(press("e"), { ...free, typing: true })).toBeNull();
  expect(readKey(press("e"), { ...free, single: false })).toBeNull();
  expect(readKey(press("E", { shiftKey: true }), free)).toBe("shift+e");
  expect(readKey(press("?", { shiftKey: true }), free)).toBe("?");
});

test("arrows and Enter stay when single keys are off", () => {
  expect(readKey(press("ArrowDown"), { ...free, single: false })).toBe("down");
});

test("Alt and AltGr belong to the keyboard's layout", () => {
  expect(readKey(press("e", { altKey: true }), free)).toBeNull();
  expect(readKey(press("€", { ctrlKey: true, altKey: true }), free)).toBeNull();
  expect(readKey(press("@", { getModifierState: () => true }), free)).toBeNull();
  expect(readKey(press("e", { ctrlKey: true, altKey: true }), free)).toBeNull();
});

test("composing a character is no shortcut", () => {
  expect(readKey(press("e", { isComposing: true }), free)).toBeNull();
});

test("the command key is ⌘ on a Mac and Ctrl elsewhere, also while typing", () => {
  const typing = { ...free, typing: true };
  expect(readKey(press("k", { ctrlKey: true }), typing)).toBe("mod+k");
  expect(readKey(press("k", { metaKey: true }), { ...typing, mac: true })).toBe("mod+k");
  expect(readKey(press("k", { metaKey: true }), typing)).toBeNull();
  expect(readKey(press("Enter", { ctrlKey: true, shiftKey: true }), typing)).toBe("mod+shift+enter");
  expect(readKey(press("Escape"), typing)).toBe("escape");
});

test("two keys in a row are one command, if they follow soon", () => {
  let now = 0;
  const pair = sequences(new Set(["g"]), () => now);
  expect(pair("g")).toBeNull();
  expect(pair("i")).toBe("g i");
  expect(pair("i")).toBe("i");
  pair("g");
  now = 5000;
  expect(pair("i")).toBe("i");
});

test("fields are typed in, boxes and buttons are not", () => {
  const element = (tag: string, type = ""): unknown => ({ tagName: tag, type });
  expect([
    isTyping(element("TEXTAREA")),
    isTyping(element("INPUT", "text")),
    isTyping(element("INPUT", "checkbox")),
    isTyping(element("DIV")),
    isTyping(null),
  ]).toEqual([true, true, false, false, false]);
});

test("no key has two meanings and none needs Alt", () => {
  const keys = commands.flatMap((command) => command.keys);
  expect(new Set(keys).size).toBe(keys.length);
  expect(byKey.size).toBe(keys.length);
  expect(keys.join(" ")).not.toContain("alt");
});
