import { describe, expect, it } from "vitest";
import { loadStack } from "../../../stacks/load.ts";
import { projectRoot } from "../../fixtures/folders.ts";

describe.each(["dev", "staging", "prod"])("files of stack %s", (stack) => {
  const { platform } = loadStack(projectRoot, stack);
  const files = platform.services.flatMap(({ name, files }) =>
    files.map(({ path, mode, content }) => ({ name, path, mode, isSecret: "secret" in content })),
  );

  it("that hold a secret, given or written by a generator, are their owner's alone to read", () => {
    const secret = files.filter(({ isSecret }) => isSecret);
    expect(secret.length).toBeGreaterThan(20);
    expect(secret.filter(({ mode }) => mode !== "0400")).toEqual([]);
  });
});
