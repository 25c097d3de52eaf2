// Bundles console/source into a folder: index.html, app.<hash>.js, app.<hash>.css, more.<hash>.js, icon.svg.
// Usage: node build.mjs [folder]; without it browser/console, whose files are committed.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
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
  splitting: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  plugins: [templates],
  outdir: "out",
  write: false,
});

/** What esbuild made: the page's script, that of the screens that come later, and the style. */
const made = (pattern) => outputFiles.find(({ path }) => pattern.test(basename(path)));
const [page, further, style] = [made(/^chunk-.*\.js$/), made(/^more-.*\.js$/), made(/^style\.css$/)];
const stub = made(/^app\.js$/);
if (outputFiles.length !== 4 || stub.text !== `import"./${basename(page.path)}";\n`) throw new Error("more.js imports app.js, so that there are two scripts");

const small = async ({ text }) => (await minify(text, { module: true, ecma: 2020, compress: { passes: 3 } })).code;
const hashed = (text) => createHash("sha256").update(text).digest("hex").slice(0, 12);
const scripts = await Promise.all([page, further].map(small));
// Each script names the other, so they share one hash: that of both, before they have it.
const hash = hashed(scripts.join(""));
const names = { [basename(page.path)]: `app.${hash}.js`, [basename(further.path)]: `more.${hash}.js` };
const named = (text) => Object.entries(names).reduce((all, [old, name]) => all.replaceAll(old, name), text);
const files = {
  [`app.${hash}.js`]: named(scripts[0]),
  [`app.${hashed(style.text)}.css`]: style.text,
  [`more.${hash}.js`]: named(scripts[1]),
};

mkdirSync(target, { recursive: true });
for (const name of readdirSync(target)) rmSync(join(target, name));
const [script, sheet] = Object.keys(files);
const html = readFileSync(join(source, "index.html"), "utf8").replace("{{script}}", script).replace("{{style}}", sheet);
writeFileSync(join(target, "index.html"), html);
writeFileSync(join(target, "icon.svg"), readFileSync(join(source, "icon.svg")));
const sizes = Object.entries(files).map(([name, contents]) => {
  writeFileSync(join(target, name), contents);
  const size = gzipSync(contents, { level: 9 }).length;
  console.log(`${name}: ${contents.length} bytes, ${size} with gzip`);
  return size;
});
console.log(`page ${html.length} bytes; with gzip script and style ${sizes[0] + sizes[1]} bytes, all files ${sizes[0] + sizes[1] + sizes[2]}`);
