/** A directive of nginx: its name, its arguments, and for a block what is in it. */
export type Directive = readonly [string, ...(string | number | readonly Directive[])[]];

/** An nginx configuration. There is no serialiser for the format that is kept up, and it is this small. */
export function nginxText(directives: readonly Directive[], depth = 0): string {
  const indent = "  ".repeat(depth);
  return directives
    .map((directive) => {
      const block = directive.find((part) => typeof part === "object");
      const words = directive.filter((part) => typeof part !== "object").map((word) => quoted(String(word)));
      return block === undefined
        ? `${indent}${words.join(" ")};\n`
        : `${indent}${words.join(" ")} {\n${nginxText(block, depth + 1)}${indent}}\n`;
    })
    .join("");
}

/** In quotes where nginx would take a character for the end of the word. Variables in it are still filled in. */
function quoted(word: string): string {
  return word === "" || /[\s;{}"'\\#]/.test(word) ? `"${word.replace(/["\\]/g, "\\$&")}"` : word;
}
