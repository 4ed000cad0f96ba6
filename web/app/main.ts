import "../ui/style.css";
import { createApp } from "vue";
import App from "./shell/App.vue";
import "./shell/parts";
import { router } from "./shell/router";
import { applyStoredTheme } from "./common/theme";
import { switchLanguage, storedLanguage } from "../ui/i18n";

applyStoredTheme();
await switchLanguage(storedLanguage());
createApp(App).use(router).mount("#app");
