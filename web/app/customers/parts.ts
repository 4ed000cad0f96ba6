/** The components of customers that the inbox shows. */
import { defineAsyncComponent } from "vue";
import type { Parts } from "../common/parts";

export const parts: Partial<Parts> = {
  customerPanel: defineAsyncComponent(() => import("./CustomerPanel.vue")),
  mergePicker: defineAsyncComponent(() => import("./MergePicker.vue")),
  separateButton: defineAsyncComponent(() => import("./SeparateButton.vue")),
};
