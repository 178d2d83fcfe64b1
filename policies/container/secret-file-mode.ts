import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

/** Names of files that hold secrets: by what they say, and by what programs call their keys and accounts. */
const secretPaths = [
  /\/secrets?\/|(password|passwd|secret|token|credential|private[_-]?key|api[_-]?key)[^/]*$/i,
  /\.(key|p12|pfx|jks|keystore|kdbx|ppk)$|(?<!pub|public)([/_.-]|priv|private)key[^/.]*\.(pem|der)$/i,
  /\/id_(rsa|dsa|ecdsa|ed25519)(_sk)?$|\/ssh_host_[a-z0-9]+_key$/i,
  /\/wg[^/]*\.conf$|\/wireguard\/[^/]+\.conf$|\.ovpn$/i,
  /\/[^/]*\.env(\.[^/]+)?$|\/\.?htpasswd[^/]*$|\.htpasswd$/i,
  /\/\.?(pgpass|netrc|my\.cnf|git-credentials|npmrc|dockercfg|dockerconfigjson)$|\/(shadow|rclone\.conf|kubeconfig)$/i,
];

/** Modes that a one-shot container gives its files: `mode:0400:/path` or `chmod 0400 '/path'`. */
function modesSet(command: readonly string[]): Map<string, string> {
  const steps = command.flatMap((word) => word.split("\n"));
  return new Map(
    steps.flatMap((step): [string, string][] => {
      const [, mode, path] = /^(?:mode:|chmod )(0?[0-7]{3})(?::| )'?(.+?)'?$/.exec(step) ?? [];
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
      if (!secretPaths.some((form) => form.test(file))) return [];
      const mode = modes.get(file) ?? permissions ?? (executable === true ? "0744" : "0644");
      return (Number.parseInt(mode, 8) & ~0o400) === 0 ? [] : [`the file ${file} has mode ${mode}`];
    });
  },
};
