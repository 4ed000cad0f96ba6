import { expect, test } from "vitest";
import { say, sentences } from "../app/common/words/es.server";
import { sayer } from "../live/sentences";

const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

test.each(Object.entries(sentences))("«%s» keeps its places in Spanish", (english, spanish) => {
  expect(places(spanish)).toEqual(places(english));
});

test("a known sentence is said in Spanish, with what stands in its places", () => {
  expect(say("There is no server named imap.shop.example:993. Check the name.")).toBe(
    "No existe ningún servidor llamado imap.shop.example:993. Revisa el nombre.",
  );
  expect(say("The mail server refused the message: 550 5.1.1 No such user")).toBe(
    "El servidor de correo rechazó el mensaje: 550 5.1.1 No such user",
  );
});

test("a sentence within a sentence and several in a row are all said in Spanish", () => {
  expect(
    say("Given up after 7 attempts: Nobody answers at mail:587. Check the port, or wait until the server is back."),
  ).toBe("Abandonado tras 7 intentos: Nadie responde en mail:587. Revisa el puerto o espera a que vuelva el servidor.");
  expect(say("INBOX on imap.shop.example holds 12 mails. smtp.shop.example takes mail from us.")).toBe(
    "INBOX en imap.shop.example tiene 12 correos. smtp.shop.example acepta nuestro correo.",
  );
});

test("what nobody has put into Spanish stays as it came", () => {
  expect(say("552 5.2.2 The mailbox is full.")).toBe("552 5.2.2 The mailbox is full.");
  expect(say("")).toBe("");
});

test("signs that mean something in patterns mean themselves", () => {
  const talk = sayer({ "Is {a} (really) [x] $1?": "¿Es {a}?" });
  expect(talk("Is it (really) [x] $1?")).toBe("¿Es it?");
  expect(talk("toString")).toBe("toString");
});
