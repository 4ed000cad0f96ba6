/** The form of a channel: name, team, and the fields of its kind. */
import { computed, reactive, shallowRef, type Ref } from "vue";
import { api, Problem } from "../../../api/client";
import { complaintsOf, fieldsOf, settingsOf, valuesOf, type Complaint, type FieldSpec, type Value } from "./schemaForm";
import { problemText } from "../../common/problems";
import { schemaText } from "./schemaText";
import { t } from "../words";
import type { ChannelAdmin, Kind, Verdict } from "../../../api/types";

export interface ChannelDraft {
  name: string;
  team_id: string;
  address: string;
  settings: Record<string, Value>;
}

export const emptyDraft = (): ChannelDraft => ({ name: "", team_id: "", address: "", settings: {} });
export const draftOf = (kind: Kind, channel: ChannelAdmin | null): ChannelDraft => ({
  name: channel?.name ?? "",
  team_id: channel?.team_id ?? "",
  address: "",
  settings: valuesOf(fieldsOf(kind.schema), channel?.settings),
});

/** The error of a field, with the expected format if the format is wrong. */
const sentence = (complaint: Complaint, field: FieldSpec | undefined): string =>
  [
    t(complaint.word, { min: complaint.min ?? "", max: complaint.max ?? "" }),
    ...(complaint.word === "fieldForm" ? (field?.help ?? []).map(schemaText) : []),
  ].join(" ");

export function useChannelForm(kind: () => Kind | null, channel: () => ChannelAdmin | null, draft: Ref<ChannelDraft>) {
  const fields = computed(() => (kind() ? fieldsOf(kind()!.schema) : []));
  const wrong = reactive<Record<string, string>>({});
  const verdict = shallowRef<Verdict | null>(null);
  const testing = shallowRef(false);
  const settings = computed(() => settingsOf(fields.value, draft.value.settings));

  /** Checks everything that needs no server; false if a field has an error. */
  function check(): boolean {
    for (const name of Object.keys(wrong)) delete wrong[name];
    const found = complaintsOf(fields.value, draft.value.settings, channel()?.secrets_set);
    for (const [name, complaint] of Object.entries(found))
      wrong[name] = sentence(
        complaint,
        fields.value.find((one) => one.name === name),
      );
    return Object.keys(found).length === 0;
  }
  /** True if the server's error belongs to a field of this form. */
  function place(reason: unknown): boolean {
    const field = reason instanceof Problem ? reason.field : undefined;
    if (!field || !fields.value.some((one) => one.name === field)) return false;
    wrong[field] = problemText(reason);
    return true;
  }

  async function test(): Promise<void> {
    verdict.value = null;
    if (!check() || testing.value) return;
    testing.value = true;
    try {
      const body = {
        kind: kind()?.kind,
        settings: settings.value,
        ...(channel() ? { channel_id: channel()!.id } : {}),
      };
      verdict.value = await api.post<Verdict>("/api/channels/test", body);
    } catch (reason) {
      if (!place(reason)) verdict.value = { ok: false, detail: problemText(reason), reasons: [] };
    } finally {
      testing.value = false;
    }
  }
  return { fields, wrong, verdict, testing, settings, check, place, test };
}
