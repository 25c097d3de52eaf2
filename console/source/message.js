// A message as text: cut out of the answer as it came, so that no number is rounded, and indented.
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/** The tokens of `data.payload` in this answer; null if it has none. */
function payload(text) {
  const tokens = text.match(TOKENS) ?? [];
  let depth = 0;
  const path = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (tokens[index + 1] === ":" && depth <= 2) {
      path[depth - 1] = token;
      if (depth === 2 && path[0] === '"data"' && token === '"payload"') return value(tokens, index + 2);
    }
  }
  return null;
}

function value(tokens, start) {
  let depth = 0;
  for (let index = start; index < tokens.length; index += 1) {
    if ("{[".includes(tokens[index])) depth += 1;
    if ("}]".includes(tokens[index])) depth -= 1;
    if (depth === 0) return tokens.slice(start, index + 1);
  }
  return tokens.slice(start);
}

/** JSON with one member a line, its texts and numbers unchanged. */
function indented(tokens) {
  let depth = 0;
  let text = "";
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const isEmpty = (before === "{" || before === "[") && (token === "}" || token === "]");
    if (token === "}" || token === "]") depth -= 1;
    const opens = before === "{" || before === "[" || before === ",";
    if ((opens || token === "}" || token === "]") && index && !isEmpty) text += `\n${"  ".repeat(Math.min(depth, 40))}`;
    text += token === ":" ? ": " : token;
    if (token === "{" || token === "[") depth += 1;
  });
  return text;
}

export function messageIn(text) {
  const tokens = payload(text);
  return tokens ? indented(tokens) : text;
}
