// The chat widget as one file, and the demo pages that carry it.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  publicDir: false,
  build: {
    outDir: "../hub/static/widget",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { chat: "widget/main.ts", shop: "demo/shop.html", mailbox: "demo/mailbox.html" },
      preserveEntrySignatures: false,
      output: {
        entryFileNames: (chunk) => (chunk.name === "chat" ? "chat.js" : "demo/[name]-[hash].js"),
        chunkFileNames: "demo/[name]-[hash].js",
        assetFileNames: "demo/[name]-[hash][extname]",
      },
    },
  },
});
