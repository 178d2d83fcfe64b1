import fc from "fast-check";
import { parse as parseToml } from "smol-toml";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  jsonText,
  linesText,
  SecretString,
  SecretValue,
  tomlText,
  yamlText,
} from "../../../stacks/configure/text.ts";

import { filled } from "./fixtures.ts";

describe.each([
  ["YAML", yamlText, (text: string): unknown => parse(text)],
  ["JSON", jsonText, (text: string): unknown => JSON.parse(text)],
] as const)("%s", (_, write, read) => {
  it("reads back as it was written, whatever characters a secret has", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), (value, around) => {
        fc.pre(!/[\uE000\uE001]/.test(around));
        const document = {
          plain: [1, true, null, around],
          secret: new SecretValue("a/b"),
          inside: new SecretString("http://", new SecretValue("a/b"), `@${around}`),
        };
        expect(read(filled(write(document), () => value))).toEqual({
          plain: [1, true, null, around],
          secret: value,
          inside: `http://${value}@${around}`,
        });
      }),
    );
  });

  it("is a plain string without a secret, and has no empty parts with one", () => {
    expect(write({ a: 1 })).toBeTypeOf("string");
    const parts = write({ a: new SecretValue("a/b") });
    expect(parts).toHaveLength(3);
  });

  it("leaves out what is undefined", () => {
    expect(read(write({ a: undefined, b: 1 }) as string)).toEqual({ b: 1 });
  });

  it("puts a hash where a form is asked for", () => {
    const text = write({ hash: new SecretValue("a/b", "argon2id", "a/salt") });
    const { hash } = read(filled(text, (id) => (id === "a/b" ? "value" : "grain"))) as { hash: string };
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=4\$/);
  });
});

it("TOML reads back as it was written, whatever characters a secret has", () => {
  // TOML has no escape for half a character, which no secret is made of.
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (value, around) => {
      fc.pre(!/[\uE000\uE001]/.test(around));
      const document = { roles: [{ key: new SecretValue("a/b"), list: [around, "b"], number: 1 }] };
      expect(parseToml(filled(tomlText(document), () => value))).toEqual({
        roles: [{ key: value, list: [around, "b"], number: 1 }],
      });
    }),
  );
});

it("lines hold strings and secrets as they are, each line ended", () => {
  const text = linesText(["one", new SecretString("two ", new SecretValue("a/b", "sha256"), "!")]);
  expect(text).toEqual(["one\ntwo ", { secret: "a/b", form: "sha256" }, "!\n"]);
});
