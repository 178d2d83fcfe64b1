import { defineConfig } from "vitest/config";

/** Tests of stacks, which take turns; with those of secrets and updates as long, together, as all others. */
const wholeStacks = [
  "compose",
  "deployment",
  "drift",
  "faults",
  "isolation",
  "policies",
  "pulumi",
  "real",
  "services",
  "signIn",
  "secrets/*",
  "update/*",
].map((name) => `test/docker/${name}.test.ts`);

function containers(name: string, include: string[], exclude: string[] = []) {
  return {
    test: {
      name,
      include,
      exclude,
      globalSetup: ["test/docker/setup.ts"],
      fileParallelism: false,
      testTimeout: 20 * 60_000,
      hookTimeout: 20 * 60_000,
      expect: { poll: { timeout: 60_000, interval: 500 } },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/docker/**"],
          // Loading Pulumi and the catalogue anew for each of a hundred and fifty files is a third of the time.
          isolate: false,
          setupFiles: ["test/fixtures/afterFile.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 30_000 } },
        },
      },
      // Most of a container test is waiting, so `npm test` runs both at once, each on networks and ports of its own.
      containers("docker", wholeStacks),
      containers("programs", ["test/docker/**/*.test.ts"], wholeStacks),
    ],
  },
});
