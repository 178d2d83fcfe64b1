import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { page } from "../../../policies/lib/page.ts";
import { policies } from "../../../policies/pack.ts";
import { projectRoot } from "../../fixtures/folders.ts";

it("policies/README.md is what the policies say (npm run policies writes it)", () => {
  expect(readFileSync(join(projectRoot, "policies/README.md"), "utf8")).toBe(page());
});

it("names every policy once, with a public source", () => {
  expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
  for (const { name, source } of policies) {
    expect(page()).toContain(`### ${name}\n`);
    expect(source.url).toMatch(/^https:\/\//);
  }
});
