/** The last action that Z, or the button in its toast, can undo. */
import { toast } from "../../ui/toast";
import { t } from "./words";

let last: (() => Promise<unknown>) | null = null;

export function rememberUndo(undo: () => Promise<unknown>): void {
  last = undo;
}

export async function undoLast(): Promise<boolean> {
  const undo = last;
  last = null;
  if (!undo) return false;
  await undo();
  return true;
}

/**
 * Shows `text` with an undo button once `running` has succeeded. Z may be pressed earlier: it waits for the result, and
 * does nothing if the action failed.
 */
export async function withUndo(
  running: Promise<boolean>,
  text: () => string,
  undo: () => Promise<unknown>,
): Promise<boolean> {
  let dismiss = (): void => undefined;
  const back = async (): Promise<unknown> => {
    dismiss();
    return (await running) && undo();
  };
  rememberUndo(back);
  const done = await running;
  if (done) dismiss = toast(text(), { action: { label: t("undo"), run: () => void back() } });
  return done;
}
