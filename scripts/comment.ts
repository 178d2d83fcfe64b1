import { readFileSync } from "node:fs";
import { Command } from "commander";
import { execa } from "execa";

interface Comment {
  body: string;
  url: string;
  viewerDidAuthor: boolean;
}

/** First line of the comment, which nobody sees. */
const marker = "<!-- ums plan:review -->";

/**
 * Puts Markdown files into one comment of a pull request. It is made once and written anew afterwards: among those of
 * the same account, the one that starts with the marker. Works as whoever `gh`, GitHub's command, is logged in as.
 */
async function comment(pull: string, files: readonly string[]): Promise<void> {
  const body = [marker, ...files.map((file) => readFileSync(file, "utf8").trim())].join("\n\n");
  const { stdout } = await execa("gh", ["pr", "view", pull, "--json", "comments"]);
  const { comments } = JSON.parse(stdout) as { comments: Comment[] };
  const earlier = comments.find((one) => one.viewerDidAuthor && one.body.startsWith(marker));
  const id = /#issuecomment-(\d+)$/.exec(earlier?.url ?? "")?.[1];
  if (id === undefined) await execa("gh", ["pr", "comment", pull, "--body-file", "-"], { input: body });
  else {
    const path = `repos/{owner}/{repo}/issues/comments/${id}`;
    await execa("gh", ["api", "--silent", "--method", "PATCH", path, "--input", "-"], {
      input: JSON.stringify({ body }),
    });
  }
}

await new Command("review:comment")
  .requiredOption("--pull <number>", "the pull request")
  .argument("<files...>", "Markdown files, joined in this order")
  .action((files: string[], { pull }: { pull: string }) => comment(pull, files))
  .parseAsync();
