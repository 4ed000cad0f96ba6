/** Filters people, and returns their status and the roles and scopes that may be chosen. Pure. */
import type { AgentAdmin, Id, Role } from "../../../api/types";

export type Standing = "active" | "invited" | "disabled";
export interface Filter {
  text: string;
  role: string;
  team: string;
  standing: string;
}

export const standingOf = (agent: AgentAdmin): Standing =>
  agent.disabled ? "disabled" : agent.invited && agent.kind === "person" ? "invited" : "active";

const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export function found(agents: readonly AgentAdmin[], filter: Filter): AgentAdmin[] {
  const text = plain(filter.text.trim());
  return agents.filter(
    (agent) =>
      (!text || plain(`${agent.name} ${agent.email ?? ""}`).includes(text)) &&
      (!filter.role || agent.role === filter.role) &&
      (!filter.team || agent.team_ids.includes(filter.team)) &&
      (!filter.standing || standingOf(agent) === filter.standing),
  );
}

export const ROLES: readonly Role[] = ["owner", "admin", "supervisor", "agent", "auditor"];
export const rolesFor = (mayOwners: boolean): Role[] => ROLES.filter((role) => role !== "owner" || mayOwners);

export const SCOPES = [
  "conversations:read",
  "conversations:write",
  "messages:write",
  "notes:write",
  "tags:write",
  "contacts:read",
  "contacts:write",
  "agents:read",
] as const;

/** The agents whose teams change with a team's members, with their new teams. */
export function movesOf(agents: readonly AgentAdmin[], team: Id, members: readonly Id[]): { id: Id; team_ids: Id[] }[] {
  return agents
    .filter((agent) => agent.team_ids.includes(team) !== members.includes(agent.id))
    .map((agent) => ({
      id: agent.id,
      team_ids: members.includes(agent.id) ? [...agent.team_ids, team] : agent.team_ids.filter((one) => one !== team),
    }));
}
