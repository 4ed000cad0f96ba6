/** The signed-in agent (`me`), and signing in and out. */
import { shallowRef } from "vue";
import { api, Problem, setCsrfToken } from "../../api/client";
import type { Me, MeChange, Right } from "../../api/types";
import { setTheme } from "./theme";
import { switchLanguage, timeZone } from "../../ui/i18n";

export const me = shallowRef<Me | null>(null);

export function setMe(agent: Me): Me {
  me.value = agent;
  setCsrfToken(agent.csrf);
  timeZone.value = agent.time_zone;
  setTheme(agent.theme);
  void switchLanguage(agent.language);
  return agent;
}

/** The agent of the session cookie, or null; requested once. */
export async function loadMe(): Promise<Me | null> {
  if (me.value) return me.value;
  try {
    return setMe(await api.get<Me>("/api/me"));
  } catch (reason) {
    if (reason instanceof Problem && reason.status === 401) return null;
    throw reason;
  }
}

export const signIn = async (email: string, password: string): Promise<Me> =>
  setMe(await api.post<Me>("/api/session", { email, password }));

export async function changeMe(change: MeChange): Promise<void> {
  setMe(await api.patch<Me>("/api/me", change));
}

/** Loads the whole page afterwards, so that no data of the last agent stays in memory. */
export async function signOut(): Promise<void> {
  await api.delete("/api/session").catch(() => undefined);
  location.assign("/sign-in");
}

export const may = (right: Right): boolean => me.value?.rights.includes(right) ?? false;
