import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeDifference } from "../../../targets/review/difference.ts";

const secret = (name: string, fingerprint = "0123456789abcdef") =>
  `[ums-secret random:index/randomPassword:RandomPassword ${name} result ${fingerprint}]`;
const image = (tag: string) => `registry.example.com/library/something:${tag}@sha256:${"a".repeat(64)}`;
const label = (name: string, value: string) => ({ label: name, value });

describe("a difference", () => {
  it.each([
    [256, 512, "256 → 512"],
    [true, false, "true → false"],
    [undefined, "host", "set to host"],
    ["host", undefined, "no more host"],
    [["A=1", "B=2"], ["A=1", "B=3", "C=4"], "B: 2 → 3, +C=4"],
    [["A=1"], [], "-A"],
    [undefined, ["sleep", "9"], "+9, +sleep"],
    [["a", "b"], ["b", "a"], "the order or number of its parts"],
    [{ drops: ["ALL"] }, { adds: ["NET_ADMIN"], drops: ["ALL"] }, '+adds=["NET_ADMIN"]'],
    [[label("ums.backup", "none")], [label("ums.backup", "daily")], "ums.backup: none → daily"],
    [[label("ums.lifted", "[1]")], [label("ums.lifted", "[2]")], "ums.lifted changed"],
    [[{ name: "a" }], [{ name: "b", aliases: ["c"] }], "-a, +b"],
    [[], [{ external: 443, internal: 8443, protocol: "udp" }], "+443:8443/udp"],
    [[], [{ target: "/data", source: "media" }], "+/data"],
  ])("from %j to %j is: %s", (before, after, told) => {
    expect(describeDifference(before, after)).toBe(told);
  });

  it("of an image is its tag, and the first digits of its digest", () => {
    expect(describeDifference(image("1.0"), image("1.1"))).toBe(
      "…1.0@sha256:aaaaaaaaaaaa → …1.1@sha256:aaaaaaaaaaaa",
    );
  });

  it("of a secret is its name", () => {
    expect(describeDifference(secret("old"), secret("new"))).toBe("(secret old) → (secret new)");
    expect(describeDifference([`KEY=${secret("key")}`], [`KEY=${secret("key", "f".repeat(16))}`])).toBe(
      "KEY: changed",
    );
  });

  it("of a file is the file, and nothing of what it holds", () => {
    const file = (content: string) => [{ file: "/seed/etc/app.conf", content }];
    expect(describeDifference(file("level: info"), file("level: debug"))).toBe("/seed/etc/app.conf changed");
    expect(describeDifference([], file("level: debug"))).toBe("+/seed/etc/app.conf");
  });

  it("is counted where it has many parts", () => {
    const variables = ["A=1", "B=1", "C=1", "D=1", "E=1", "F=1"];
    expect(describeDifference([], variables)).toBe("+A=1, +B=1, +C=1, +D=1 and 2 more");
  });

  it("is one short line for any two values", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        const told = describeDifference(before, after);
        expect(told).not.toMatch(/[\r\n]/);
        expect(told.length).toBeLessThan(900);
      }),
    );
  });

  it("never shows a placeholder as it is", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,12}$/), (name) => {
        expect(describeDifference("", secret(name))).not.toContain("ums-secret");
      }),
    );
  });
});
