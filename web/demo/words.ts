// The demo pages' words, English and Spanish.

const en = {
  switch: "Español",
  shop: {
    tagline: "Good coffee at home, without fuss.",
    intro: "Grinders, kettles and beans from small roasters, sent from Valencia within a day.",
    who: "You are",
    guest: "a guest",
    verified: (n: string) => `${n} (signed in)`,
    note: "This is a fictional shop. The chat on this page is real: what you write arrives in the inbox.",
    mailbox: "A customer’s mailbox",
    inbox: "To the inbox",
    add: "Add to basket",
    added: "In the basket",
    basket: (n: number) => `Basket (${n})`,
    products: {
      grinder: ["Hand grinder Luna", "Steel burrs, 24 clicks, 40 g."],
      kettle: ["Kettle Brisa", "Gooseneck, 0.9 l, holds its temperature."],
      cup: ["Cup Alba", "Stoneware from Manises, 200 ml."],
      beans: ["Beans Aurora", "Huila, Colombia: cocoa, plum, orange. 350 g."],
    },
    notRecognised: "The sign-in was not accepted by the chat.",
  },
  mail: {
    title: "A customer’s mailbox",
    intro:
      "Write to the hub as a customer would. The mail is real and goes through the hub’s own SMTP server; answers arrive here.",
    as: "Mailbox of",
    other: "Another address…",
    address: "Address",
    write: "New mail",
    to: "To",
    subject: "Subject",
    text: "Message",
    file: "Attachment",
    send: "Send",
    cancel: "Cancel",
    sending: "Sending…",
    sent: "Sent. The answer will appear here.",
    empty: "Nothing has arrived yet.",
    reply: "Reply",
    inbox: "Received",
    from: "From",
    noSubject: "(no subject)",
    choose: "Choose a mail to read it.",
    threaded: "Answers your mail",
    failed: "The mail could not be sent.",
    shop: "To the shop",
    wrote: (d: string, s: string) => `On ${d}, ${s} wrote:`,
    badAddress: (d: string) => `Use an address at ${d}.`,
  },
  none: "There is no demo data here. Start the hub with “hub up --demo”.",
};

export type Words = typeof en;

const es: Words = {
  switch: "English",
  shop: {
    tagline: "Buen café en casa, sin complicaciones.",
    intro: "Molinillos, hervidores y café de pequeños tostadores. Enviamos desde Valencia en un día.",
    who: "Navegas como",
    guest: "invitado",
    verified: (n) => `${n} (sesión iniciada)`,
    note: "Esta tienda es inventada. El chat de esta página es real: lo que escribes llega a la bandeja.",
    mailbox: "El buzón de un cliente",
    inbox: "Ir a la bandeja",
    add: "Añadir a la cesta",
    added: "En la cesta",
    basket: (n) => `Cesta (${n})`,
    products: {
      grinder: ["Molinillo Luna", "Muelas de acero, 24 puntos, 40 g."],
      kettle: ["Hervidor Brisa", "Cuello de cisne, 0,9 l, mantiene la temperatura."],
      cup: ["Taza Alba", "Gres de Manises, 200 ml."],
      beans: ["Café Aurora", "Huila, Colombia: cacao, ciruela, naranja. 350 g."],
    },
    notRecognised: "El chat no aceptó la sesión.",
  },
  mail: {
    title: "El buzón de un cliente",
    intro:
      "Escribe como lo haría un cliente. El correo es real y entra por el servidor SMTP del hub; las respuestas llegan aquí.",
    as: "Buzón de",
    other: "Otra dirección…",
    address: "Dirección",
    write: "Nuevo correo",
    to: "Para",
    subject: "Asunto",
    text: "Mensaje",
    file: "Archivo adjunto",
    send: "Enviar",
    cancel: "Cancelar",
    sending: "Enviando…",
    sent: "Enviado. La respuesta aparecerá aquí.",
    empty: "Aún no ha llegado nada.",
    reply: "Responder",
    inbox: "Recibidos",
    from: "De",
    noSubject: "(sin asunto)",
    choose: "Elige un correo para leerlo.",
    threaded: "Responde a tu correo",
    failed: "No se pudo enviar el correo.",
    shop: "Ir a la tienda",
    wrote: (d, s) => `El ${d}, ${s} escribió:`,
    badAddress: (d) => `Usa una dirección de ${d}.`,
  },
  none: "Aquí no hay datos de demostración. Inicia el hub con «hub up --demo».",
};

export function language(): "en" | "es" {
  const kept = localStorage.getItem("demo language");
  return (kept ?? navigator.language).startsWith("es") ? "es" : "en";
}

export const words = (): Words => (language() === "es" ? es : en);

export function switchLanguage(): void {
  localStorage.setItem("demo language", language() === "es" ? "en" : "es");
  location.reload();
}
