import { type Quote, quoting } from "./quote.ts";

/** Means itself without quotes, wherever it stands. */
const bare = /^[A-Za-z0-9_./:@%+,=\\-]+$/;
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r" };

/**
 * A value in a `.env` or `env_file`, in a spelling that docker-compose 1.29 (python-dotenv) and Compose v2 (compose-go)
 * read alike. They differ in what they replace:
 * - inside double quotes both know `\\`, `\"`, `\n` and `\r`; only v2 has a spelling for `$`, and the regular expression
 *   of 1.29 does not see the end of a value after a backslash;
 * - inside single quotes both know `\'` and leave `$` alone; two backslashes are one to 1.29 and two to v2, and 1.29
 *   replaces `${NAME}` even there.
 */
export const dotenvValue: Quote = quoting((value) => {
  if (bare.test(value)) return { text: value };
  if (!value.includes("$") && !value.endsWith("\\"))
    return { text: `"${value.replace(/[\\"\n\r]/g, (character) => escapes[character] ?? character)}"` };
  if (!/\\(?:[\\']|$)|\r|\$\{/.test(value)) return { text: `'${value.replaceAll("'", "\\'")}'` };
  return {
    problem: `has ${whatDiffers(value)}, which docker-compose 1.29 and Compose v2 read differently`,
    fix: "export as compose, where every value has a spelling that both read alike, or write another value",
  };
});

function whatDiffers(value: string): string {
  if (!value.includes("$")) return "a backslash at its end";
  if (value.includes("${")) return "${";
  return "$ beside a carriage return, or a backslash before another, before ' or at its end";
}
