/** Words of several features in Spanish. */
import type { Translation } from "../../../text/i18n";
import type { en } from "./en";

export const es: Translation<typeof en> = {
  problem: "No se pudo: {detail}",
  unreachable: "Ahora mismo no se puede conectar con el servidor.",
  available: "Disponible",
  away: "Ausente",
  offlineIntent: "Fuera de turno",
  shortcuts: "Atajos de teclado",
  customerPanel: "Cliente",
  noSubject: "Conversación #{number}",
  notSent: "No se envió: {detail}",
  stateOpen: "Abierta",
  stateSnoozed: "Pospuesta",
  stateResolved: "Resuelta",
  searching: "Buscando…",
  nothingFound: "No hay resultados.",
  searchHelp: "Escribe al menos dos letras.",
};
