/** Words of the customer panel in Spanish. */
import type { Translation } from "../../../text/i18n";
import type { en } from "./en";

export const es: Translation<typeof en> = {
  contactName: "Nombre del cliente",
  rename: "Cambiar nombre",
  points: "Cómo contactar",
  verified: "verificado",
  claimed: "sin verificar",
  verifiedHelp: "El canal garantiza que esta dirección es suya.",
  claimedHelp: "Lo dijo el cliente; nadie lo ha comprobado.",
  sameAs: "Es la misma persona que…",
  sameAsPlaceholder: "Busca al otro cliente",
  mergeTitle: "¿Son el mismo cliente?",
  mergeText:
    "{name} y {other} pasan a ser un solo cliente, con todas sus direcciones y conversaciones. Se puede deshacer.",
  merge: "Unir las fichas",
  didMerge: "{name} y {other} son ahora un solo cliente.",
  didUnmerge: "Vuelven a ser dos clientes.",
  unmerge: "Volver a separar",
  thereIs: "allí son las {time}",
  earlier: { one: "Otra conversación", other: "Otras conversaciones ({count})" },
  since: "Cliente desde {date} {year}",
};
