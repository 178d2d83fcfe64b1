import { describe, expect, it } from "vitest";
import { complaints, positionOf } from "../../fixtures/problems.ts";
import { stackConfig, stackText } from "../../fixtures/stackConfigs.ts";

type Fields = Parameters<typeof stackConfig>[0];

/** What is wrong with a stack's config of these fields: what is told of the words given, without their place. */
function wrong(fields: unknown, words: string): string[] {
  const { line, column } = positionOf(stackText(fields as Fields), words);
  const place = `Pulumi.test.yaml:${line}:${column}: `;
  return complaints(() => stackConfig(fields as Fields)).map((one) =>
    one.startsWith(place) ? one.slice(place.length) : `elsewhere: ${one}`,
  );
}

describe("the gateway's sections", () => {
  it("need not be written", () => {
    expect(stackConfig().platform).toMatchObject({
      gateway: { rateLimit: { average: 100, burst: 200 }, maxBody: 10, bouncer: true },
      tls: {},
      trustedProxies: [],
    });
    expect(stackConfig().platform.tunnel).toBeUndefined();
  });

  it("take what they describe", () => {
    const fields = {
      tls: {
        challenge: "dns",
        dnsProvider: "hetzner",
        email: "me@example.org",
        authority: "letsEncryptStaging",
      },
      trustedProxies: ["192.0.2.0/24", "2001:db8::/32"],
      tunnel: { id: "3f1b6c1e-4f0a-4c59-9d7e-5a2b8c6d1e0f" },
      gateway: { rateLimit: { average: 1, burst: 1 }, maxBody: 1, bouncer: false },
    } as const satisfies Fields;
    expect(stackConfig(fields).platform).toMatchObject(fields);
    expect(stackConfig({ trustedProxies: "cloudflare" }).platform.trustedProxies).toBe("cloudflare");
  });

  it.each([
    [
      "an unknown challenge",
      { tls: { challenge: "magic" } },
      "challenge:",
      /^config\.ums:platform\.tls\.challenge is "magic"; possible: http, dns, selfSigned$/,
    ],
    [
      "a misspelt provider",
      { tls: { challenge: "dns", dnsProvider: "cloudflair" } },
      "dnsProvider:",
      /is "cloudflair", did you mean "cloudflare"\?$/,
    ],
    [
      "a provider that is not asked",
      { tls: { challenge: "http", dnsProvider: "hetzner" } },
      "dnsProvider:",
      /a DNS provider is asked with challenge: dns alone; say that too, or leave this out/,
    ],
    ["a contact that is none", { tls: { email: "me" } }, "email:", /not an e-mail address \(found "me"\)/],
    [
      "a proxy that is no network",
      { trustedProxies: ["somewhere"] },
      "somewhere",
      /write a network as 192\.0\.2\.0\/24 or 2001:db8::\/32/,
    ],
    [
      "trust in everyone",
      { trustedProxies: ["0.0.0.0/0"] },
      "0.0.0.0/0",
      /this network is the whole internet; name the proxy's own/,
    ],
    [
      "a tunnel's name for its id",
      { tunnel: { id: "home" } },
      "id:",
      /write the tunnel's id, which `cloudflared tunnel create` prints \(found "home"\)/,
    ],
    ["no limit at all", { gateway: { maxBody: 0 } }, "maxBody:", /maxBody/],
  ])("refuse %s, with its place", (_, fields, words, message) => {
    const told = wrong(fields, words);
    expect(told).toEqual([expect.stringMatching(message)]);
    expect(told[0]).not.toMatch(/^elsewhere/);
  });
});
