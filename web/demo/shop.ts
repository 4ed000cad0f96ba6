// The demo shop: four products, a switch between customers, and the real chat.
import type { DemoState } from "../api/types";
import { ask, part } from "./server";
import { language, switchLanguage, words } from "./words";

const PRODUCTS = [
  {
    id: "grinder",
    price: 129.9,
    shape: "M74 34h52v14H74zM78 50h44l-6 46H84zM84 98h32v30H84zM100 34V20M100 20h38M138 14v12",
  },
  {
    id: "kettle",
    price: 84,
    shape: "M62 122h70l-8-66H70zM80 56c0-14 34-14 34 0M124 72c26-2 22 36 8 40M68 84C44 84 50 56 32 52",
  },
  {
    id: "cup",
    price: 19.5,
    shape: "M58 58h70v34c0 40-70 40-70 0zM128 66c26-4 26 34 0 32M76 46c-6-10 6-12 0-24M98 46c-6-10 6-12 0-24",
  },
  {
    id: "beans",
    price: 14.9,
    shape: "M64 38h72v92H64zM64 38l8-16h56l8 16M82 84c0-26 36-26 36 0s-36 26-36 0zM100 66c-8 12 8 24 0 36",
  },
] as const;

interface HubChat extends HTMLElement {
  identify(identity: object): void;
  signOut(): void;
}

const w = words();
let inBasket = 0;

function write(): void {
  document.documentElement.lang = language();
  part("language").textContent = w.switch;
  part("language").onclick = switchLanguage;
  part("tagline").textContent = w.shop.tagline;
  part("intro").textContent = w.shop.intro;
  part("who-label").textContent = w.shop.who;
  part("note").textContent = w.shop.note;
  part("mailbox").textContent = w.shop.mailbox;
  part("inbox").textContent = w.shop.inbox;
  part("basket").textContent = w.shop.basket(inBasket);
  part("goods").replaceChildren(...PRODUCTS.map(product));
}

function product({ id, price, shape }: (typeof PRODUCTS)[number]): HTMLElement {
  const [name, about] = w.shop.products[id];
  const item = document.createElement("li");
  const title = document.createElement("h2");
  const text = document.createElement("p");
  const cost = document.createElement("strong");
  const add = document.createElement("button");
  title.textContent = name ?? "";
  text.textContent = about ?? "";
  cost.textContent = new Intl.NumberFormat(language(), { style: "currency", currency: "EUR" }).format(price);
  add.textContent = w.shop.add;
  add.setAttribute("aria-label", `${w.shop.add}: ${name}`);
  add.onclick = () => {
    part("basket").textContent = w.shop.basket(++inBasket);
    add.textContent = w.shop.added;
  };
  item.append(drawing(shape), title, text, cost, add);
  return item;
}

function drawing(shape: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 200 150");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", shape);
  svg.append(path);
  return svg;
}

async function signIn(chat: HubChat, user: string): Promise<void> {
  sessionStorage.setItem("demo customer", user);
  part("problem").hidden = true;
  if (user) chat.identify(await ask<object>(`/api/demo/identity?user=${encodeURIComponent(user)}`));
  else chat.signOut();
}

async function start(): Promise<void> {
  write();
  const { key, customers } = await ask<DemoState>("/api/demo/pages");
  await customElements.whenDefined("hub-chat");
  const chat = document.createElement("hub-chat") as HubChat;
  chat.setAttribute("key", key);
  chat.setAttribute("greet-after", "6");
  const who = part<HTMLSelectElement>("who");
  who.append(new Option(w.shop.guest, ""), ...customers.map((c) => new Option(w.shop.verified(c.name), c.id)));
  who.value = sessionStorage.getItem("demo customer") ?? "";
  who.onchange = () => void signIn(chat, who.value);
  chat.addEventListener("hub-chat:identity-refused", () => problem(w.shop.notRecognised));
  document.body.append(chat);
  await signIn(chat, who.value);
}

function problem(text: string): void {
  part("problem").textContent = text;
  part("problem").hidden = false;
}

start().catch(() => problem(w.none));
