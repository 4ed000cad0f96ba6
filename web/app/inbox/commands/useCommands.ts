/** Runs commands; returns true if a command did something, so that the key press is consumed. */
import type { Ref } from "vue";
import { useRouter } from "vue-router";
import type { Id } from "../../../api/types";
import { openOverlay, overlay, type Overlay } from "../../common/overlays";
import { claim, reopen, resolve } from "../actions";
import { listedOf } from "../../common/store";
import { undoLast } from "../../common/undo";
import type { useScreen } from "../useScreen";
import type { useSelection } from "../list/useSelection";

interface PaneLike {
  write: (mode?: "reply" | "note") => unknown;
  openChannels: () => unknown;
  markUnread: () => void;
}

export function useCommands(
  selection: ReturnType<typeof useSelection>,
  screen: ReturnType<typeof useScreen>,
  pane: Ref<PaneLike | null>,
) {
  const router = useRouter();
  const { open, targets, show, walk, after, toggle, extend, clear, marked } = selection;

  /** These conversations leave the list: the next one opens (on a phone: back to the list). */
  function leaving(): void {
    const ids = targets.value;
    if (open.value && ids.includes(open.value)) show(screen.phone.value ? null : after(ids), false);
    clear();
  }

  function done(): boolean {
    const ids = targets.value.filter((id) => listedOf(id)?.row.state !== "resolved");
    if (ids.length === 0) return false;
    leaving();
    for (const id of ids) void resolve(id);
    return true;
  }

  function forAll(act: (id: Id) => unknown): boolean {
    for (const id of targets.value) void act(id);
    return targets.value.length > 0;
  }

  function over(name: Overlay, needsTarget: boolean): boolean {
    if (needsTarget && targets.value.length === 0) return false;
    openOverlay(name);
    return true;
  }

  function leave(): boolean {
    const active = document.activeElement as HTMLElement | null;
    if (active?.closest("section, aside") && active.matches("textarea, input"))
      (document.getElementById("thread") ?? document.getElementById("list"))?.focus();
    else if (marked.value.size > 0) clear();
    else if (screen.phone.value && open.value) show(null);
    else document.getElementById("list")?.focus();
    return true;
  }

  function withPane(act: (one: PaneLike) => unknown): boolean {
    if (!pane.value || !open.value) return false;
    act(pane.value);
    return true;
  }

  const did =
    (act: () => unknown): (() => boolean) =>
    () => {
      act();
      return true;
    };
  const table: Record<string, () => boolean> = {
    next: did(() => walk(1)),
    previous: did(() => walk(-1)),
    leave,
    enter: () => withPane((one) => one.write()),
    back: did(() => show(null)),
    goMine: did(() => router.push("/inbox/mine")),
    goUnassigned: did(() => router.push("/inbox/unassigned")),
    goMentions: did(() => router.push("/inbox/mentions")),
    goSettings: did(() => router.push("/settings")),
    done,
    reopen: () => forAll(reopen),
    claim: () => forAll(claim),
    snooze: () => over("snooze", true),
    assign: () => over("assign", true),
    tag: () => over("tag", true),
    unread: () => withPane((one) => one.markUnread()),
    mark: did(() => toggle(open.value)),
    markDown: did(() => extend(1)),
    markUp: did(() => extend(-1)),
    reply: () => withPane((one) => one.write("reply")),
    note: () => withPane((one) => one.write("note")),
    channel: () => withPane((one) => one.openChannels()),
    undo: did(undoLast),
    search: () => over("search", false),
    shortcuts: () => over("shortcuts", false),
    palette: did(() => {
      overlay.value = overlay.value === "palette" ? null : "palette";
    }),
    views: did(screen.toggleViews),
    panel: did(screen.togglePanel),
  };

  const run = (name: string): boolean => table[name]?.() ?? false;
  function sent(resolved: boolean): void {
    if (resolved && open.value) show(screen.phone.value ? null : after([open.value]), false);
  }
  return { run, leaving, sent };
}
