import { generatedResource } from "../../components/secret/generated.ts";
import type { Platform, PlatformSecret } from "../../stacks/platform.ts";
import { fillSecrets } from "../inProcess/provision.ts";
import type { ExportedText } from "./exported.ts";

/** Puts something in the place of a planned text's placeholders. */
export type Fill = (text: string) => ExportedText;

/** A mark that stands where a person has to put a secret. */
export function markOf(secret: string): string {
  return `FILL_IN(${secret})`;
}

const marks = /FILL_IN\(([^()]+)\)/g;
const unset = /\[([a-z][A-Za-z0-9]*) is not set\]/g;

/** Marks in the place of secrets: `FILL_IN(sonarr/api-key)`, or `FILL_IN(argon2id of access/alice)`. */
export function fillWithMarks(platform: Platform): Fill {
  const nameOf = secretNames(platform);
  const ids = new Set(platform.secrets.map(({ id }) => markOf(id)));
  return (planned) => {
    const text = fillSecrets(
      planned,
      (type, name) => markOf(nameOf(type, name)),
      // Nothing in a generated value is escaped.
      (form, value) =>
        form === "json" && ids.has(value) ? value : markOf(`${form} of ${value.replace(marks, "$1")}`),
    ).replace(unset, (_, key: string) => markOf(key));
    return { text, secrets: secretsIn(text) };
  };
}

/** The values of secrets in their places. The names are those that marks have. */
export function fillWithValues(platform: Platform, fillIn: (text: string) => string): Fill {
  const marked = fillWithMarks(platform);
  return (planned) => ({ text: fillIn(planned), secrets: marked(planned).secrets });
}

function secretsIn(marked: string): string[] {
  return [...new Set([...marked.matchAll(marks)].map(([, name = ""]) => name))].sort();
}

/** Names a placeholder: a secret of the platform by its id, one that the user sets by its key. */
function secretNames({ secrets }: Platform): (type: string, name: string) => string {
  const generated = new Map(
    secrets
      .filter(({ source }) => source.kind === "generate")
      .map((secret) => {
        const { type, name } = generatedResource(secret);
        return [`${type}::${name}`, secret.id];
      }),
  );
  return (type, name) => (type === "config" ? name : (generated.get(`${type}::${name}`) ?? name));
}

/** What a secret is, for whoever has to make one up. */
export function describeSecret({ secrets }: Platform, name: string): string {
  const [, form, of] = /^(\S+) of (.+)$/.exec(name) ?? [];
  if (form !== undefined) return forms[form] ?? `another form (${form}) of ${of}`;
  const generated = secrets.find(({ id }) => id === name);
  return generated ? describeGenerated(generated.source) : `set by you: ums:secrets.${name}`;
}

const forms: Readonly<Record<string, string>> = {
  json: "its value, escaped as inside double quotes in JSON",
  sha256: "the SHA-256 of its value, in hexadecimal",
  argon2id: "the argon2id hash of its value ($argon2id$...)",
  "pbkdf2-sha512": "the PBKDF2-SHA512 hash of its value ($pbkdf2-sha512$...), as Authelia prints it",
  "rsa-key": "an RSA private key (PEM, each end of a line as \\n)",
  "qbittorrent-pbkdf2": "the @ByteArray(...) of its value, as qBittorrent stores it",
  "scram-sha-256": "the SCRAM-SHA-256 verifier of its value, as PostgreSQL stores it",
  "transmission-sha1": "the salted SHA-1 of its value ({...), as Transmission stores it",
};

function describeGenerated(source: PlatformSecret["source"]): string {
  if (source.kind !== "generate") return "a secret";
  switch (source.form) {
    case "password":
      return `${source.length} random letters and digits`;
    case "hex":
      return `${source.length} random bytes, in hexadecimal`;
    case "base64":
      return `${source.length} random bytes, in base64`;
    case "uuid":
      return "a random UUID";
  }
}
