import type { Translation } from "../../../text/i18n";
import type { frame as english } from "./en";

export const frame: Translation<typeof english> = {
  close: "Cerrar", cancel: "Cancelar", save: "Guardar", copy: "Copiar", copied: "Copiado", undo: "Deshacer", retry: "Reintentar",
  back: "Volver", loading: "Cargando", more: "Más",
  offline: "Sin conexión. Lo que escribas se guarda y sale cuando vuelva la línea.",
  reconnecting: "Se perdió la conexión. Reintentando…",
  problem: "No se pudo: {detail}",
  unreachable: "Ahora mismo no se puede llegar al servidor.",
  tooMany: { one: "Demasiados intentos. Prueba en un segundo.", other: "Demasiados intentos. Prueba en {count} segundos." },
  forbidden: "No tienes permiso para eso.",
  notFound: "Aquí no hay nada", notFoundHelp: "La página se movió o nunca existió.", toInbox: "A la bandeja",
  failedTitle: "Algo falló", failedHelp: "Recarga la página; nada de lo enviado se pierde.", reload: "Recargar",

  goodMorning: "Buenos días", goodAfternoon: "Buenas tardes", goodEvening: "Buenas noches",
  signIn: "Entrar", signOut: "Salir", email: "Correo", password: "Contraseña", forgot: "¿Olvidaste la contraseña?",
  wrongPassword: "El correo o la contraseña no son correctos.", demoAgents: "Datos de ejemplo: las claves de acceso están en la terminal donde se inició.",
  language: "Idioma",
  linkTitle: "Entrar", linkHelp: "Este enlace te deja entrar una vez.", linkUse: "Entrar", linkUsed: "Este enlace ya se usó o caducó.",
  linkAsk: "Pide otro o entra con tu contraseña.", toSignIn: "Ir a la entrada",
  forgotTitle: "Contraseña nueva", forgotHelp: "Escribe tu correo. Si lo conocemos, te llega un enlace.",
  forgotSend: "Enviar el enlace", forgotSent: "Si conocemos la dirección, el enlace va en camino. Vale por poco tiempo y una sola vez.",
  invitationTitle: "Hola, {name}", invitationHelp: "Elige una contraseña y ya estás dentro.",
  resetTitle: "Elige una contraseña nueva", resetHelp: "Para {email}.",
  newPassword: "Contraseña nueva", yourName: "Tu nombre", passwordHelp: "Al menos 12 caracteres; lo mejor, varias palabras.",
  passwordShow: "Mostrar contraseña", begin: "Empezar", setPassword: "Guardar contraseña",

  railInbox: "Bandeja", railAdmin: "Ajustes", railDeliveries: "Envíos", railSearch: "Buscar", railProfile: "Tu perfil",
  railMain: "Principal", themeTitle: "Apariencia", themeSystem: "Como el sistema", themeLight: "Claro", themeDark: "Oscuro",
  languageTitle: "Idioma", availability: "Disponibilidad", available: "Disponible", away: "Ausente", offlineIntent: "Fuera de turno",
  youMenu: "Tú: {name}, {state}", shortcuts: "Atajos de teclado", emptyScreen: "Esta página aún no está.",
};
