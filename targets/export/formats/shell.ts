import { type Quote, quoting } from "./quote.ts";

/** A word of a POSIX shell: inside single quotes nothing is special but their end. */
export const shellWord: Quote = quoting((value) => ({
  text: /^[A-Za-z0-9_./:@%+,=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`,
}));
