import { describe, expect, it } from "vitest";
import { parseImage } from "../../stacks/imageReference.ts";
import { loadStack } from "../../stacks/load.ts";
import { isReal } from "../../stacks/platform.ts";
import { projectRoot } from "../fixtures/folders.ts";
import { service } from "../fixtures/platforms.ts";
import { stackText } from "../fixtures/stackConfigs.ts";

/** A rehearsal in which Redis runs for real, held at an image where one is given. */
function rehearsal(image?: string) {
  const overrides = image === undefined ? {} : { redis: { image: parseImage(image) } };
  const text = stackText({ services: { include: ["redis"] }, real: ["redis"], overrides });
  return loadStack(projectRoot, "dev", { text }).platform;
}

describe("a real program of a rehearsal", () => {
  const { image, ...rest } = service(rehearsal(), "redis");

  it.each([image.reference, "ums-real-redis:of-an-older-recipe", "redis:made-at-home"])(
    "is what its record says, from whatever image it is held at: %s",
    (reference) => {
      const held = rehearsal(reference);
      expect(service(held, "redis")).toEqual({ ...rest, image: { ...parseImage(reference), reference } });
      expect(isReal(held, "redis")).toBe(true);
    },
  );

  it("is a stand-in as long as it is held at one", () => {
    const held = rehearsal("ums-standin:of-an-older-source");
    expect(service(held, "redis")).toMatchObject({
      image: { reference: "ums-standin:of-an-older-source" },
      entrypoint: ["/standin"],
    });
    expect(isReal(held, "redis")).toBe(false);
  });
});
