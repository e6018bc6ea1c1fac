import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["build/", "target/", ".tools/", "**/node_modules/", "js/wasm/me_jit_glue.js"] },
  js.configs.recommended,
  {
    rules: {
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      eqeqeq: "error",
      "prefer-const": "error",
      "no-var": "error",
    },
  },
  {
    files: ["src/**/*.js", "emscripten/**/*.js"],
    languageOptions: {
      ecmaVersion: 2020,
      sourceType: "script",
      globals: { globalThis: "readonly", self: "readonly", module: "readonly", console: "readonly" },
    },
  },
  {
    // Modules for pages, workers and Node alike.
    files: ["js/**/*.js", "examples/web/*.{js,mjs}"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals["shared-node-browser"] },
  },
  {
    files: ["js/{core,threads,wasm}/*.js", "js/tests/{page,bridge_page}.js", "examples/web/*.js"],
    languageOptions: { globals: { ...globals.browser, process: "readonly" } },
  },
  {
    files: ["js/native/*.js", "js/index.node.js"],
    languageOptions: { globals: globals.node },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.node },
  },
  {
    // Some of its functions run in a page.
    files: ["emscripten/browser_test.mjs"],
    languageOptions: { globals: { ...globals.browser, importScripts: "readonly" } },
  },
];
