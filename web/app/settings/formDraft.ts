/** A form's copy of the saved values: finds the changed fields, and resets them. Pure. */

export type Plain = Record<string, unknown>;

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);

/** Only the fields that differ from the saved values. */
export function changesOf<T extends object>(saved: T, draft: T): Partial<T> {
  const differing = Object.entries(draft).filter(([key, value]) => !same(value, (saved as Plain)[key]));
  return Object.fromEntries(differing) as Partial<T>;
}

export const countOf = <T extends object>(saved: T, draft: T): number => Object.keys(changesOf(saved, draft)).length;
