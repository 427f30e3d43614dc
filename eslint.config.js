"use strict";
// The scripts of the pages are plain ones that run one after another and share the object `geoaccess`.
const js = require("@eslint/js");

const readonly = (names) => Object.fromEntries(names.map((name) => [name, "readonly"]));

const BROWSER = [
  ...["window", "document", "crypto", "fetch", "atob", "URL", "URLSearchParams", "AbortSignal", "Blob", "navigator"],
  ...["L"], // Leaflet
];
const NODE = ["require", "module", "process", "__dirname", "console", "setTimeout", "structuredClone", "atob", "Buffer"];

const RULES = {
  "array-callback-return": "error",
  "consistent-return": "off",
  curly: ["error", "multi-line"],
  "default-case-last": "error",
  eqeqeq: "error",
  "no-alert": "error",
  "no-console": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-param-reassign": "off",
  "no-restricted-properties": [
    "error",
    ...["innerHTML", "insertAdjacentHTML"].map((property) => ({ property, message: "Names of people and places only ever become text." })),
    { object: "document", property: "write", message: "Names of people and places only ever become text." },
  ],
  "no-restricted-syntax": [
    "error",
    { selector: "Literal[value=/#[0-9a-fA-F]{6}/]", message: "Colours stand in palette.json." },
    { selector: "AssignmentExpression[left.property.name='outerHTML']", message: "Names of people and places only ever become text." },
  ],
  "no-self-compare": "error",
  "no-shadow": "error",
  "no-undef-init": "error",
  "no-unused-vars": ["error", { caughtErrors: "all" }],
  "no-use-before-define": ["error", { functions: false, variables: false }],
  "no-useless-concat": "error",
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": ["error", { destructuring: "all" }],
  "prefer-template": "error",
  strict: ["error", "global"],
};

module.exports = [
  { ignores: ["**/leaflet/**"] },
  js.configs.recommended,
  {
    files: ["geoaccess/static/**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "script", globals: { ...readonly(BROWSER), geoaccess: "readonly" } },
    rules: RULES,
  },
  {
    files: ["tests/javascript/**/*.js", "eslint.config.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "commonjs", globals: readonly(NODE) },
    rules: RULES,
  },
];
