import tailwindcss from "@tailwindcss/vite";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const server = process.env.HUB_URL ?? "http://localhost:8000";

export default defineConfig({
  plugins: [vue(), tailwindcss()],
  base: "/",
  build: {
    outDir: "../hub/static/app",
    emptyOutDir: true,
    target: "es2023",
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
  server: { proxy: { "/api": { target: server, ws: true }, "/w": { target: server, ws: true } } },
});
