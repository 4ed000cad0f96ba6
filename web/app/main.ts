import "./style.css";
import { createApp } from "vue";
import App from "./App.vue";
import { speakIn, storedLanguage } from "./i18n";
import { router } from "./router";
import { rememberedTheme } from "./theme";

rememberedTheme();
await speakIn(storedLanguage());
createApp(App).use(router).mount("#app");
