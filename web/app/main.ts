import "../ui/style.css";
import { createApp } from "vue";
import App from "./shell/App.vue";
import { speakIn, storedLanguage } from "../ui/i18n";
import { router } from "./shell/router";
import { rememberedTheme } from "./common/theme";

rememberedTheme();
await speakIn(storedLanguage());
createApp(App).use(router).mount("#app");
