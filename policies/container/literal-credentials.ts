import { isLifted } from "../lib/container";
import { holdsSecret, isWrittenOut, namesSecret, type Reading, wordsWithSecret } from "../lib/credentials";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { owasp } from "../lib/sources";

export const literalCredentials: ContainerPolicy = {
  kind: "container",
  name: "literal-credentials",
  field: "environment",
  title: "No credential stands in variables, labels, commands, health checks or URLs",
  level: "mandatory",
  severity: "critical",
  source: owasp("rule 12, Docker secrets"),
  reason: "Whoever may inspect the container, or read its processes, reads them",
  fix: "put it in a file with `secrets`, or name the variable's secret and its reason there",
  reads: ["envs", "labels", "command", "entrypoints", "healthcheck.tests"],
  settings: {
    folders: listSetting("Folders of secret files: a path below one may stand where a secret would.", [
      "/run/secrets",
    ]),
  },
  check(container, context) {
    const { envs = [], command = [], entrypoints = [], healthcheck } = container.inputs;
    const folders = context.list("folders");
    const reading: Reading = { folders, shell: false };
    const isCredential = (name: string, value: string) =>
      (namesSecret(name) && isWrittenOut(name, value, reading)) || holdsSecret(value, reading);
    const variables = envs.flatMap((line) => {
      const [name = "", ...rest] = line.split("=");
      if (isLifted(container, "secret-variable", name)) return [];
      return isCredential(name, rest.join("=")) ? [`the variable ${name} holds a credential`] : [];
    });
    const labels = Object.entries(container.labels).flatMap(([label, value]) =>
      isCredential(label, value) ? [`the label ${label} holds a credential`] : [],
    );
    const words = (line: readonly string[], of: string) =>
      wordsWithSecret(line, folders).map((index) => `word ${index} of the ${of} holds a credential`);
    return [
      ...variables,
      ...labels,
      ...words([...entrypoints, ...command], "command"),
      ...words(healthcheck?.tests ?? [], "health check"),
    ];
  },
};
