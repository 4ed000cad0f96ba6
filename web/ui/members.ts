/** A list with one member added or removed, in the order of `all`. */
export function withMember<M>(all: readonly M[], chosen: readonly M[], member: M, there: boolean): M[] {
  return all.filter((one) => (one === member ? there : chosen.includes(one)));
}
