/** A form's copy of what is saved: which fields differ, and back to what it was. Pure. */

export type Plain = Record<string, unknown>;

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);

/** Only what differs from what is saved. */
export function changesOf<T extends object>(saved: T, draft: T): Partial<T> {
  const differing = Object.entries(draft).filter(([key, value]) => !same(value, (saved as Plain)[key]));
  return Object.fromEntries(differing) as Partial<T>;
}

export const countOf = <T extends object>(saved: T, draft: T): number => Object.keys(changesOf(saved, draft)).length;
