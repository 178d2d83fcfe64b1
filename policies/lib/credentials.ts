import { normal } from "./container";

/** How a text is read. */
export interface Reading {
  /** Folders whose files hold secrets: a path below one of them is no secret itself. */
  folders: readonly string[];
  /** `$NAME` stands for something else, as `${NAME}` does everywhere. */
  shell: boolean;
}

/** Names that stand for a secret, whole words of them or the ends of words: PGPASSWORD, JWTSECRET. */
const secretName = new RegExp(
  [
    "(?:password|passwd|passphrase|passcode|secret|token|credential)s?",
    "(?<!by|com|over|under|sur|tres)pass",
    "(?:^|_)(?:pw|pwd|psk|pat|creds?)",
    "(?:api|access|private|secret|encryption|auth|signing|master|session|shared|preshared|storage|app|license)_?key",
  ]
    .map((word) => `${word}\\d*(?=_|$)`)
    .concat("(?:^|_|master)auth(?:_\\d+)?$")
    .join("|"),
);

/** What such a name says when it ends with one of these is something about the secret, or where it is. */
const aboutSecret =
  /(?:file|filepath|path|dir|directory|folder|url|uri|endpoint|host|port|stdin|prompt|ids?|name|type|kind|mode|method|style|policy|format|encoding|algorithm|hasher|issuer|audience|provider|backend|source|prefix|suffix|header|attribute|field|length|size|min|max|count|limit|ttl|timeout|expiry|expires|expiration|lifetime|lifespan|duration|interval|age|days|hours|minutes|seconds|enabled|disabled|required|allowed|scopes?|role|rotation|version)(?:_?\d+)?$/;

/** Working folders of a shell, which are no passwords. */
const shellFolders: ReadonlySet<string> = new Set(["PWD", "OLDPWD"]);

export function namesSecret(name: string): boolean {
  if (shellFolders.has(name)) return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_");
  return secretName.test(words) && !aboutSecret.test(words);
}

/** Ways to sign in, which a variable such as PROXY_AUTH may name. */
const signIns =
  /^(?:none|basic|digest|bearer|forms?|external|internal|oauth2?|oidc|ldap|saml|jwt|md5|trust|scram\S*)$/i;

const switches = /^(?:true|false|yes|no|on|off|null|none|enabled|disabled|required|optional)$/i;
const braced = /^(?:\$\{\w+(?::?\?[^}]*|:?[-+])?\})+$/;
const dollar = /^(?:\$\w+|\$\{\w+(?::?\?[^}]*|:?[-+])?\})+$/;

/** The value of something named so is written out: it is no switch, no reference, and no path of a secret's file. */
export function isWrittenOut(name: string, value: string, { folders, shell }: Reading): boolean {
  const text = value.replace(/^(["'])(.*)\1$/s, "$2");
  if (text === "" || switches.test(text) || (shell ? dollar : braced).test(text)) return false;
  if (/auth$/i.test(name) && signIns.test(text)) return false;
  return !folders.some((folder) => text.startsWith("/") && normal(text).startsWith(`${normal(folder)}/`));
}

/** Texts that are secrets by their form alone. */
const secretTexts = [
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/,
  /\b(?:gh[oprsu]_|github_pat_|glpat-|xox[abeoprs]-|sk_live_|rk_live_|sk-(?:ant|proj)-|hvs\.|dop_v1_|npm_|pypi-|tskey-)\w{6,}/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\bAGE-SECRET-KEY-1\w{6,}/,
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/,
  // Hashes of passwords, as in a list of users for basic authentication.
  /\$(?:apr1|2[abxy]|[156]|argon2id?)\$[^\s$]+\$?[^\s$]{8,}/,
];

/** `scheme://user:password@`. A port before a path that has an @ is none. */
const userInUrl = /[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:"']*:(?!\d{1,5}[/?#])([^\s@"']+)@/gi;

/** `name=value`, as in assignments, options, queries and connection strings. */
const assignment = /([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s&;,"'`|)]*)/g;

/** `"name": "value"` of JSON, and of what looks like it. */
const member = /(["'])([\w.-]+)\1\s*:\s*(["'])(.*?)\3/g;

/** `?key=value`: a name too plain to be a secret's elsewhere. */
const queryKey = /[?&](?:key|sig|signature)=([^\s&#"']+)/gi;

const authorization = /\bauthorization\s*:\s*(?:[\w-]+\s+)?([^\s"']+)/gi;

/** A secret is written out somewhere in the text. */
export function holdsSecret(text: string, reading: Reading): boolean {
  const given = (name: string, value = "") => namesSecret(name) && isWrittenOut(name, value, reading);
  const written = (value = "") => isWrittenOut("", value, reading);
  return (
    secretTexts.some((form) => form.test(text)) ||
    [userInUrl, queryKey, authorization].some((form) =>
      [...text.matchAll(form)].some(([, value]) => written(value)),
    ) ||
    [...text.matchAll(assignment)].some(([, name = "", value]) => given(name, value)) ||
    [...text.matchAll(member)].some(([, , name = "", , value]) => given(name, value))
  );
}

/** Places of the words of a command line that hold a secret. A script among them is read word by word. */
export function wordsWithSecret(line: readonly string[], folders: readonly string[]): number[] {
  const reading: Reading = { folders, shell: true };
  return line.flatMap((word, index) => {
    const next = line[index + 1] ?? "";
    const found =
      expanded(word).some((text) => isSecretText(text, reading)) ||
      optionGivesSecret(word, next.startsWith("-") || separator.test(next) ? "" : next, line, reading);
    return found ? [index] : [];
  });
}

function isSecretText(text: string, reading: Reading): boolean {
  if (holdsSecret(text, reading)) return true;
  // A header, as curl -H takes it, and openssl's pass:….
  const [, header = "", value = ""] = /^([A-Za-z][\w-]*):\s*(\S+)$/.exec(text) ?? [];
  if (namesSecret(header) && isWrittenOut(header, value, reading)) return true;
  return /\s\S/.test(text) && wordsWithSecret(shellWords(text), reading.folders).length > 0;
}

/** The text with `$(…)` and backquotes as references, and what is in them. */
function expanded(text: string): string[] {
  const insides: string[] = [];
  let outer = text;
  for (let before = ""; before !== outer; ) {
    before = outer;
    outer = outer.replace(/\$\(([^()]*)\)|`([^`]*)`/g, (_, inside?: string, quoted?: string) => {
      insides.push(inside ?? quoted ?? "");
      return "${_}";
    });
  }
  return [outer, ...insides];
}

const separator = /^[;&|()\n]$/;

/** Words of a shell's text without their quotes; what separates commands is a word of its own. */
function shellWords(text: string): string[] {
  const words = text.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\;&|()])+|[;&|()\n]/gs);
  return [...words].map(([word]) =>
    word.replace(
      /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs,
      (_, double?: string, single?: string, escaped?: string) =>
        double?.replace(/\\(["\\$`])/g, "$1") ?? single ?? escaped ?? "",
    ),
  );
}

/** Options of one letter that take a password, by the programs that have them. */
const shortOptions: readonly [program: RegExp, option: RegExp, takesNext: boolean][] = [
  [/(?:^|\/)(?:redis|valkey|keydb)-cli$/, /^-a(.*)$/s, true],
  [/(?:^|\/)(?:sshpass|mongo\w*)$/, /^-p(.*)$/s, true],
  [/(?:^|\/)(?:mysql|mariadb)[\w-]*$/, /^-p(.*)$/s, false],
];

/** The word is an option whose value, with it or the next word, is a secret. */
function optionGivesSecret(word: string, next: string, line: readonly string[], reading: Reading): boolean {
  const written = (value: string) => isWrittenOut("", value, reading);
  const [, option = ""] =
    /^--?([A-Za-z][\w.-]*)$/.exec(word) ?? /^(requirepass|masterauth)$/.exec(word) ?? [];
  const isSwitch = /^(?:no|without|disable|skip)-/.test(option);
  if (namesSecret(option) && !isSwitch && isWrittenOut(option, next, reading)) return true;
  const [isUser, short, long] = /^(?:-[uU](.*)|--(?:proxy-)?user(?:=(.*))?)$/s.exec(word) ?? [];
  const [pair, secret = ""] = /^[^\s:/]+:(\S+)$/.exec(short || long || (isUser ? next : "")) ?? [];
  if (pair !== undefined && !/^\d+:\d+$/.test(pair) && written(secret)) return true;
  return shortOptions.some(([program, form, takesNext]) => {
    const [match, attached = ""] = form.exec(word) ?? [];
    if (match === undefined || !line.some((one) => program.test(one))) return false;
    return written(attached || (takesNext ? next : ""));
  });
}
