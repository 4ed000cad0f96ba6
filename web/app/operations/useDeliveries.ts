/** One list of deliveries or arrivals: its pages, and the actions on its rows. */
import { computed, shallowRef } from "vue";
import { api } from "../../api/client";
import { problemText } from "../common/problems";
import type { ArrivalItem, ArrivalPage, DeliveryItem, DeliveryPage, Id } from "../../api/types";

export const TABS = ["due", "doubtful", "failed", "sent", "quarantined"] as const;
export type Tab = (typeof TABS)[number];

const LIMIT = "50";

export function useDeliveries(tab: () => Tab) {
  const deliveries = shallowRef<DeliveryItem[]>([]);
  const arrivals = shallowRef<ArrivalItem[]>([]);
  const next = shallowRef<string | null>(null);
  const loaded = shallowRef(false);
  const error = shallowRef<string | null>(null);
  const count = computed(() => deliveries.value.length + arrivals.value.length);
  let newest = 0;
  let shown: Tab | null = null;

  function empty(): void {
    deliveries.value = [];
    arrivals.value = [];
    next.value = null;
    loaded.value = false;
  }
  const deliveriesAt = async (query: URLSearchParams) => {
    const page = await api.get<DeliveryPage>(`/api/deliveries?${query}`);
    return (below: boolean): string | null => {
      deliveries.value = below ? [...deliveries.value, ...page.items] : page.items;
      return page.next;
    };
  };
  const arrivalsAt = async (query: URLSearchParams) => {
    const page = await api.get<ArrivalPage>(`/api/arrivals?${query}`);
    return (below: boolean): string | null => {
      arrivals.value = below ? [...arrivals.value, ...page.items] : page.items;
      return page.next;
    };
  };
  async function fetchPage(of: Tab, after: string | null): Promise<void> {
    const query = new URLSearchParams({ state: of, limit: LIMIT, ...(after ? { after } : {}) });
    const mine = ++newest;
    try {
      const add = of === "quarantined" ? await arrivalsAt(query) : await deliveriesAt(query);
      if (mine !== newest) return;
      next.value = add(after !== null);
      loaded.value = true;
      error.value = null;
    } catch (reason) {
      if (mine === newest) error.value = problemText(reason);
    }
  }
  async function load(): Promise<void> {
    if (shown !== tab()) empty();
    shown = tab();
    await fetchPage(shown, null);
  }
  const more = (): Promise<void> => fetchPage(tab(), next.value);

  function gone(id: Id): void {
    deliveries.value = deliveries.value.filter((item) => item.id !== id);
    arrivals.value = arrivals.value.filter((item) => item.id !== id);
  }
  /** A row stays only while it still belongs to this list. */
  function changed(item: DeliveryItem): void {
    if (belongs(item.state, tab())) deliveries.value = deliveries.value.map((one) => (one.id === item.id ? item : one));
    else gone(item.id);
  }
  return { deliveries, arrivals, count, loaded, next, error, load, more, changed, gone };
}

const SETTLED = new Set(["doubtful", "failed", "sent"]);
export const belongs = (state: string, tab: Tab): boolean => (tab === "due" ? !SETTLED.has(state) : state === tab);
