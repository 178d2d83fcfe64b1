import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { writePrivate } from "../../targets/files.ts";
import { folder } from "../fixtures/folders.ts";

/** Bytes the file system takes at once; a nearly full disk takes fewer than it is given. */
let most = Number.POSITIVE_INFINITY;

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const writeSync = (file: number, data: string | Uint8Array, ...rest: unknown[]) => {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    const [offset = 0, length = bytes.length - Number(offset)] =
      typeof data === "string" ? [] : (rest as number[]);
    return fs.writeSync(file, bytes, offset, Math.min(length, most));
  };
  return { ...fs, writeSync, default: { ...fs, writeSync } };
});

beforeEach(() => {
  most = Number.POSITIVE_INFINITY;
});

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

  it("is whole, or the old one stays, when the disk takes only part of it", () => {
    const path = join(folder(), "file");
    writeFileSync(path, "the old text");
    most = 4;
    try {
      writePrivate(path, "the new text");
    } catch {
      // Refusing is as good as writing on.
    }
    most = Number.POSITIVE_INFINITY;
    expect(["the old text", "the new text"]).toContain(readFileSync(path, "utf8"));
  });

  it("leaves no copy beside it when it cannot be put in place", () => {
    const home = folder();
    mkdirSync(join(home, "taken"));
    expect(() => writePrivate(join(home, "taken"), "a secret")).toThrow();
    expect(readdirSync(home)).toEqual(["taken"]);
  });
});
