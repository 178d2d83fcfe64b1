import { describe, expect, it } from "vitest";
import { EnvironmentFault } from "../../../stacks/errors.ts";
import { hasRoom, neighboursNeeded, requireSent } from "../../../targets/verify/neighbours.ts";
import { platform } from "../../fixtures/platforms.ts";
import { linkTo, listensOn } from "../../fixtures/records.ts";

describe("the table of neighbours", () => {
  const of = platform({
    app: { links: [linkTo("store", 80)] },
    store: { ports: listensOn(80) },
    third: {},
  });

  it("takes the members of each network, of each other and of the gateway, and the host's of them", () => {
    const inSegment = of.services.filter(({ addresses }) =>
      addresses.some(({ segment }) => segment === of.services[0]?.segment),
    ).length;
    expect(inSegment).toBe(3);
    expect(of.links.length).toBe(1);
    // Three members: six pairs and twice three. The two ends of a link: two pairs and twice two.
    expect(neighboursNeeded(of)).toBe(6 + 6 + 2 + 4);
  });

  it("has room where what is in it leaves enough, and not where that is unknown", () => {
    expect(hasRoom({ limit: 30, entries: 12, full: 5 }, of)).toBe(true);
    expect(hasRoom({ limit: 30, entries: 13, full: 0 }, of)).toBe(false);
    expect(hasRoom(undefined, of)).toBe(false);
  });

  it("makes a measurement worth nothing where it was full meanwhile", () => {
    const before = { limit: 1024, entries: 800, full: 7 };
    expect(() => requireSent(before, { ...before, entries: 1024 })).not.toThrow();
    expect(() => requireSent(before, { ...before, full: 8 })).toThrow(EnvironmentFault);
    expect(() => requireSent(before, { ...before, full: 8 })).toThrow(
      /takes 1024 entries, and was full .*what seemed closed may be open/,
    );
    expect(() => requireSent(undefined, undefined)).not.toThrow();
  });
});
