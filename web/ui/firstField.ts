/** Focuses the first field of a window, not its close button. */
export function toFirstField(event: Event): void {
  const field =
    event.currentTarget instanceof Element ? event.currentTarget.querySelector<HTMLElement>("form input") : null;
  if (!field) return;
  event.preventDefault();
  field.focus();
}
