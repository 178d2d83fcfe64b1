import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  planSeeding,
  type Seeder,
  seedSteps,
  shellSeeder,
  standinSeeder,
} from "../../../../components/storage/seeding.ts";
import { buildStandinImage } from "../../../../rehearsal/build.ts";
import { buildRealImage } from "../../../../rehearsal/real/build.ts";
import { found, service } from "../../../fixtures/platforms.ts";
import { docker, root } from "../../harness.ts";
import { noReal, realProgram, removeTest } from "../real.ts";
import { stackWith } from "./databases.ts";

/** Any program beside a shell. */
const program = realProgram("redis");
const why = await noReal(program);
const test = "umstestfolders";

const dev = stackWith();

describe.skipIf(why !== "")("the library's folders", () => {
  let shell: string;
  let standin: string;

  beforeAll(async () => {
    await removeTest(test);
    shell = await buildRealImage(root, program);
    standin = await buildStandinImage(root);
  });
  afterAll(() => removeTest(test));

  /** Runs a program on the volume as the one-shot container of a service has it. Returns what it prints. */
  async function onVolume(
    image: string,
    entrypoint: string[],
    command: string[],
    volume: string,
  ): Promise<string> {
    const container = await docker.createContainer({
      Image: image,
      Entrypoint: entrypoint,
      Cmd: command,
      User: "0:0",
      Tty: true,
      Labels: { "ums.stack": test },
      HostConfig: {
        NetworkMode: "none",
        CapDrop: ["ALL"],
        CapAdd: ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
        Mounts: [{ Type: "volume", Source: volume, Target: "/seed/data", ReadOnly: false }],
      },
    });
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    const output = String(await container.logs({ stdout: true, stderr: true }));
    expect({ StatusCode, output }).toMatchObject({ StatusCode: 0 });
    return output;
  }

  const seeders: [string, () => Seeder][] = [
    ["the stand-in", () => standinSeeder(standin)],
    ["a shell", () => shellSeeder(shell)],
  ];

  it.each(seeders)(
    "are made by %s, each service's own, and what is in them stays",
    async (name, seederOf) => {
      const seeder = seederOf();
      const volume = `${test}-${name.replaceAll(" ", "-")}`;
      await docker.createVolume({ Name: volume, Labels: { "ums.stack": test } });
      const seed = async (of: string) => {
        const plan = found(planSeeding("dev", service(dev, of)), "a plan");
        const steps = seedSteps({ ...plan, folders: [], files: [] }).filter(({ path }) =>
          path.startsWith("/seed/data"),
        );
        const { entrypoint, command } = seeder.command(steps);
        await onVolume(seeder.image, entrypoint, command, volume);
      };
      await seed("sonarr");
      await onVolume(shell, ["sh", "-c"], ["echo film > /seed/data/media/tv/kept"], volume);
      await seed("radarr");
      await seed("sonarr");
      const listed = await onVolume(
        shell,
        ["sh", "-c"],
        ["cd /seed/data && find . -exec stat -c '%u:%g %a %n' {} + | sort -k3"],
        volume,
      );
      expect(listed.trim().split(/\r?\n/)).toEqual([
        "1000:1000 755 .",
        "1000:1000 755 ./media",
        "1000:1000 755 ./media/movies",
        "1000:1000 755 ./media/tv",
        "0:0 644 ./media/tv/kept",
        "1000:1000 755 ./torrents",
        "1000:1000 755 ./torrents/movies",
        "1000:1000 755 ./torrents/tv",
        "1000:1000 755 ./usenet",
        "1000:1000 755 ./usenet/complete",
        "1000:1000 755 ./usenet/complete/movies",
        "1000:1000 755 ./usenet/complete/tv",
      ]);
    },
  );
});
