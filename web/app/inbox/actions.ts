/** Actions on conversations: shown at once, sent to the server, and undone if it refuses. */
import { api, Problem } from "../../api/client";
import { withPage, withTimeline } from "../../live/reduce";
import type { ViewKey } from "../../live/state";
import type {
  AttachmentItem,
  ConversationDetail,
  ConversationPage,
  Id,
  Listed,
  MessageItem,
  TimelinePage,
} from "../../api/types";
import { toast } from "../../ui/toast";
import { change, listedOf, nameOf, withListed } from "../common/store";
import { withUndo } from "../common/undo";
import { f } from "../../ui/i18n";
import { t } from "./words";
import { showProblem } from "../common/problems";

const PAGE = 60;

export async function loadView(key: ViewKey, after: string | null): Promise<void> {
  const [view, of] = key.split(":");
  const query = new URLSearchParams({
    view: view!,
    limit: String(PAGE),
    ...(of ? { of } : {}),
    ...(after ? { after } : {}),
  });
  const page = await api.get<ConversationPage>(`/api/conversations?${query}`);
  change((state) => withPage(state, key, page, after === null));
}

export async function loadDetail(id: Id, signal?: AbortSignal): Promise<ConversationDetail> {
  const detail = await api.get<ConversationDetail>(`/api/conversations/${id}`, signal);
  change((state) => withListed(state, detail.listed));
  return detail;
}

export async function loadTimeline(id: Id, contact: Id, before: string | null, signal?: AbortSignal): Promise<void> {
  const query = new URLSearchParams({ limit: String(PAGE), ...(before ? { before } : {}) });
  const page = await api.get<TimelinePage>(`/api/conversations/${id}/timeline?${query}`, signal);
  change((state) => withTimeline(state, contact, page, before !== null));
}

/** Shows `guess`, sends the request, then shows the response, or the previous state if it failed. */
async function act(id: Id, guess: ((listed: Listed) => Listed) | null, ask: () => Promise<Listed>): Promise<boolean> {
  const before = listedOf(id);
  if (before && guess) change((state) => withListed(state, guess(before)));
  try {
    const listed = await ask();
    change((state) => withListed(state, listed));
    return true;
  } catch (reason) {
    if (before && guess) change((state) => withListed(state, before));
    showProblem(reason);
    return false;
  }
}

const path = (id: Id, rest: string): string => `/api/conversations/${id}/${rest}`;
const keepMentions = (listed: Listed, views: string[]): string[] => [
  ...views,
  ...listed.mine.views.filter((view) => view === "mentions"),
];

export function resolve(id: Id): Promise<boolean> {
  const guess = (listed: Listed): Listed => ({
    row: { ...listed.row, state: "resolved", waiting_since: null },
    mine: { ...listed.mine, views: ["resolved"] },
  });
  return withUndo(
    act(id, guess, () => api.put<Listed>(path(id, "resolution"), {})),
    () => t("didResolve"),
    () => reopen(id),
  );
}

export const reopen = (id: Id): Promise<boolean> => act(id, null, () => api.delete<Listed>(path(id, "resolution")));

export function snooze(id: Id, until: Date): Promise<boolean> {
  const at = until.toISOString();
  const guess = (listed: Listed): Listed => ({
    row: { ...listed.row, state: "snoozed", snoozed_until: at },
    mine: { ...listed.mine, views: keepMentions(listed, ["snoozed"]) },
  });
  return withUndo(
    act(id, guess, () => api.put<Listed>(path(id, "snooze"), { until: at })),
    () => t("didSnooze", { when: f().full(at) }),
    () => wake(id),
  );
}

export const wake = (id: Id): Promise<boolean> => act(id, null, () => api.delete<Listed>(path(id, "snooze")));

async function assignTo(id: Id, agent: Id | null, team: Id | null): Promise<boolean> {
  return act(id, null, () => api.put<Listed>(path(id, "assignment"), { agent_id: agent, team_id: team }));
}

export function assign(id: Id, agent: Id | null, team: Id | null, name: string): Promise<boolean> {
  const before = listedOf(id)?.row;
  const doing = assignTo(id, agent, team);
  return before
    ? withUndo(
        doing,
        () => (agent || team ? t("didAssign", { name }) : t("didUnassign")),
        () => assignTo(id, before.assignee_id, before.team_id),
      )
    : doing;
}

export async function claim(id: Id): Promise<boolean> {
  const done = await act(id, null, () => api.post<Listed>(path(id, "claim")));
  if (done) toast(t("didClaim"));
  return done;
}

export const tag = (id: Id, add: string[], remove: string[]): Promise<boolean> =>
  act(
    id,
    (listed) => ({
      ...listed,
      row: {
        ...listed.row,
        tags: [
          ...listed.row.tags.filter((one) => !remove.includes(one)),
          ...add.filter((one) => !listed.row.tags.includes(one)),
        ].sort(),
      },
    }),
    () => api.patch<Listed>(path(id, "tags"), { add, remove }),
  );

export const markRead = (id: Id, count: number, back = false): Promise<boolean> =>
  act(
    id,
    (listed) => ({ ...listed, mine: { ...listed.mine, inbound_read: count } }),
    () => api.put<Listed>(path(id, "read"), { inbound_read: count, back }),
  );

export async function saveDraft(id: Id, channel: Id | null, text: string, subject: string | null): Promise<void> {
  await api.put(path(id, "draft"), { channel_id: channel, text, subject });
}

export interface TakenBack {
  text: string;
  subject: string | null;
  channel_id: Id | null;
  attachments: AttachmentItem[];
}

/** Takes a queued message back; null if it has already been sent. */
export async function takeBack(message: MessageItem): Promise<TakenBack | null> {
  try {
    return await api.delete<TakenBack>(`/api/messages/${message.id}/queued`);
  } catch (reason) {
    if (reason instanceof Problem && reason.status === 409) toast(t("tooLate"), { tone: "bad" });
    else showProblem(reason);
    return null;
  }
}

export async function sendAgain(delivery: Id): Promise<void> {
  await api.post(`/api/deliveries/${delivery}/retry`).catch(showProblem);
}

export async function settle(delivery: Id, sent: boolean): Promise<void> {
  await api.put(`/api/deliveries/${delivery}/settlement`, { sent }).catch(showProblem);
}

export const assigneeName = (listed: Listed): string => nameOf(listed.row.assignee_id);
