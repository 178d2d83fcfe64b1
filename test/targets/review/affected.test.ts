import { describe, expect, it } from "vitest";
import { type Affected, affectedBy } from "../../../targets/review/affected.ts";
import { linkTo } from "../../fixtures/records.ts";
import { changed, household, reviewOf, without } from "./reviewOf.ts";

async function affected(...records: Parameters<typeof reviewOf>): Promise<Affected> {
  const { changes, last, next } = await reviewOf(...records);
  return affectedBy(changes, last, next);
}

describe("what changes mean", () => {
  it("is nothing without changes", async () => {
    expect(await affected(household, household)).toEqual({
      services: new Map(),
      links: new Map(),
      removed: [],
    });
  });

  it("is everything added where nothing was", async () => {
    const { services, links, removed } = await affected(household);
    expect([...services]).toEqual(
      ["app", "client", "gate", "store", "tunnel"].map((name) => [name, "added"]),
    );
    expect([...links.keys()]).toEqual(["app client", "app store", "gate app"]);
    expect(new Set(links.values())).toEqual(new Set(["added"]));
    expect(removed).toEqual([]);
  });

  it("is a service changed by its own record alone", async () => {
    for (const fields of [
      { limits: { memory: 64, cpus: 0.1 } },
      { files: [{ path: "/etc/app/app.conf", content: "level: debug" }] },
      { lifted: [] },
    ]) {
      const { services } = await affected(changed("app", fields), household);
      expect([...services]).toEqual([["app", "changed"]]);
    }
  });

  it("is a link added, and its ends made anew because of it", async () => {
    const { services, links } = await affected(
      changed("gate", { links: [linkTo("store", 5432)] }),
      household,
    );
    expect([...services]).toEqual([
      ["gate", "follows"],
      ["store", "follows"],
    ]);
    expect([...links]).toEqual([["gate store", "added"]]);
  });

  it("is the clients of a VPN container following it", async () => {
    const { services } = await affected(
      changed("tunnel", { environment: { COUNTRY: "Iceland" } }),
      household,
    );
    expect([...services]).toEqual([
      ["client", "follows"],
      ["tunnel", "changed"],
    ]);
  });

  it("is a service removed, with the segment it was in and its links", async () => {
    const { services, links, removed } = await affected(without("app"), household);
    expect(services.get("app")).toBe("removed");
    expect(services.get("store")).toBe("follows");
    expect([...links]).toEqual(["app client", "app store", "gate app"].map((key) => [key, "removed"]));
    expect(removed).toEqual([{ name: "app", segment: "media" }]);
  });

  it("is links changed where their addresses move", async () => {
    const { links } = await affected(changed("store", { number: 9 }), household);
    expect([...links]).toEqual([["app store", "changed"]]);
  });
});
