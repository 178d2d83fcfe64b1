import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ExportedFile } from "../../../targets/export/exported.ts";
import { markerName, writeExport } from "../../../targets/export/folder.ts";
import { folder } from "../../fixtures/folders.ts";

const of = { stack: "test", format: "shell" };
const file = (path: string, text: string, secret = false): ExportedFile => ({ path, text, secret });
const text = (...path: string[]) => readFileSync(join(...path), "utf8");
const modeOf = (...path: string[]) => statSync(join(...path)).mode & 0o777;

describe("the folder of an export", () => {
  it("has every file, and those with secrets for its owner alone", () => {
    const at = join(folder(), "new", "deep");
    const report = writeExport(at, of, [file("a.sh", "A"), file("files/app/b", "B", true)]);
    expect(report).toEqual({ written: ["a.sh", "files/app/b"], removed: [], kept: [] });
    expect([text(at, "a.sh"), text(at, "files/app/b")]).toEqual(["A", "B"]);
    expect([modeOf(at, "a.sh"), modeOf(at, "files/app/b"), modeOf(at, markerName)]).toEqual([
      0o644, 0o600, 0o600,
    ]);
  });

  it("is updated: what changed is written, what is gone is removed, the same is left alone", () => {
    const at = folder();
    writeExport(at, of, [
      file("same", "1"),
      file("changed", "1"),
      file("files/gone/x", "1"),
      file("hides", "1"),
    ]);
    const { ino } = statSync(join(at, "same"));
    const next = [file("same", "1"), file("changed", "2"), file("hides", "1", true), file("new", "1")];
    expect(writeExport(at, of, next)).toEqual({
      written: ["changed", "hides", "new"],
      removed: ["files/gone/x"],
      kept: [],
    });
    expect(statSync(join(at, "same")).ino).toBe(ino);
    expect(modeOf(at, "hides")).toBe(0o600);
    expect(readdirSync(at).sort()).toEqual([markerName, "changed", "hides", "new", "same"]);
    expect(writeExport(at, of, next)).toEqual({ written: [], removed: [], kept: [] });
  });

  it("keeps what others put there, and refuses to write over it before it changes anything", () => {
    const at = folder({ "notes.txt": "mine", "b.sh": "mine" });
    const write = () => writeExport(at, of, [file("a.sh", "A"), file("b.sh", "B")]);
    expect(write).toThrow(
      `${join(at, "b.sh")}: is there and was not written by an export; move it away, or export to another folder`,
    );
    expect(existsSync(join(at, "a.sh"))).toBe(false);
    expect(text(at, "b.sh")).toBe("mine");
    expect(writeExport(at, of, [file("a.sh", "A")]).written).toEqual(["a.sh"]);
    expect(writeExport(at, of, []).removed).toEqual(["a.sh"]);
    expect(text(at, "notes.txt")).toBe("mine");
  });

  it("does not follow links out of it", () => {
    const elsewhere = folder({ x: "theirs" });
    const at = folder();
    symlinkSync(elsewhere, join(at, "files"));
    symlinkSync(join(elsewhere, "x"), join(at, "a"));
    expect(() => writeExport(at, of, [file("files/new", "X")])).toThrow(
      `${join(at, "files")}: is no folder, and the export needs one here; move it away`,
    );
    expect(() => writeExport(at, of, [file("a", "A")])).toThrow(`${join(at, "a")}: is there and was not`);
    expect(readdirSync(elsewhere)).toEqual(["x"]);
    expect(text(elsewhere, "x")).toBe("theirs");
  });

  it("keeps what was filled in while the export has nothing new for it, and asks otherwise", () => {
    const at = folder();
    writeExport(at, of, [file(".env", "KEY=\n", true), file("a", "1")]);
    writeFileSync(join(at, ".env"), "KEY=mine\n");
    expect(writeExport(at, of, [file(".env", "KEY=\n", true), file("a", "2")])).toEqual({
      written: ["a"],
      removed: [],
      kept: [".env"],
    });
    expect(text(at, ".env")).toBe("KEY=mine\n");
    expect(() => writeExport(at, of, [file(".env", "KEY=\nMORE=\n", true), file("a", "3")])).toThrow(
      `${join(at, ".env")}: was edited since the last export, which has something new for it`,
    );
    expect(() => writeExport(at, of, [file("a", "3")])).toThrow("is not part of the export any more");
    expect([text(at, ".env"), text(at, "a")]).toEqual(["KEY=mine\n", "2"]);
  });

  it("goes on after an export that was interrupted", () => {
    const at = folder();
    const files = (content: string) => ["a", "b", "c"].map((path) => file(path, content));
    writeExport(at, of, [file("a", "1")]);
    // Where the third file is written before it gets its name.
    const inTheWay = join(at, `c.${process.pid}.new`);
    mkdirSync(inTheWay);
    expect(() => writeExport(at, of, files("2"))).toThrow();
    expect([text(at, "a"), text(at, "b"), existsSync(join(at, "c"))]).toEqual(["2", "2", false]);
    rmdirSync(inTheWay);
    expect(writeExport(at, of, files("3")).written).toEqual(["a", "b", "c"]);
    expect(["a", "b", "c"].map((path) => text(at, path))).toEqual(["3", "3", "3"]);
  });

  it("holds one export, and a marker that was not tampered with", () => {
    const at = folder();
    writeExport(at, of, [file("a", "1")]);
    expect(() => writeExport(at, { stack: "other", format: "shell" }, [])).toThrow(
      "the folder holds the stack test as shell: export to another folder",
    );
    expect(() => writeExport(join(at, "a"), of, [])).toThrow("is a file: name a folder");
    for (const damaged of ["{", '{"version":1,"stack":"test","format":"shell","files":{"../x":["1"]}}']) {
      writeFileSync(join(at, markerName), damaged);
      expect(() => writeExport(at, of, [])).toThrow("is damaged: export to another folder");
    }
    mkdirSync(join(at, "b"));
    writeFileSync(join(at, markerName), '{"version":1,"stack":"test","format":"shell","files":{"b":["1"]}}');
    expect(() => writeExport(at, of, [file("b", "1")])).toThrow("is no plain file any more");
  });
});
