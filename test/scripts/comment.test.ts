import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder } from "../fixtures/folders.ts";
import { runScript } from "./programs.ts";

const marker = "<!-- ums plan:review -->";
const url = (id: number) => `https://github.com/owner/repo/pull/12#issuecomment-${id}`;

async function comment(comments: { body: string; url: string; viewerDidAuthor: boolean }[]) {
  const plans = folder({ "dev.md": "plan of dev\n", "prod.md": "plan of prod\n" });
  return runScript(
    "comment.ts",
    ["--pull", "12", join(plans, "dev.md"), join(plans, "prod.md")],
    ["gh"],
    [{ when: "gh pr view", output: JSON.stringify({ comments }) }],
  );
}

describe("the comment on a pull request", () => {
  it("is made once, of all files in their order", async () => {
    const other = { body: "looks good", url: url(1), viewerDidAuthor: true };
    const { calls, exitCode } = await comment([other]);
    expect(exitCode).toBe(0);
    expect(calls.map(({ words }) => words.join(" "))).toEqual([
      "pr view 12 --json comments",
      "pr comment 12 --body-file -",
    ]);
    expect(calls[1]?.input).toBe(`${marker}\n\nplan of dev\n\nplan of prod`);
  });

  it("is written anew afterwards", async () => {
    const { calls } = await comment([{ body: `${marker}\n\nold`, url: url(34), viewerDidAuthor: true }]);
    expect(calls[1]?.words.join(" ")).toBe(
      "api --silent --method PATCH repos/{owner}/{repo}/issues/comments/34 --input -",
    );
    expect(JSON.parse(calls[1]?.input ?? "")).toEqual({ body: `${marker}\n\nplan of dev\n\nplan of prod` });
  });

  it("is never another's, whatever that begins with", async () => {
    const { calls } = await comment([{ body: `${marker}\n\nfalse`, url: url(5), viewerDidAuthor: false }]);
    expect(calls[1]?.words[1]).toBe("comment");
  });
});
