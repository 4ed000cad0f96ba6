/** A list with a member put in or taken out, in the order of `all`. */
export function withMember<M>(all: readonly M[], chosen: readonly M[], member: M, there: boolean): M[] {
  return all.filter((one) => (one === member ? there : chosen.includes(one)));
}
