/** Words beside the control in the slot, on hover or focus; never the only source of information. */
import { cloneVNode, type FunctionalComponent } from "vue";

export const Tooltip: FunctionalComponent<{ text: string; shortcut?: string }> = (
  { text, shortcut },
  { slots, attrs },
) => {
  const only = slots.default?.()[0];
  return only ? cloneVNode(only, { ...attrs, "data-tip": text, "data-keys": shortcut }) : null;
};
Tooltip.props = ["text", "shortcut"];
export default Tooltip;
