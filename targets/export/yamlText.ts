import { Document, isScalar, Scalar, visit } from "yaml";

/** Read as itself by YAML 1.1 and 1.2 alike: begins with a letter or slash, and is no word of either version. */
const plain = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z/][\w./@+-]*$/i;

/** Several lines that a block can hold: no character that some version takes for the end of a line or cannot print. */
const block =
  /^(?![ \t\n])(?=[^\n]*\n)(?:[\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe]|[\u{10000}-\u{10fffd}])*$/u;

/** What neither version may hold unescaped. */
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A document that every parser reads alike, of YAML 1.1 as docker-compose 1.29 and kubectl have, or of 1.2. */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(key, node) {
      if (isScalar(node) && typeof node.value === "string") node.type = styleOf(node.value, key === "key");
    },
  });
  return document
    .toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
    .replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function styleOf(text: string, isKey: boolean): Scalar.Type {
  if (plain.test(text)) return Scalar.PLAIN;
  return !isKey && block.test(text) && !/[ \t]$/m.test(text) ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE;
}
