import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { appendPrivate, writePrivate } from "../../targets/files.ts";
import { folder, projectRoot } from "../fixtures/folders.ts";

/** Calls a function of the module on a file, in a process for which the file system takes half a KiB of each. */
function onFullDisk(call: "writePrivate" | "appendPrivate", path: string, text: string) {
  const script = `import { ${call} } from "./targets/files.ts"; ${call}(${JSON.stringify(path)}, ${JSON.stringify(text)});`;
  const program = `ulimit -f 1; exec "$0" --import tsx --input-type module --eval "$1"`;
  return execa("sh", ["-c", program, process.execPath, script], {
    cwd: projectRoot,
    env: { TSX_DISABLE_CACHE: "1" },
    reject: false,
  });
}

describe("a private file", () => {
  it("is for its owner alone, in folders that are too, with nothing left beside it", () => {
    const home = folder();
    const path = join(home, "a", "b", "file");
    writePrivate(path, "text ü");
    expect(readFileSync(path, "utf8")).toBe("text ü");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, "a")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(home, "a", "b"))).toEqual(["file"]);
  });

  it("takes the place of an earlier one, also of one that others could read", () => {
    const path = join(folder({ file: "something much longer than the new text" }), "file");
    expect(statSync(path).mode & 0o077).not.toBe(0);
    writePrivate(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("is whole, or the old one stays, when the disk takes only part of it", async () => {
    const home = folder({ file: "the old text" });
    const { exitCode, stderr } = await onFullDisk("writePrivate", join(home, "file"), "new".repeat(1000));
    expect(stderr).toContain("EFBIG");
    expect(exitCode).toBe(1);
    expect(readdirSync(home)).toEqual(["file"]);
    expect(readFileSync(join(home, "file"), "utf8")).toBe("the old text");
  });

  it("leaves no copy beside it when it cannot be put in place", () => {
    const home = folder();
    mkdirSync(join(home, "taken"));
    expect(() => writePrivate(join(home, "taken"), "a secret")).toThrow();
    expect(readdirSync(home)).toEqual(["taken"]);
  });
});

describe("a log", () => {
  it("has a line whole, or says that it has not, when the disk takes only part of it", async () => {
    const path = join(folder(), "log");
    appendPrivate(path, "first");
    const { exitCode, stderr } = await onFullDisk("appendPrivate", path, "second".repeat(1000));
    expect(stderr).toContain("EFBIG");
    expect(exitCode).toBe(1);
    appendPrivate(path, "third");
    expect(readFileSync(path, "utf8")).toBe("first\nthird\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});
