/** Files for a reply: checked against the channel's limits and uploaded at once, with progress. */
import { computed, type Ref } from "vue";
import { Problem, upload } from "../../../api/client";
import { uuid } from "../../../text/uuid";
import type { AttachmentItem, Capabilities } from "../../../api/types";
import { toast } from "../../../ui/toast";
import type { ComposerState, ComposerFile } from "./composerState";
import { f } from "../../../ui/i18n";
import { refusalText } from "../../common/errorText";
import { t } from "../words";

const kindFits = (type: string, allowed: readonly string[]): boolean =>
  allowed.length === 0 ||
  allowed.some((one) => one === type || (one.endsWith("/*") && type.startsWith(one.slice(0, -1))));

export function useFiles(composer: Ref<ComposerState>, capabilities: Ref<Capabilities | null>) {
  const rule = computed(() => capabilities.value?.attachments);
  const possible = computed(() => composer.value.mode === "reply" && (rule.value?.max_count ?? 0) > 0);
  const busy = computed(() => composer.value.files.some((file) => !file.item));

  function refusal(file: File): string | null {
    const limit = rule.value;
    if (!limit || !possible.value) return t("filesNot");
    if (composer.value.files.length >= limit.max_count) return t("filesMany", { count: limit.max_count });
    if (limit.max_bytes && file.size > limit.max_bytes)
      return t("fileBig", { name: file.name, size: f().bytes(limit.max_bytes) });
    const total = composer.value.files.reduce((sum, one) => sum + one.size, file.size);
    if (limit.max_total_bytes && total > limit.max_total_bytes)
      return t("filesBig", { size: f().bytes(limit.max_total_bytes) });
    return kindFits(file.type, limit.media_types) ? null : t("fileKind", { name: file.name });
  }

  async function add(file: File): Promise<void> {
    const no = refusal(file);
    if (no) {
      toast(no, { tone: "bad" });
      return;
    }
    const owner = composer.value;
    const entry: ComposerFile = {
      key: uuid(),
      name: file.name,
      size: file.size,
      progress: 0,
      item: null,
      failed: null,
      abort: () => undefined,
    };
    owner.files.push(entry);
    const live = owner.files.at(-1)!;
    const { done, abort } = upload<AttachmentItem>("/api/attachments", file, (part) => {
      live.progress = part;
    });
    live.abort = abort;
    try {
      live.item = await done;
    } catch (reason) {
      owner.files = owner.files.filter((one) => one.key !== entry.key);
      if (reason instanceof Problem)
        toast(t("fileFailed", { name: file.name, detail: reason.offline ? t("unreachable") : refusalText(reason) }), {
          tone: "bad",
        });
    }
  }

  const addAll = (list: Iterable<File> | null | undefined): void => {
    for (const file of list ?? []) void add(file);
  };
  function remove(key: string): void {
    composer.value.files.find((file) => file.key === key)?.abort();
    composer.value.files = composer.value.files.filter((file) => file.key !== key);
  }
  return { possible, busy, addAll, remove };
}
