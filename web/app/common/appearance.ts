/** How kinds of channels look: their adapters say so. A kind that the hub does not know any more looks neutral. */
import type { Appearance, PointItem } from "../../api/types";
import { language } from "../../ui/i18n";
import { state } from "./store";

export const appearanceOf = (kind: string | null | undefined): Appearance | null =>
  (kind && state.value.kinds.get(kind)) || null;

/** A contact point looks like the kind of channel by which we would reach it; null where there is none. */
export function appearanceOfPoint({ scheme }: PointItem): Appearance | null {
  const channels = [...state.value.channels.values()];
  return channels.find(({ capabilities }) => capabilities.scheme === scheme)?.appearance ?? null;
}

export const labelOf = ({ label }: Appearance): string => label[language.value];
