import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { folder, projectRoot } from "../fixtures/folders.ts";

/** A development stack of these services. */
function stackFile(services: object): string {
  const platform = {
    environment: "development",
    images: "rehearsal",
    domain: "media.localhost",
    services,
    budget: { memory: 131_072, cpus: 16 },
  };
  const home = folder({ "stack.yaml": stringify({ config: { "ums:platform": platform } }) });
  return join(home, "stack.yaml");
}

function dry(file: string, command: string, name: string) {
  return execa(
    process.execPath,
    [
      join(projectRoot, "cli", "bin.mjs"),
      command,
      name,
      "--stack",
      "umstry",
      "--stack-file",
      file,
      "--dry-run",
    ],
    { reject: false },
  );
}

describe("what measures a service", () => {
  it("goes and comes with that service, unasked", async () => {
    const named = stackFile({ include: ["prometheus", "bazarr", "prowlarr"] });
    const removed = await dry(named, "remove", "bazarr");
    expect(removed.stdout).toContain("leaves the stack: bazarr, exportarr-bazarr");
    expect(removed.exitCode).toBe(0);
    const added = await dry(stackFile({ include: ["prometheus"] }), "add", "bazarr");
    expect(added.stdout).toMatch(/^joins the stack: .*exportarr-bazarr/m);
  });

  it("is left out by disable, and not by remove, which says so", async () => {
    const named = stackFile({ include: ["prometheus", "bazarr"] });
    const disabled = await dry(named, "disable", "exportarr-bazarr");
    expect(disabled.stdout).toContain("leaves the stack: exportarr-bazarr");
    const removed = await dry(named, "remove", "exportarr-bazarr");
    expect(removed.stderr).toContain(
      "exportarr-bazarr is in the stack because it measures bazarr; services.exclude leaves it out",
    );
    expect(removed.exitCode).toBe(2);
  });

  it("goes along by its name where the stack has every service", async () => {
    const all = stackFile({ include: "all" });
    expect((await dry(all, "remove", "bazarr")).stderr).toContain("exportarr-bazarr");
  });
});
