import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { execa } from "execa";

/**
 * Puts Markdown files into one comment of a pull request. The comment is made once and written anew afterwards: among
 * those that the same account wrote, the one that starts with the marker. The account is the one that `gh`, GitHub's
 * command, is logged in as.
 */
interface Comment {
  body: string;
  url: string;
  viewerDidAuthor: boolean;
}

const marker = "<!-- ums plan:review -->";

async function comment(pull: string, files: readonly string[]): Promise<void> {
  const body = [marker, ...files.map((file) => readFileSync(file, "utf8").trim())].join("\n\n");
  const { stdout } = await execa("gh", ["pr", "view", pull, "--json", "comments"]);
  const { comments } = JSON.parse(stdout) as { comments: Comment[] };
  const earlier = comments.find((one) => one.viewerDidAuthor && one.body.startsWith(marker));
  const id = /#issuecomment-(\d+)$/.exec(earlier?.url ?? "")?.[1];
  const folder = mkdtempSync(join(tmpdir(), "ums-comment-"));
  try {
    const file = join(folder, "body.md");
    writeFileSync(file, body);
    if (id === undefined) await execa("gh", ["pr", "comment", pull, "--body-file", file]);
    else {
      const path = `repos/{owner}/{repo}/issues/comments/${id}`;
      await execa("gh", ["api", "--method", "PATCH", path, "--field", `body=@${file}`]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await new Command("review:comment")
  .requiredOption("--pull <number>", "the pull request")
  .argument("<files...>", "Markdown files, joined in this order")
  .action((files: string[], { pull }: { pull: string }) => comment(pull, files))
  .parseAsync();
