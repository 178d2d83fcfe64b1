import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { owasp } from "../lib/sources";

/** `scheme://user:password@`, where the password is written out. */
const urlPassword = /[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:[^\s/@$]+@/i;

const secretName =
  /(^|[._-])(pass(word|wd|phrase)?|pwd|secret|token|credentials?|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|encryption[_-]?key|auth[_-]?key)$/i;

/** A value that is no path, no switch and no reference to something else. */
function isLiteral(value: string): boolean {
  return value !== "" && !/^(\/|\$\{|true$|false$)/.test(value);
}

/** The names of FILE__ variables end like a secret's, but hold a path. */
function isCredential(name: string, value: string): boolean {
  return (secretName.test(name) && isLiteral(value)) || urlPassword.test(value);
}

export const literalCredentials: ContainerPolicy = {
  kind: "container",
  name: "literal-credentials",
  field: "environment",
  title: "No credential stands in variables, labels, commands or URLs",
  level: "mandatory",
  severity: "critical",
  source: owasp("rule 12, Docker secrets"),
  reason: "Whoever may inspect the container, or read its processes, reads them",
  fix: "put it in a file with `secrets`, or name the variable's secret and its reason there",
  reads: ["envs", "labels", "command", "entrypoints"],
  check(container) {
    const { envs = [], command = [], entrypoints = [] } = container.inputs;
    const variables = envs.flatMap((line) => {
      const [name = "", ...rest] = line.split("=");
      if (isLifted(container, "secret-variable", name)) return [];
      return isCredential(name, rest.join("=")) ? [`the variable ${name} holds a credential`] : [];
    });
    const labels = Object.entries(container.labels).flatMap(([label, value]) =>
      isCredential(label, value) ? [`the label ${label} holds a credential`] : [],
    );
    const line = [...entrypoints, ...command];
    const words = line.flatMap((word, index) => {
      const [isOption, option = "", assigned] = /^-+([\w.-]+)(?:=(.*))?$/s.exec(word) ?? [];
      const next = line[index + 1] ?? "";
      const value = assigned ?? (isOption && !next.startsWith("-") ? next : "");
      return (option !== "" && isCredential(option, value)) || urlPassword.test(word)
        ? [`word ${index} of the command holds a credential`]
        : [];
    });
    return [...variables, ...labels, ...words];
  },
};
