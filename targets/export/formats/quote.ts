/** A value in the words of a format, or why it has none for it and what helps. */
export type Quoted = { text: string } | { problem: string; fix: string };

export type Quote = (value: string) => Quoted;

/** What no variable of any process can hold. */
const noVariable = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Refuses what no variable can hold before a format is asked. */
export function quoting(quote: Quote): Quote {
  return (value) =>
    noVariable.test(value)
      ? { problem: "holds a NUL or half a character, which no variable can", fix: "write another value" }
      : quote(value);
}
