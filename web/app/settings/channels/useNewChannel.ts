/** The draft of a new channel: it is reset for each kind, and is not lost by an accidental click. */
import { computed, ref, watch, type Ref } from "vue";
import { onBeforeRouteLeave } from "vue-router";
import { ask } from "../../../ui/confirm";
import { countOf } from "../formDraft";
import { draftOf, emptyDraft, useChannelForm, type ChannelDraft } from "./useChannelForm";
import { t } from "../words";
import type { Kind } from "../../../api/types";

export function useNewChannel(kind: Readonly<Ref<Kind | null>>) {
  const draft = ref<ChannelDraft>(emptyDraft());
  const form = useChannelForm(
    () => kind.value,
    () => null,
    draft,
  );
  const touched = computed(() => kind.value !== null && countOf(draftOf(kind.value, null), draft.value) > 0);
  let kept = false;

  watch(
    kind,
    (chosen) => {
      form.verdict.value = null;
      draft.value = chosen ? draftOf(chosen, null) : emptyDraft();
    },
    { immediate: true },
  );
  onBeforeRouteLeave(
    async () =>
      kept || !touched.value || ask({ title: t("leaveTitle"), text: t("leaveText"), action: t("leaveAction") }),
  );

  const body = () => ({
    kind: kind.value?.kind,
    name: draft.value.name.trim(),
    team_id: draft.value.team_id || null,
    settings: form.settings.value,
    ...(draft.value.address ? { address: draft.value.address } : {}),
  });
  const done = (): void => {
    kept = true;
  };
  return { draft, ...form, body, done };
}
