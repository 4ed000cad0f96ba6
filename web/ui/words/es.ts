/** Words of the components in Spanish. */
import type { Translation } from "../../text/i18n";
import type { en } from "./en";

export const es: Translation<typeof en> = {
  close: "Cerrar",
  cancel: "Cancelar",
  save: "Guardar",
  copy: "Copiar",
  copied: "Copiado",
  undo: "Deshacer",
  retry: "Reintentar",
  back: "Volver",
  loadFailed: "Esto no se puede mostrar ahora.",
  oldShown: "Lo que ves puede no estar al día.",
};
