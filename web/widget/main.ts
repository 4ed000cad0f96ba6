// The one file a shop puts on its pages.
import { HubChat } from "./element";

if (!customElements.get("hub-chat")) customElements.define("hub-chat", HubChat);
