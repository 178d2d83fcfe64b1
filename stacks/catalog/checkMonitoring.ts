import type { Problem } from "../errors.ts";
import type { YamlPath } from "../issues.ts";
import { didYouMean } from "../suggest.ts";
import type { CatalogEntry } from "./entry.ts";
import { promqlProblem } from "./promql.ts";

/** Ports and secrets that the monitoring fields name are the record's own, names are unique, and rules can be read. */
export function checkMonitoring(
  { value: record, locate }: CatalogEntry,
  ownPort: (path: YamlPath, port: number, what: string) => void,
): Problem[] {
  const problems: Problem[] = [];
  const report = (path: YamlPath, message: string) => problems.push({ place: locate(path), message });
  const secrets = record.secrets.map(({ name }) => name);
  const ownSecret = (path: YamlPath, name: string | undefined) => {
    if (name === undefined || secrets.includes(name)) return;
    report(path, `the record has no secret "${name}"${didYouMean(name, secrets)}`);
  };
  if (record.metrics) {
    const { port: first, also = [], bearer } = record.metrics;
    ownPort(["metrics", "port"], first, "the metrics endpoint");
    for (const [index, { name, port }] of also.entries()) {
      ownPort(["metrics", "also", index, "port"], port, `the metrics endpoint "${name}"`);
      if (also.findIndex((other) => other.name === name) < index) {
        report(["metrics", "also", index, "name"], `the metrics endpoint "${name}" is named twice`);
      }
    }
    ownSecret(["metrics", "bearer"], bearer);
  }
  for (const [index, { expr }] of record.rules.entries()) {
    const problem = promqlProblem(expr);
    if (problem) report(["rules", index, "expr"], `rules[${index}].expr ${problem}`);
  }
  if (record.publicAddress) {
    ownPort(["publicAddress", "port"], record.publicAddress.port, "the public address's endpoint");
    ownSecret(["publicAddress", "secret"], record.publicAddress.secret);
  }
  return problems;
}
