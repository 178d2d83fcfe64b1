import { InputError, type Problem } from "../../../stacks/errors.ts";
import type { ExportedFile, ExportedService, ExportedStack, ExportedVariable } from "../exported.ts";
import { leftOut } from "../leftOut.ts";
import type { Quote } from "./quote.ts";

/** A format of one line a variable. */
export interface VariableFormat {
  /** How people call it. */
  name: string;
  /** How a file's name ends. */
  extension: string;
  /** What stands before the variable's name. */
  prefix: string;
  quote: Quote;
}

/**
 * Two files a service: what anybody may read, and its secrets. Without secrets their names stand in a comment.
 * @throws InputError naming every variable that the format cannot hold
 */
export function variableFiles(
  { stack, services, withSecrets }: ExportedStack,
  format: VariableFormat,
): ExportedFile[] {
  const problems: Problem[] = [];
  const line = (service: ExportedService, variable: ExportedVariable): string => {
    const quoted = format.quote(variable.text);
    if ("text" in quoted) return `${format.prefix}${variable.name}=${quoted.text}`;
    problems.push({
      place: service.place,
      message: `${service.name}: the value of ${variable.name} cannot stand in ${format.name}: it ${quoted.problem}; ${quoted.fix}`,
    });
    return "";
  };
  const files = services.flatMap((service): ExportedFile[] => {
    const open = service.variables.filter(({ secrets }) => secrets.length === 0);
    const secret = service.variables.filter(({ secrets }) => secrets.length > 0);
    const head = `# ${service.name} of the stack ${stack}`;
    const missing = withSecrets ? [] : secret.map((variable) => `# ${leftOut(variable)}`);
    return [
      ...written(service, open.length + missing.length, "", [
        head,
        ...open.map((variable) => line(service, variable)),
        ...missing,
      ]),
      ...written(service, withSecrets ? secret.length : 0, ".secret", [
        `${head}: secrets`,
        ...secret.map((variable) => line(service, variable)),
      ]),
    ];
  });
  if (problems.length > 0) throw new InputError(problems);
  return files;

  function written({ name }: ExportedService, count: number, kind: string, lines: string[]): ExportedFile[] {
    if (count === 0) return [];
    const path = `${name}${kind}${format.extension}`;
    return [{ path, text: `${lines.join("\n")}\n`, secret: kind !== "" }];
  }
}
