import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

const secretPath = /\/secrets?\/|(password|secret|token|credential|private[_-]?key|api[_-]?key)[^/]*$/i;

/** Modes that a one-shot container gives its files: `mode:0400:/path` or `chmod 0400 '/path'`. */
function modesSet(command: readonly string[]): Map<string, string> {
  const steps = command.flatMap((word) => word.split("\n"));
  return new Map(
    steps.flatMap((step): [string, string][] => {
      const [, mode, path] = /^(?:mode:|chmod )(0[0-7]{3})(?::| )'?(.+?)'?$/.exec(step) ?? [];
      return mode === undefined || path === undefined ? [] : [[path, mode]];
    }),
  );
}

export const secretFileMode: ContainerPolicy = {
  kind: "container",
  name: "secret-file-mode",
  field: "secrets",
  title: "Files that hold secrets are readable by their owner alone",
  level: "mandatory",
  severity: "high",
  source: cis("4.10"),
  reason: "Any process in the container reads a file of mode 0444",
  fix: "let the one-shot container set mode 0400, or set permissions to 0400",
  reads: ["uploads.file", "uploads.permissions", "uploads.executable", "command"],
  check(container) {
    const modes = modesSet(container.inputs.command ?? []);
    return (container.inputs.uploads ?? []).flatMap(({ file = "", permissions, executable }) => {
      if (!secretPath.test(file)) return [];
      const mode = modes.get(file) ?? permissions ?? (executable === true ? "0744" : "0644");
      return (Number.parseInt(mode, 8) & ~0o400) === 0 ? [] : [`the file ${file} has mode ${mode}`];
    });
  },
};
