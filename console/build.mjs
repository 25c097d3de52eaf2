// Bundles console/source into a folder: index.html, app.<hash>.js, app.<hash>.css, icon.svg.
// Usage: node build.mjs [folder]; without it browser/console, whose files are committed.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "source");
const target = process.argv[2] ?? join(here, "..", "browser", "console");

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: { app: "source/app.js", style: "source/style.css" },
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  outdir: "out",
  write: false,
});

const named = {};
for (const { path, contents } of outputFiles) {
  const kind = path.endsWith(".js") ? "js" : "css";
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
