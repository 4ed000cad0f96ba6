/** Names of the agents and channels in a history; ids that cannot be loaded stay ids. */
import { shallowRef } from "vue";
import { api } from "../../api/client";
import { may } from "../common/session";
import type { AgentAdmin, ChannelAdmin, Id } from "../../api/types";

export interface Names {
  channels: ReadonlyMap<Id, Pick<ChannelAdmin, "name" | "appearance">>;
  agents: ReadonlyMap<Id, string>;
}

export function useNames() {
  const names = shallowRef<Names>({ channels: new Map(), agents: new Map() });
  async function load(): Promise<void> {
    const [channels, agents] = await Promise.all([
      may("channels:read") ? api.get<ChannelAdmin[]>("/api/channels") : [],
      may("agents:read") ? api.get<AgentAdmin[]>("/api/agents") : [],
    ]);
    names.value = {
      channels: new Map(channels.map((one) => [one.id, one])),
      agents: new Map(agents.map((one) => [one.id, one.name])),
    };
  }
  void load().catch(() => undefined);
  return names;
}

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** "by 0192…" becomes "by Marina". */
export const named = (text: string, agents: ReadonlyMap<Id, string>): string =>
  text.replace(ID, (id) => agents.get(id) ?? id);
