import tailwindcss from "@tailwindcss/vite";
import vue from "@vitejs/plugin-vue";
import { defineConfig, runnerImport, type Plugin } from "vite";

const hub = new URL(process.env.HUB_URL ?? "http://localhost:8000").origin;

/** Writes pages.json beside the built app: the paths that the server answers with it. */
function pages(): Plugin {
  return {
    name: "hub:pages",
    apply: "build",
    async generateBundle() {
      const { module: app } = await runnerImport<typeof import("./app/shell/features")>("./app/shell/features.ts");
      const { module: rules } = await runnerImport<typeof import("./app/shell/pages")>("./app/shell/pages.ts");
      this.emitFile({ type: "asset", fileName: "pages.json", source: JSON.stringify(rules.pagesOf(app.routes)) });
    },
  };
}

/** Puts small modules that nearly every page needs into one file, so that they are compressed together. */
const BASE = /\/web\/(ui\/(?!Dialog|ConfirmDialog|Picker|Menu)|app\/common\/|text\/|api\/)|\/node_modules\/@lucide\//;
const isBase = (id: string): boolean => BASE.test(id) && !/\/words\/es|\.css$/.test(id);

export default defineConfig({
  plugins: [vue(), tailwindcss(), pages()],
  base: "/",
  build: {
    outDir: "../hub/static/app",
    emptyOutDir: true,
    target: "es2023",
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "base", test: isBase }] } } },
  },
  define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
  server: {
    // Sources in web/api have addresses below /api, too. The hub refuses changes from pages of another origin.
    proxy: {
      "^/(api|demo)/(?!.*\\.ts(\\?|$))": { target: hub, ws: true, changeOrigin: true, headers: { origin: hub } },
      "/chat.js": hub,
    },
  },
});
