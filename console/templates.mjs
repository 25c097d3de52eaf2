// Compiles html`…` templates to calls: html`<p class="a ${b}">${c}</p>` becomes html("p", { class: `a ${b}` }, c).
// htm reads each template as it would in a browser; here its parts are pieces of code.
import { parse } from "acorn";
import htm from "htm";

const QUOTED = /[`\\]|\$\{/g;
const MARK = /\0(\d+)\0/;

/** Source text of an expression. Where htm joins it with text, a mark stands for it. */
class Code {
  static all = [];

  constructor(text) {
    this.text = text;
    this.index = Code.all.push(this) - 1;
  }

  toString() {
    return `\0${this.index}\0`;
  }
}

/** The source text of a value: code as it is, text as a literal, both together as a template. */
function literal(value) {
  if (value instanceof Code) return value.text;
  const parts = String(value).split(MARK);
  if (typeof value !== "string" || parts.length === 1) return JSON.stringify(value);
  const joined = parts.map((part, index) => (index % 2 ? `\${${Code.all[part].text}}` : part.replace(QUOTED, "\\$&")));
  return `\`${joined.join("")}\``;
}

function member([name, value]) {
  if (name.startsWith("...")) return `...${value.text}`;
  return `${/^[\w$]+$/.test(name) ? name : JSON.stringify(name)}: ${literal(value)}`;
}

const read = htm.bind((type, props, ...children) => {
  const members = props && `{ ${Object.entries(props).map(member).join(", ")} }`;
  return new Code(`html(${[literal(type), members ?? "null", ...children.map(literal)].join(", ")})`);
});

/** All templates of a tree, in the order of the text. */
function templatesIn(node, found = []) {
  if (node?.type === "TaggedTemplateExpression" && node.tag.name === "html") found.push(node.quasi);
  for (const part of Object.values(node ?? {})) if (part && typeof part === "object") templatesIn(part, found);
  return found;
}

/** This module without templates. */
export function compiled(source) {
  const templates = templatesIn(parse(source, { ecmaVersion: "latest", sourceType: "module" }));
  const between = (start, end) => {
    let text = "";
    let at = start;
    for (const quasi of templates) {
      if (quasi.start < at || quasi.end > end) continue;
      text += source.slice(at, quasi.start).replace(/html$/, "") + call(quasi);
      at = quasi.end;
    }
    return text + source.slice(at, end);
  };
  const call = ({ quasis, expressions }) => {
    const strings = quasis.map(({ value }) => value.cooked);
    const values = expressions.map(({ start, end }, index) => {
      const code = new Code(`(${between(start, end)})`);
      return strings[index].endsWith("...") ? { [`...${code.index}`]: code } : code;
    });
    const roots = read(strings, ...values);
    return Array.isArray(roots) ? `[${roots.map(literal).join(", ")}]` : literal(roots);
  };
  return between(0, source.length);
}
