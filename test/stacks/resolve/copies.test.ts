import { describe, expect, it } from "vitest";
import { names, pairs, platform } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields } from "../../fixtures/records.ts";

const gate: RecordFields = { roles: ["gateway"], segment: "dmz", ports: listensOn(443) };
const app: RecordFields = {
  ports: listensOn(3000),
  route: { subdomain: "app", port: 3000, access: "public", reason: "a test" },
  balance: { sticky: false, reason: "a test" },
};
const copy: RecordFields = { ports: listensOn(3000), replicaOf: "app" };
const balancer: RecordFields = { roles: ["balancer"], ports: listensOn(8080) };

describe("a copy of a service", () => {
  it("is linked to the gateway as the service itself is", () => {
    expect(pairs(platform({ gate, app, copy }))).toEqual(["gate -> app", "gate -> copy"]);
  });

  it("is linked to the load balancer instead, where the gateway is linked to one", () => {
    const linked = { ...gate, links: [linkTo("balancer", 8080, { required: false, ordered: false })] };
    expect(pairs(platform({ gate: linked, app, copy, balancer }))).toEqual([
      "balancer -> app",
      "balancer -> copy",
      "gate -> balancer",
    ]);
    expect(pairs(platform({ gate, app, copy, balancer }))).toEqual(["gate -> app", "gate -> copy"]);
  });

  it("brings the service with it", () => {
    const config = { services: { include: ["copy"] } };
    const of = platform({ app, copy }, { config });
    expect(names(of)).toEqual(["app", "copy"]);
    expect(of.warnings.map(({ message }) => message)).toEqual([
      "app is in the stack because copy requires it",
    ]);
  });

  it.each<[string, Record<string, RecordFields>, string]>([
    [
      "of one without balance",
      { app: { ...app, balance: undefined }, copy },
      "copy is a copy of app, which has no balance: requests are shared where the original has a route and says in balance how",
    ],
    [
      "of one without a route",
      { app: { ports: listensOn(3000) }, copy },
      "copy is a copy of app, which has no route: requests are shared where the original has a route and says in balance how",
    ],
    [
      "of a copy",
      { app, copy, third: { ...copy, replicaOf: "copy" } },
      "third is a copy of copy, which is a copy itself: name app",
    ],
    [
      "that listens elsewhere",
      { app, copy: { ...copy, ports: listensOn(3001) } },
      "copy is a copy of app, but does not listen on 3000/tcp, where its requests arrive",
    ],
    ["of nothing", { copy }, 'replicaOf names "app", which is in no catalogue'],
  ])("is refused %s", (_, records, message) => {
    expect(complaints(() => platform(records))).toEqual([expect.stringContaining(message)]);
  });
});

it("a stack has one load balancer", () => {
  expect(complaints(() => platform({ gate, a: balancer, b: balancer }))).toEqual([
    expect.stringContaining("b and a both have the role balancer; a stack has one"),
  ]);
});
