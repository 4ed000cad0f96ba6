/** Words of the frame around every page in Spanish. */
import type { Translation } from "../../../text/i18n";
import type { en } from "./en";

export const es: Translation<typeof en> = {
  notFound: "Página no encontrada",
  notFoundHelp: "Esta página no existe o se ha movido.",
  toInbox: "Ir a la bandeja",
  failedTitle: "Algo ha fallado",
  failedHelp: "Recarga la página. Nada de lo que enviaste se pierde.",
  reload: "Recargar",
  signOut: "Salir",
  profile: "Tu perfil",
  mainNavigation: "Principal",
  themeTitle: "Apariencia",
  themeSystem: "Como el sistema",
  themeLight: "Claro",
  themeDark: "Oscuro",
  languageTitle: "Idioma",
  availability: "Disponibilidad",
  youMenu: "Tú: {name}, {state}",
};
