/** A window that asks for something begins in its first field, not at its closing cross. */
export function toFirstField(event: Event): void {
  const field =
    event.currentTarget instanceof Element ? event.currentTarget.querySelector<HTMLElement>("form input") : null;
  if (!field) return;
  event.preventDefault();
  field.focus();
}
