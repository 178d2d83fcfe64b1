import fc from "fast-check";
import { lexer } from "marked";
import { beforeAll, describe, expect, it } from "vitest";
import { type Review, reviewMarkdown } from "../../../targets/review/markdown.ts";
import { digest, type RecordFields } from "../../fixtures/records.ts";
import { changed, household, reviewOf, without } from "./reviewOf.ts";

/** The rows of the table of changes. */
function rows(page: string): string[] {
  return page.split("\n").filter((line) => /^\| (create|update|replace|delete) \|/.test(line));
}

describe("the review of a plan", () => {
  it("counts, and draws the whole platform where nothing is compared", async () => {
    const page = reviewMarkdown(await reviewOf(household));
    expect(page).toContain("### Plan of the stack `test`");
    expect(page).toContain("5 services, 3 links");
    expect(page).toContain("0 to update, 0 to replace, 0 to delete**, nothing was deployed from here yet.");
    expect(page.indexOf("```mermaid")).toBeLessThan(page.indexOf("<details>"));
    expect(rows(page)).toEqual([]);
    expect(page).toContain("| `app` | `writable-root` | it writes beside itself |");
  });

  it("says that nothing changes, and folds the picture", async () => {
    const page = reviewMarkdown(await reviewOf(household, household));
    expect(page).toContain("**0 to create, 0 to update, 0 to replace, 0 to delete**, since base.");
    expect(page.indexOf("<details>")).toBeLessThan(page.indexOf("```mermaid"));
    expect(page).not.toContain("CAUTION");
  });

  it("shows what changes, the gravest first, with properties", async () => {
    const image = { repository: "docker.io/library/none", tag: "1.0.1", digest };
    const later = changed("app", { image, limits: { memory: 32, cpus: 0.1 } }, without("client"));
    const records = changed("app", { links: household.app?.links?.slice(0, 1) ?? [] } as RecordFields, later);
    const page = reviewMarkdown(await reviewOf(records, household));
    expect(rows(page)).toEqual([
      "| delete | Container `client-container` |  |",
      "| delete | Network `app_to_client-network` |  |",
      "| replace | Container `app-container` | `image`: `…1.0.0@sha256:000000000000 → …1.0.1@sha256:000000000000`<br>`memory`: `16 → 32`<br>`memorySwap`: `16 → 32`<br>`networksAdvanced`: `-test-app_to_client` |",
      "| replace | Container `tunnel-container` | `networksAdvanced`: `-test-app_to_client` |",
    ]);
    expect(page).toContain(":::changed");
    expect(page).toContain(":::removed");
  });

  it("shows what is lifted newly openly, and the rest folded", async () => {
    const lifted = [{ privilege: "new-privileges" as const, reason: "it | asks @someone for <them>" }];
    const page = reviewMarkdown(await reviewOf(changed("store", { lifted }), household));
    expect(page).toContain(
      "**Newly lifted defaults (1)**\n\n| service | lifted | because |\n| --- | --- | --- |\n| `store` | `new-privileges` | it \\| asks @&#8203;someone for \\<them\\> |\n",
    );
    expect(page).toContain("<summary>Lifted defaults (2)</summary>");
  });

  it("warns of data that is left behind and of secrets made anew", async () => {
    const [secret] = household.store?.secrets ?? [];
    const secrets = [{ ...secret, name: "password", length: 64 }] as NonNullable<RecordFields["secrets"]>;
    const longer = reviewMarkdown(await reviewOf(changed("store", { secrets }), household));
    expect(longer).toContain(
      "> [!CAUTION]\n> Generated secrets that get another value: `store_password-password`",
    );
    const other = reviewMarkdown(await reviewOf(changed("store", { volumes: [] }), household));
    expect(other).toContain("> Data volumes no longer declared, which stay on the host: `store_data-volume`");
  });

  it("shows what the policies refuse before anything else", async () => {
    const review = await reviewOf(household, household);
    const violation = {
      policy: "non-root-user",
      service: "app",
      level: "mandatory",
      severity: "high",
      problem: "runs as root",
      message: "app runs as root",
      fix: "give it a user",
    };
    const report = { ...review.report, refused: [violation], advisory: [violation] };
    const page = reviewMarkdown({ ...review, report } as unknown as Review);
    expect(page).toContain("Policies: 1 refused, 1 advisory, 0 excepted.");
    expect(page).toContain("| `app` | `non-root-user` | runs as root; give it a user |");
    expect(page.indexOf("The policies refuse this plan")).toBeLessThan(page.indexOf("<details>"));
    expect(page).toContain("- `app`, `non-root-user`: runs as root");
  });

  it("has every used exception, folded", async () => {
    const review = await reviewOf(household, household);
    expect(reviewMarkdown(review)).not.toContain("Exceptions used");
    const exceptions = [
      { service: "app", policy: "closed-segments", reason: "mail is | outside", until: "2027-06-30" },
      { service: "store", policy: "health-check", reason: "no shell" },
    ];
    const page = reviewMarkdown({ ...review, report: { ...review.report, exceptions } });
    expect(page).toContain("Policies: 0 refused, 0 advisory, 2 excepted.");
    expect(page).toContain("<summary>Exceptions used (2)</summary>");
    expect(page).toContain("| `app` | `closed-segments` | 2027-06-30 | mail is \\| outside |");
    expect(page).toContain("| `store` | `health-check` | - | no shell |");
  });

  it("holds no secret, not even the placeholder of one", async () => {
    const page = reviewMarkdown(await reviewOf(household, without("store", changed("app", { links: [] }))));
    expect(page).not.toContain("ums-secret");
  });
});

describe("a page of limited length", () => {
  let review: Review;
  beforeAll(async () => {
    const many = (memory: (index: number) => number) =>
      Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => {
          const limits = { memory: memory(index), cpus: 0.1 };
          return [`service-${index}`, { number: 20 + index, limits }];
        }),
      );
    review = await reviewOf(
      { ...household, ...many((index) => (index < 11 ? 32 : 16)) },
      { ...household, ...many(() => 16) },
    );
  });

  it("is the whole page where that fits", () => {
    const whole = reviewMarkdown(review);
    expect(reviewMarkdown(review, whole.length)).toBe(whole);
    expect(whole).not.toContain("Left out");
  });

  it("is never longer, always whole Markdown, and says what it lacks", () => {
    const whole = reviewMarkdown(review).length;
    fc.assert(
      fc.property(fc.integer({ min: 900, max: whole - 1 }), (limit) => {
        const page = reviewMarkdown(review, limit);
        expect(page.length).toBeLessThanOrEqual(limit);
        expect(page).toContain("> Left out, because a comment holds no more: ");
        expect(page).toContain("### Plan of the stack");
        expect(page.match(/<details>/g)?.length).toBe(page.match(/<\/details>/g)?.length);
        expect((page.match(/^```/gm)?.length ?? 0) % 2).toBe(0);
        expect(lexer(page).filter(({ type }) => type === "code").length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 40 },
    );
  });

  it("loses the whole platform's picture first and rows of changes last", () => {
    const whole = reviewMarkdown(review);
    expect(reviewMarkdown(review, whole.length - 1)).toContain("no more: the picture of the whole platform");
    const short = reviewMarkdown(review, 1000);
    expect(rows(short).length).toBeGreaterThan(1);
    expect(short).toContain(
      `${review.changes.length - rows(short).length} of the changes (${review.changes.length})`,
    );
    expect(short).not.toContain("mermaid");
  });
});
