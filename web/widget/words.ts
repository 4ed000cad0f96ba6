// The widget's words, English and Spanish.

import type { ChatRefusal } from "../api/types";

/** What the visitor reads for each code of the hub: what is wrong, and what to do. */
type Refusals = Record<ChatRefusal["code"], string>;

const refusalsInEnglish: Refusals = {
  bad_frame: "Your message could not be read. Reload the page and send it again.",
  too_large: "This is too large. Send a shorter message or a smaller file.",
  too_fast: "That was very fast. Wait a moment, then try again.",
  empty: "There is nothing in it. Write something or choose another file.",
  unknown_file: "A file is not available any more. Attach it again.",
  too_many_files: "Too many files at once. Send them in several messages.",
  unknown_chat: "The chat is not available at the moment. Try again later.",
  origin_refused: "The chat is not available on this page.",
  not_admitted: "Your chat has expired. Reload the page to start a new one.",
  bad_identity: "Your sign-in could not be confirmed. Reload the page and sign in again.",
  verification_required: "Please sign in on this page to chat with us.",
  unavailable: "The chat does not answer at the moment. Try again shortly.",
};
const refusalsInSpanish: Refusals = {
  bad_frame: "No se pudo leer tu mensaje. Recarga la página y envíalo de nuevo.",
  too_large: "Es demasiado grande. Envía un mensaje más corto o un archivo más pequeño.",
  too_fast: "Muy rápido. Espera un momento e inténtalo de nuevo.",
  empty: "Está vacío. Escribe algo o elige otro archivo.",
  unknown_file: "Un archivo ya no está disponible. Adjúntalo de nuevo.",
  too_many_files: "Demasiados archivos a la vez. Envíalos en varios mensajes.",
  unknown_chat: "El chat no está disponible en este momento. Inténtalo más tarde.",
  origin_refused: "El chat no está disponible en esta página.",
  not_admitted: "Tu chat ha caducado. Recarga la página para empezar otro.",
  bad_identity: "No se pudo confirmar tu sesión. Recarga la página e inicia sesión de nuevo.",
  verification_required: "Inicia sesión en esta página para chatear con nosotros.",
  unavailable: "El chat no responde en este momento. Inténtalo de nuevo enseguida.",
};

const en = {
  open: "Open chat",
  close: "Close chat",
  chat: "Chat",
  unread: (n: number) => (n === 1 ? "1 new message" : `${n} new messages`),
  replies: (m: number) => (m < 60 ? `Usually replies in ${m} min` : `Usually replies in ${Math.round(m / 60)} h`),
  placeholder: "Write a message",
  send: "Send",
  attach: "Attach a file",
  remove: (f: string) => `Remove ${f}`,
  log: "Conversation",
  offline: "No connection. We will send your messages when you are back.",
  typing: (a: string | null) => `${a ?? "Someone"} is typing`,
  you: "You",
  sending: "Sending",
  waiting: "Waiting for connection",
  sent: "Sent",
  read: "Read",
  retry: "Try again",
  discard: "Discard",
  name: "Your name",
  email: "Your e-mail",
  start: "Start",
  skip: "Skip",
  greeting: "Hi! How can we help?",
  too_large: (mb: number) => `Too large: files up to ${mb} MB can be sent.`,
  failed: "Not sent.",
  refused: refusalsInEnglish,
  downloadFailed: "The file cannot be opened at the moment. Try again shortly.",
};

export type Words = typeof en;

const es: Words = {
  open: "Abrir el chat",
  close: "Cerrar el chat",
  chat: "Chat",
  unread: (n) => (n === 1 ? "1 mensaje nuevo" : `${n} mensajes nuevos`),
  replies: (m) => (m < 60 ? `Solemos responder en ${m} min` : `Solemos responder en ${Math.round(m / 60)} h`),
  placeholder: "Escribe un mensaje",
  send: "Enviar",
  attach: "Adjuntar un archivo",
  remove: (f) => `Quitar ${f}`,
  log: "Conversación",
  offline: "Sin conexión. Enviaremos tus mensajes cuando vuelvas.",
  typing: (a) => `${a ?? "Alguien"} está escribiendo`,
  you: "Tú",
  sending: "Enviando",
  waiting: "Esperando conexión",
  sent: "Enviado",
  read: "Leído",
  retry: "Reintentar",
  discard: "Descartar",
  name: "Tu nombre",
  email: "Tu correo",
  start: "Empezar",
  skip: "Omitir",
  greeting: "¡Hola! ¿En qué podemos ayudarte?",
  too_large: (mb) => `Demasiado grande: se pueden enviar archivos de hasta ${mb} MB.`,
  failed: "No se envió.",
  refused: refusalsInSpanish,
  downloadFailed: "No se puede abrir el archivo ahora. Inténtalo de nuevo enseguida.",
};

export const words = (locale: string): Words => (locale.toLowerCase().startsWith("es") ? es : en);
