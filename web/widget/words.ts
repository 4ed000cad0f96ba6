// The widget's words, English and Spanish.

import type { ChatRefusal } from "../api/types";

/** What the visitor reads after "Not sent." for each code of the hub, or while the chat is closed to them. */
type Refusals = Record<ChatRefusal["code"], string>;

type Shared = "bad_frame" | "not_admitted" | "bad_identity" | "too_fast" | "unavailable" | "origin_refused";

/** Codes after which the visitor does the same thing share a sentence. */
const refusals = (reload: string, later: string, own: Omit<Refusals, Shared>): Refusals => ({
  ...own,
  bad_frame: reload,
  not_admitted: reload,
  bad_identity: reload,
  too_fast: later,
  unavailable: later,
  origin_refused: own.unknown_chat,
});

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
  refused: refusals("Reload the page and try again.", "Try again in a moment.", {
    too_large: "It is too large.",
    empty: "Write something.",
    unknown_file: "Attach the file again.",
    too_many_files: "Send fewer files at once.",
    unknown_chat: "The chat is not available at the moment.",
    verification_required: "Please sign in on this page to chat with us.",
  }),
  downloadFailed: "The file cannot be opened just now. Try again.",
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
  refused: refusals("Recarga la página y reinténtalo.", "Reinténtalo en un momento.", {
    too_large: "Es demasiado grande.",
    empty: "Escribe algo.",
    unknown_file: "Adjunta el archivo de nuevo.",
    too_many_files: "Envía menos archivos a la vez.",
    unknown_chat: "El chat no está disponible en este momento.",
    verification_required: "Inicia sesión en esta página para chatear con nosotros.",
  }),
  downloadFailed: "No se puede abrir el archivo ahora. Reinténtalo.",
};

export const words = (locale: string): Words => (locale.toLowerCase().startsWith("es") ? es : en);
