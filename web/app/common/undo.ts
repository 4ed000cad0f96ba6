/** The last thing that can be undone with Z. */
let last: (() => Promise<unknown>) | null = null;

export function didLast(undo: () => Promise<unknown>): void {
  last = undo;
}

export async function undoLast(): Promise<boolean> {
  const undo = last;
  last = null;
  if (!undo) return false;
  await undo();
  return true;
}
