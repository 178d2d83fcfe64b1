import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parseDocument } from "yaml";
import { findCompiler } from "../../../rehearsal/build.ts";
import { standinImage } from "../../../rehearsal/image.ts";
import { docker, type Run, readMarker, root, TestStack, until, writeMarker } from "../harness.ts";

/** A program that runs, and says of itself that it is not well. */
const sickSource = `#include <string.h>
#include <unistd.h>
int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "check") == 0) return 1;
  for (;;) pause();
}
`;

interface UpdateSuite {
  engine: "compose" | "pulumi";
  name: string;
  octet: number;
  offset: number;
}

/** What `ums update` and `ums rollback` do on an engine. */
export function describeUpdates({ engine, name, octet, offset }: UpdateSuite): void {
  const why = inject(engine === "pulumi" ? "noPulumi" : "noCompose");
  const old = standinImage(root);
  // The policies know the stand-in by its repository.
  const [repository = ""] = old.split(":");
  const good = `${repository}:${name}-good`;
  const bad = `${repository}:${name}-bad`;

  describe.skipIf(why !== "")(`updates with ${engine}${why && ` (${why})`}`, () => {
    let stack: TestStack;
    const volume = `${name}-kavita_config`;
    const imageOf = async (service: string) => (await stack.container(service).inspect()).Config.Image;
    const healthOf = async (service: string) =>
      (await stack.container(service).inspect()).State.Health?.Status;
    const config = () => readFileSync(stack.file, "utf8");
    const overrideIn = (text: string) =>
      parseDocument(text).getIn(["config", "ums:platform", "overrides", "kavita", "image"])?.toString();
    /** Declares an image for kavita, as a changed record would, below a comment. */
    const declare = (reference: string) => {
      const [, tag] = reference.split(":");
      stack.configure({
        include: ["kavita", "navidrome"],
        octet,
        offset,
        overrides: { kavita: { image: { repository, tag } } },
      });
      writeFileSync(stack.file, `# of the household\n${config()}`);
    };
    const update = (...words: string[]) => stack.ums("update", ["--no-backup", ...words]);
    const expectFine = (run: Run) => expect(run.exitCode, run.stderr + run.stdout).toBe(0);
    /** A further `up` agrees with what runs. */
    const expectNothingLeft = async () => {
      const before = await stack.identities();
      expectFine(await stack.ums("up"));
      expect(await stack.identities()).toEqual(before);
    };
    const history = () => {
      const file = join(stack.home, "stacks", name, "updates.json");
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    };
    /** Starts an update, and kills it and all it started at a moment. */
    const killUpdate = async (what: string, moment: () => Promise<boolean>) => {
      const running = stack.start("update", ["--no-backup"]);
      const ended = once(running, "exit");
      try {
        // An engine gives an unhealthy container minutes before it calls it one.
        await until(what, moment);
      } finally {
        process.kill(-(running.pid ?? 0), "SIGKILL");
        await ended;
      }
    };

    beforeAll(async () => {
      stack = new TestStack(name, { include: ["kavita", "navidrome"], octet, offset }, engine);
      expectFine(await stack.up());
      await writeMarker(volume, "kept");
      await docker.getImage(old).tag({ repo: repository, tag: `${name}-good` });
      await buildSick(bad);
    });
    afterAll(async () => {
      await stack.dispose();
      for (const image of [good, bad])
        await docker
          .getImage(image)
          .remove({ force: true })
          .catch(() => {});
    });

    it("find nothing where nothing changed", async () => {
      const run = await update();
      expectFine(run);
      expect(run.stdout).toBe("nothing to update: what was deployed is what is declared");
    });

    it("are shown without being made, and not made without a word on the backup", async () => {
      declare(good);
      const shown = await stack.ums("update", ["--dry-run"]);
      expectFine(shown);
      expect(shown.stdout).toContain(`kavita   ${old.split(":")[1]} -> ${name}-good`);
      const refused = await stack.ums("update");
      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toContain(
        `the stack ${name} has no backup service, so the data of kavita would not be backed up first; --no-backup goes on without`,
      );
      expect(await imageOf("kavita")).toBe(old);
    });

    it("leave everything else to up", async () => {
      writeFileSync(stack.file, config().replace("- navidrome", "- navidrome\n        - prowlarr"));
      const run = await update("kavita");
      expect(run.exitCode).toBe(2);
      expect(run.stderr).toMatch(/says more than new images \(.*create.*\): npx ums up --stack/);
      expect(await imageOf("kavita")).toBe(old);
      declare(good);
    });

    it("replace the container alone, and agree with up", async () => {
      const before = await stack.identities();
      const run = await update();
      expectFine(run);
      expect(run.stdout).toContain(`kavita runs ${good}; npx ums rollback kavita takes it back`);
      expect(await imageOf("kavita")).toBe(good);
      expect((await stack.identities()).navidrome).toBe(before.navidrome);
      expect(await readMarker(volume)).toBe("kept");
      await expectNothingLeft();
    });

    it("are rolled back to the image before, which the config then says, with its comments", async () => {
      const run = await stack.ums("rollback");
      expectFine(run);
      expect(await imageOf("kavita")).toBe(old);
      expect(await healthOf("kavita")).toBe("healthy");
      expect(config()).toMatch(/^# of the household\n/);
      expect(overrideIn(config())).toContain(old.split(":")[1]);
      await expectNothingLeft();
      expect((await stack.ums("rollback", ["kavita"])).exitCode).toBe(2);
    });

    it("leave what was rolled back alone, until it is updated by name", async () => {
      const run = await update();
      expect(run.stdout).toContain(`kavita is held at ${old}, because ${good} was taken back`);
      expect(await imageOf("kavita")).toBe(old);
      expectFine(await update("kavita"));
      expect(await imageOf("kavita")).toBe(good);
    });

    it("take a bad image back by themselves, keep the data, and say so by the exit code", async () => {
      declare(bad);
      const run = await update();
      expect(run.exitCode, run.stderr).toBe(1);
      expect(run.stderr).toContain("kavita is not healthy: going back");
      expect(run.stdout).toContain(`kavita has ${good} again`);
      expect(await imageOf("kavita")).toBe(good);
      expect(await healthOf("kavita")).toBe("healthy");
      expect(await readMarker(volume)).toBe("kept");
      expect(config()).toMatch(/^# of the household\n/);
      await expectNothingLeft();
    });

    it("go on where a killed one stopped", async () => {
      declare(old);
      const before = await stack.identities();
      await killUpdate("the container is being replaced", async () => {
        const now = await stack.identities().catch(() => ({ kavita: "between two" }));
        return now.kavita !== before.kavita;
      });
      expect(history()).toContain('"under way"');
      const run = await update();
      expectFine(run);
      expect(run.stdout).toContain("was interrupted, goes on");
      expect(await imageOf("kavita")).toBe(old);
      expect(await healthOf("kavita")).toBe("healthy");
      expect(await readMarker(volume)).toBe("kept");
      await expectNothingLeft();
    });

    it("finish going back when they were killed at it", async () => {
      declare(bad);
      await killUpdate("it goes back", async () => history().includes('"undoing"'));
      const run = await update();
      expectFine(run);
      expect(run.stdout).toContain("going on with the rollback of kavita");
      expect(await imageOf("kavita")).toBe(old);
      expect(await healthOf("kavita")).toBe("healthy");
      await expectNothingLeft();
    });
  });
}

async function buildSick(image: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ums-sick-"));
  try {
    const [source, program] = [join(folder, "sick.c"), join(folder, "sick")];
    writeFileSync(source, sickSource);
    await execa((await findCompiler()) ?? "cc", ["-static", "-o", program, source]);
    const archive = pack();
    archive.entry({ name: "standin", mode: 0o755 }, readFileSync(program));
    archive.entry({ name: "tmp", type: "directory", mode: 0o1777 });
    archive.finalize();
    const [repo = "", tag = ""] = image.split(":");
    const stream: NodeJS.ReadableStream = await docker.importImage(
      archive as unknown as NodeJS.ReadableStream,
      { fromSrc: "-", repo, tag },
    );
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
