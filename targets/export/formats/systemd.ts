import { type Quote, quoting } from "./quote.ts";

/** Dropped with their variable by systemd before 246; a tab and the end of a line are kept. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const control = /[\u0001-\u0008\u000b-\u001f\u007f]/;

/**
 * A value in an EnvironmentFile (systemd.exec(5)): inside double quotes lines may end, and a backslash takes the meaning
 * of `"`, backslash, `` ` `` and `$`, and of nothing else.
 */
export const systemdValue: Quote = quoting((value) => {
  if (control.test(value))
    return {
      problem: "holds a control character, with which systemd drops the variable",
      fix: "write another value",
    };
  return {
    text: /^[A-Za-z0-9_./:@%+,=-]+$/.test(value) ? value : `"${value.replace(/["\\`$]/g, "\\$&")}"`,
  };
});
