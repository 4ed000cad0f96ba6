import "../ui/style.css";
import { createApp } from "vue";
import App from "./shell/App.vue";
import "./shell/parts";
import { router } from "./shell/router";
import { rememberedTheme } from "./common/theme";
import { switchLanguage, storedLanguage } from "../ui/i18n";

rememberedTheme();
await switchLanguage(storedLanguage());
createApp(App).use(router).mount("#app");
