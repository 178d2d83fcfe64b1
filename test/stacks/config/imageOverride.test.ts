import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { overrideImage } from "../../../stacks/config/imageOverride.ts";
import { parseImage, showImage } from "../../../stacks/imageReference.ts";

const digest = `sha256:${"a".repeat(64)}`;
const image = { repository: "ghcr.io/home/wiki", tag: "2.5", digest };
const text = `# ours
config:
  ums:platform:
    domain: media.example.com # the house
    budget: {memory: 1024, cpus: 2}
`;

describe("an image in place of a record's", () => {
  it("is written below overrides, and everything else stays", () => {
    const held = overrideImage(text, "wiki", image);
    expect(held.startsWith(text)).toBe(true);
    expect((parse(held) as { config: { "ums:platform": object } }).config["ums:platform"]).toMatchObject({
      overrides: { wiki: { image } },
    });
    expect(overrideImage(held, "wiki", undefined)).toBe(text);
  });

  it("leaves what else is overridden, and its comments", () => {
    const more = `${text}    overrides:\n      wiki:\n        memory: 64 # small\n      other: {cpus: 1}\n`;
    const held = overrideImage(more, "wiki", { repository: "local", tag: "1" });
    expect(held).toContain('memory: 64 # small\n        image: {repository: local, tag: "1"}\n');
    expect(overrideImage(held, "wiki", image)).toContain(`digest: ${digest}`);
    expect(overrideImage(held, "wiki", undefined)).toBe(more);
  });

  it("changes no byte where there is none to take away", () => {
    const odd = text.replace("domain:", "domain:   ");
    expect(overrideImage(odd, "wiki", undefined)).toBe(odd);
  });
});

describe("an image reference", () => {
  it.each(["ums-standin:0123456789ab", "host.example:5000/a/b:1.0", `docker.io/library/redis:7@${digest}`])(
    "%s is read and shown as it is written",
    (reference) => expect(showImage(parseImage(reference))).toBe(reference),
  );

  it("tells a registry's port from a tag", () => {
    expect(parseImage("host.example:5000/a:1").repository).toBe("host.example:5000/a");
    expect(() => parseImage("host.example:5000/a")).toThrow("no image reference");
  });
});
