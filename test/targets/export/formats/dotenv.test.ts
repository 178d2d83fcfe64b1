import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findCompose } from "../../../../targets/compose/client.ts";
import { dotenvValue } from "../../../../targets/export/formats/dotenv.ts";
import { variableFiles } from "../../../../targets/export/formats/variables.ts";
import { folder } from "../../../fixtures/folders.ts";
import { oddText, oddValues, read, stackWith } from "../values.ts";

const format = { name: "an env_file", extension: ".env", prefix: "", quote: dotenvValue };
const found = (
  await Promise.all(["docker compose", "docker-compose"].map((command) => findCompose(command)))
).flatMap((client) => client ?? []);

/** 1.29 prints separators of lines in a way that YAML 1.2 reads as blanks. */
const printed = (value: string) => !/[\u0085\u2028\u2029]/.test(value);
const holds = (value: string) => "text" in dotenvValue(value);

/** The variables that Compose gives a container, from an `env_file` and from its `.env`. */
function readBack(command: readonly [string, ...string[]], values: readonly string[]) {
  const [file] = variableFiles(stackWith(values), format);
  const at = folder();
  writeFileSync(join(at, "app.env"), file?.text ?? "");
  writeFileSync(join(at, ".env"), file?.text ?? "");
  const environment = values.map((_, index) => `V${index}=\${V${index}}`);
  const services = {
    file: { image: "x", env_file: ["app.env"] },
    reference: { image: "x", environment },
  };
  writeFileSync(join(at, "docker-compose.yml"), JSON.stringify({ version: "2.4", services }));
  const [program, ...words] = command;
  const { stdout } = execaSync(program, [...words, "config"], {
    cwd: at,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, COMPOSE_PROJECT_NAME: "ums-env" },
    extendEnv: false,
  });
  // All text: what is plain means another thing to each version of YAML.
  const config = parse(stdout, { schema: "failsafe" }) as {
    services: Record<string, { environment: Record<string, string> }>;
  };
  // What it prints is a Compose file again, in which a dollar is written twice.
  return Object.values(config.services).map(({ environment }) =>
    read(values, environment).map((value) => value?.replaceAll("$$", "$")),
  );
}

describe.each(found)("Compose $version reads env files", ({ command }) => {
  it("with everything that is special to it", () => {
    const values = oddValues.filter(holds).filter(printed);
    expect(values.length).toBeGreaterThan(oddValues.length - 6);
    expect(readBack(command, values)).toEqual([values, values]);
  });

  it("with any text that is not refused", () => {
    fc.assert(
      fc.property(
        fc.array(oddText.filter(holds).filter(printed), { minLength: 20, maxLength: 100 }),
        (values) => {
          expect(readBack(command, values)).toEqual([values, values]);
        },
      ),
      { numRuns: 5 },
    );
  });
});

describe("an env file", () => {
  it("refuses only what its readers read differently", () => {
    expect(oddValues.filter((value) => !holds(value))).toEqual(["${HOME}", "${HOME:-x}"]);
    for (const value of ["$ \\", "$\\\\", "$\\'", "$\r", "a b\\"])
      expect(dotenvValue(value)).toHaveProperty("problem");
    expect(() => variableFiles(stackWith(["fine", "${A}"]), format)).toThrow(
      "catalog/app.yaml:1: app: the value of V1 cannot stand in an env_file: it has ${, which docker-compose 1.29 and Compose v2 read differently; export as compose",
    );
  });
});
