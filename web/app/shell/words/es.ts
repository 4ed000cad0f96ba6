/** Words of the frame around every page in Spanish. */
import type { Translation } from "../../../text/i18n";
import type { en } from "./en";

export const es: Translation<typeof en> = {
  notFound: "Aquí no hay nada",
  notFoundHelp: "La página se movió o nunca existió.",
  toInbox: "A la bandeja",
  failedTitle: "Algo falló",
  failedHelp: "Recarga la página; nada de lo enviado se pierde.",
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
