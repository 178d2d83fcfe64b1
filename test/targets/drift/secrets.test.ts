import { beforeEach, describe, expect, it } from "vitest";
import { found } from "../../fixtures/platforms.ts";
import { Recording } from "./recordings.ts";

const variable = "KEY";
const planned = "keyholder-container";

describe.each(["compose", "pulumi"] as const)("a secret of a stack on the %s engine", (engine) => {
  let recording: Recording;
  let value: string;
  beforeEach(() => {
    recording = new Recording(engine);
    const line = recording.container("keyholder").Config.Env?.find((one) => one.startsWith(`${variable}=`));
    value = found(line?.slice(variable.length + 1), "the secret");
    expect(value).toMatch(/^[0-9a-f]{32}$/);
  });

  function setVariable(text: string): void {
    const { Config } = recording.container("keyholder");
    Config.Env = (Config.Env ?? []).map((line) =>
      line.startsWith(`${variable}=`) ? `${variable}=${text}` : line,
    );
  }

  /** What the report says, which must hold no secret. */
  function report(...secrets: string[]) {
    const result = recording.compare();
    for (const secret of [value, ...secrets]) expect(JSON.stringify(result)).not.toContain(secret);
    return result;
  }

  it("is compared and not shown, neither as it should be nor as it is", () => {
    setVariable("f00dfeed");
    expect(report("f00dfeed").drift).toMatchObject([
      { property: `env ${variable}`, declared: "a secret", running: "differs" },
    ]);
  });

  it("is missed when its variable is gone", () => {
    const { Config } = recording.container("keyholder");
    Config.Env = (Config.Env ?? []).filter((line) => !line.startsWith(`${variable}=`));
    expect(report().drift).toMatchObject([
      { property: `env ${variable}`, declared: "a secret", running: null },
    ]);
  });

  it("is compared in files too", () => {
    const files = found(recording.files.get(`umsrec${engine}-keyholder_seed`), "files");
    files.set("/seed/run/secrets/token", { text: "f00dfeed", mode: "0400", owner: "1000:1000" });
    expect(report("f00dfeed").drift).toMatchObject([
      { service: "keyholder", property: "file /seed/run/secrets/token", running: "differs" },
    ]);
    files.delete("/seed/run/secrets/token");
    expect(report().drift).toMatchObject([{ declared: "a secret", running: null }]);
  });

  it("is not shown where it never belonged", () => {
    const { Config } = recording.container("traefik");
    Config.Labels = { ...Config.Labels, note: `the key is ${value}` };
    Config.Env = (Config.Env ?? []).map((line) => line.replace("TZ=Etc/UTC", `TZ=${value}`));
    expect(report().drift.map(({ property, running }) => [property, running])).toEqual([
      ["env TZ", "differs"],
      ["label note", "differs"],
    ]);
  });

  it("may be in a variable nobody declared, whose value is not shown", () => {
    const { Config } = recording.container("traefik");
    Config.Env = [...(Config.Env ?? []), "AWS_SECRET_ACCESS_KEY=f00dfeed"];
    expect(report("f00dfeed").drift).toMatchObject([
      { property: "env AWS_SECRET_ACCESS_KEY", declared: null, running: "a value that is not shown" },
    ]);
  });

  describe("whose value cannot be read", () => {
    beforeEach(() => {
      recording.secrets = { inputsOf: () => undefined, why: "the passphrase is wrong" };
    });

    it("is counted, with the reason, and is no difference", () => {
      setVariable("f00dfeed");
      const { drift, notCompared } = report("f00dfeed");
      expect(drift).toEqual([]);
      expect(notCompared.length).toBeGreaterThan(3);
      expect(notCompared.every(({ secret, why }) => secret && why === "the passphrase is wrong")).toBe(true);
      expect(notCompared.map(({ service, property }) => [service, property])).toContainEqual([
        "keyholder",
        `env ${variable}`,
      ]);
    });

    it("is missed when its variable is gone or empty", () => {
      setVariable("");
      expect(report().drift).toMatchObject([
        { property: `env ${variable}`, declared: "a secret", running: "differs" },
      ]);
    });

    it("is not shown where it is not set in the config any more", () => {
      const { inputs } = recording.declared(planned);
      inputs.envs = (inputs.envs as string[]).map((line) =>
        line.startsWith(`${variable}=`) ? `${variable}=[theKey is not set]` : line,
      );
      const { drift, notCompared } = report();
      expect(drift).toEqual([]);
      expect(notCompared.map(({ property }) => property)).toContain(`env ${variable}`);
    });

    it("is compared around it", () => {
      const { inputs } = recording.declared(planned);
      inputs.envs = (inputs.envs as string[]).map((line) =>
        line.startsWith(`${variable}=`) ? line.replace("=", "=https://user:").concat("@host(1)/") : line,
      );
      setVariable("https://user:f00dfeed@host(1)/");
      expect(report("f00dfeed").drift).toEqual([]);
      setVariable("https://user:f00dfeed@elsewhere/");
      expect(report("f00dfeed").drift).toMatchObject([{ declared: "a secret", running: "differs" }]);
    });
  });

  it("of which only another value is known than the declaration's is not compared with that", () => {
    const { inputsOf } = recording.secrets;
    recording.secrets = {
      why: "none was made",
      inputsOf: (container) => {
        const inputs = found(inputsOf(container), container.name);
        return {
          ...inputs,
          envs: (inputs.envs ?? []).map((line) =>
            line.replace(value, "[ums-secret config x result 0123456789abcdef]"),
          ),
        };
      },
    };
    const { drift, notCompared } = report();
    expect(drift).toEqual([]);
    expect(notCompared).toMatchObject([{ property: `env ${variable}`, secret: true, why: "none was made" }]);
  });
});
