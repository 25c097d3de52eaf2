// Bundles console/source into a folder: index.html, app.<hash>.js, app.<hash>.css, icon.svg.
// Usage: node build.mjs [folder]; without it browser/console, whose files are committed.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { compiled } from "./templates.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "source");
const target = process.argv[2] ?? join(here, "..", "browser", "console");

/** Templates are calls in the bundle: without htm it is 5 % smaller. */
const templates = {
  name: "templates",
  setup: ({ onLoad }) => onLoad({ filter: /source\/\w+\.js$/ }, ({ path }) => ({ contents: compiled(readFileSync(path, "utf8")) })),
};

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: { app: "source/app.js", style: "source/style.css" },
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  plugins: [templates],
  outdir: "out",
  write: false,
});

const named = {};
for (const { path, text } of outputFiles) {
  const kind = path.endsWith(".js") ? "js" : "css";
  const options = { module: true, ecma: 2020, compress: { passes: 3 } };
  const contents = kind === "js" ? (await minify(text, options)).code : text;
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 12);
  named[kind] = { name: `app.${hash}.${kind}`, contents };
}

mkdirSync(target, { recursive: true });
for (const name of readdirSync(target)) rmSync(join(target, name));
const page = readFileSync(join(source, "index.html"), "utf8")
  .replace("{{script}}", named.js.name)
  .replace("{{style}}", named.css.name);
writeFileSync(join(target, "index.html"), page);
writeFileSync(join(target, "icon.svg"), readFileSync(join(source, "icon.svg")));
let sum = 0;
for (const { name, contents } of Object.values(named)) {
  writeFileSync(join(target, name), contents);
  const size = gzipSync(contents, { level: 9 }).length;
  sum += size;
  console.log(`${name}: ${contents.length} bytes, ${size} with gzip`);
}
console.log(`page ${page.length} bytes; script and style ${sum} bytes with gzip`);
