/** The customer beside the thread: loaded when shown, and again after each change. */
import { shallowRef, watch } from "vue";
import { api } from "../../api/client";
import type { ContactDetail, Id } from "../../api/types";
import { state } from "../common/store";
import { showProblem } from "../common/problems";

export function useContact(id: () => Id | null) {
  const contact = shallowRef<ContactDetail | null>(null);
  const failed = shallowRef(false);

  async function load(): Promise<void> {
    const wanted = id();
    if (!wanted) return;
    try {
      const got = await api.get<ContactDetail>(`/api/contacts/${wanted}`);
      if (id() !== wanted) return;
      contact.value = got;
      failed.value = false;
    } catch {
      failed.value = id() === wanted;
    }
  }

  async function rename(name: string): Promise<boolean> {
    try {
      contact.value = await api.patch<ContactDetail>(`/api/contacts/${id()}`, { name });
      return true;
    } catch (reason) {
      showProblem(reason);
      return false;
    }
  }

  watch(
    id,
    () => {
      contact.value = null;
      void load();
    },
    { immediate: true },
  );
  watch([() => state.value.touched.get(id() ?? ""), () => state.value.resets], () => void load());
  return { contact, failed, load, rename };
}
