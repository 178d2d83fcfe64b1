import { createHash } from "node:crypto";
import { deriveSecret } from "../../../components/secret/derive.ts";
import type { FileText } from "../../../stacks/configure/text.ts";
import type { Platform } from "../../../stacks/platform.ts";

/** The text as a deployment fills it in. */
export function filled(text: FileText, secretOf: (id: string) => string): string {
  if (typeof text === "string") return text;
  return text
    .map((part) => {
      if (typeof part === "string") return part;
      const value = secretOf(part.secret);
      if (part.form === undefined) return value;
      return deriveSecret(part.form, value, part.salt === undefined ? "" : secretOf(part.salt));
    })
    .join("");
}

/** Value of a platform's secret in tests: made from its id for what is generated or set, put together for templates. */
export function secretValue(platform: Platform, id: string): string {
  const source = platform.secrets.find((secret) => secret.id === id)?.source;
  if (!source) throw new Error(`no secret ${id}`);
  if (source.kind === "template") return filled(source.parts, (part) => secretValue(platform, part));
  const { of = id, version = 1 } = source.kind === "generate" ? source : {};
  const named = version === 1 ? of : `${of} ${version}`;
  const bytes = Buffer.concat(
    [...Array(8).keys()].map((index) => createHash("sha256").update(`${index} ${named}`).digest()),
  );
  if (source.kind === "config") return bytes.toString("hex").slice(0, 32);
  const { form, length } = source;
  switch (form) {
    case "hex":
    case "base64":
      return bytes.subarray(0, length).toString(form);
    case "password":
      return bytes.toString("hex").slice(0, length);
    case "uuid":
      return bytes.toString("hex").replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");
  }
}

/** Text of a service's seeded files by path, secrets filled in. */
export function filesOf(platform: Platform, service: string): Map<string, string> {
  const files = platform.services.find(({ name }) => name === service)?.files ?? [];
  return new Map(
    files.map(({ path, content }) => [
      path,
      "text" in content ? content.text : secretValue(platform, content.secret),
    ]),
  );
}
