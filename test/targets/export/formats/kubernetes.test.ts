import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { ExportedSeed, ExportedStack } from "../../../../targets/export/exported.ts";
import { kubernetesFiles } from "../../../../targets/export/formats/kubernetes.ts";
import { folder } from "../../../fixtures/folders.ts";
import { oddValues, read, stackWith } from "../values.ts";

interface Manifest {
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

function manifests(text: string | undefined, version: "1.1" | "1.2" = "1.2"): Manifest[] {
  return [...parseAllDocuments(text ?? "", { version })].map((document) => document.toJS() as Manifest);
}

const seed = (path: string, text: string, secrets: string[] = []): ExportedSeed => ({
  path,
  mode: "0400",
  text,
  secrets,
});

function withFiles(files: ExportedSeed[], withSecrets = true): ExportedStack {
  const stack = stackWith(["plain"], ["hidden"]);
  return { ...stack, withSecrets, services: stack.services.map((service) => ({ ...service, files })) };
}

const files = [
  seed("/etc/app/app.conf", "a: 1\n"),
  seed("/etc/app/key.pem", "-----BEGIN\n", ["app/key"]),
  seed("/etc-app/other", "x"),
  seed("/run/secrets/token", "s3cret", ["app/token"]),
];

describe("ConfigMaps and Secrets", () => {
  it.each(["1.1", "1.2"] as const)("hold values as YAML %s reads them back", (version) => {
    const [open, secret] = kubernetesFiles(stackWith(oddValues, oddValues));
    const [map] = manifests(open?.text, version);
    expect(read(oddValues, map?.data ?? {})).toEqual(oddValues);
    const [hidden] = manifests(secret?.text, version);
    expect(Object.values(hidden?.stringData ?? {})).toEqual(oddValues);
  });

  it("are one object for the variables and one a folder of files, apart by what is secret", () => {
    const [open, secret] = kubernetesFiles(withFiles(files));
    expect(
      manifests(open?.text).map(({ kind, metadata, data }) => [kind, metadata.name, Object.keys(data ?? {})]),
    ).toEqual([
      ["ConfigMap", "app-environment", ["V0"]],
      ["ConfigMap", "app-files-etc-app", ["other"]],
      ["ConfigMap", "app-files-etc-app-2", ["app.conf"]],
    ]);
    expect(secret?.secret).toBe(true);
    expect(
      manifests(secret?.text).map(({ kind, metadata, stringData }) => [kind, metadata.name, stringData]),
    ).toEqual([
      ["Secret", "app-environment", { S0: "hidden" }],
      ["Secret", "app-files-etc-app-2", { "key.pem": "-----BEGIN\n" }],
      ["Secret", "app-files-run-secrets", { token: "s3cret" }],
    ]);
    expect(manifests(open?.text)[2]?.metadata.annotations).toEqual({
      "ums/folder": "/etc/app",
      "ums/modes": "app.conf=0400",
    });
    expect(open?.text).not.toMatch(/hidden|BEGIN|s3cret/);
  });

  it("name what is left out where secrets are", () => {
    const [open, ...more] = kubernetesFiles(withFiles(files, false));
    expect(more).toEqual([]);
    expect(open?.text).toContain("# S0 is left out: app/s0\n");
    expect(open?.text).toContain("# token is left out: app/token\n");
    expect(open?.text).not.toMatch(/hidden|BEGIN|s3cret/);
  });

  it("refuse keys that there cannot be, and more than an object holds", () => {
    const odd = withFiles([seed("/etc/app/a b", "x"), seed("/srv/big", "é".repeat(600_000))]);
    expect(() => kubernetesFiles(odd)).toThrow(
      /^catalog\/app\.yaml:1: app: "a b" cannot be a key of the ConfigMap app-files-etc-app; name .*\n.*app-files-srv would hold 1200003 bytes/,
    );
  });

  const noKubectl = execaSync("kubectl", ["version", "--client"], { reject: false }).failed;
  it.skipIf(noKubectl)("are what kubectl reads", () => {
    for (const { path, text } of kubernetesFiles(withFiles(files))) {
      const at = join(folder(), path);
      writeFileSync(at, text);
      const { stdout } = execaSync("kubectl", ["label", "--local", "-f", at, "read=back", "-o", "name"]);
      expect(stdout.split("\n").filter((line) => line.includes("app-"))).toHaveLength(3);
    }
  });
});
