import { describe, expect, it } from "vitest";
import { checkRecord } from "../../../stacks/catalog/check.ts";
import { formatProblem } from "../../../stacks/errors.ts";
import { complaints } from "../../fixtures/problems.ts";
import { listensOn, type RecordFields, record } from "../../fixtures/records.ts";

const oidc: NonNullable<RecordFields["oidc"]> = { redirects: ["/callback"], secret: "client-secret" };
const whole: RecordFields = {
  ports: listensOn(80),
  route: { subdomain: "app", port: 80, access: "user" },
  secrets: [{ name: "client-secret", generate: "password" }],
  oidc,
};
const problems = (fields: RecordFields) => checkRecord(record({ ...whole, ...fields })).map(formatProblem);

describe("a client of the sign-in", () => {
  it("has a route and a generated secret", () => {
    expect(problems({})).toEqual([]);
  });

  it("is refused without a route", () => {
    expect(problems({ route: undefined })).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: oidc\.redirects are paths of the service's own address: give it a route$/,
      ),
    ]);
  });

  it.each([
    [
      "names none of its secrets",
      { secret: "client-secrt" },
      'oidc.secret "client-secrt" is no generated secret of the record, did you mean "client-secret"?',
    ],
    [
      "names one that people set",
      { secret: "set" },
      'oidc.secret "set" is no generated secret of the record',
    ],
  ])("is refused when it %s", (_, wrong, message) => {
    const secrets = [...(whole.secrets ?? []), { name: "set", config: "appSecret" }];
    expect(problems({ secrets, oidc: { ...oidc, ...wrong } })).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    [{ redirects: ["callback"] }, "use a path that starts with /"],
    [{ redirects: [] }, "oidc.redirects"],
    [{ scopes: ["opendi" as "openid"] }, 'is "opendi", did you mean "openid"?'],
  ])("is refused with %j", (wrong, message) => {
    expect(complaints(() => record({ ...whole, oidc: { ...oidc, ...wrong } }))).toEqual([
      expect.stringContaining(message),
    ]);
  });
});

it("a secret that is born with the stack is never too weak", () => {
  const secrets = [{ name: "a", generate: "password" as const, strong: true }];
  expect(complaints(() => record({ secrets }))).toEqual([
    expect.stringContaining("only a secret that people set can be too weak: say config, or leave strong out"),
  ]);
});

it("a log is read by collections of CrowdSec's hub alone", () => {
  expect(complaints(() => record({ crowdsec: { type: "x", collections: ["traefik"] } }))).toEqual([
    expect.stringContaining("write author/name, as CrowdSec's hub does"),
  ]);
});
