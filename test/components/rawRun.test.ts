import * as docker from "@pulumi/docker";
import * as random from "@pulumi/random";
import { beforeAll, describe, expect, it } from "vitest";
import { found } from "../fixtures/platforms.ts";
import { linkTo, listensOn } from "../fixtures/records.ts";
import { realStack, stackOf } from "./fixtures.ts";
import { exposedSecrets, type RawResource, rawRun, secretMark, secretPlaces, unkeptData } from "./rawRun.ts";

const real = realStack();
let resources: RawResource[];
beforeAll(async () => {
  resources = await rawRun(real);
});

const ofType = (list: readonly RawResource[], type: string) =>
  list.filter((one) => one.type.endsWith(`:${type}`));

describe("secrets as the engine gets them", () => {
  it("are marked as secret wherever they stand", () => {
    expect(exposedSecrets(resources)).toEqual([]);
  });

  it("stand in uploaded files and variables alone", () => {
    const places = secretPlaces(resources);
    expect(places.length).toBeGreaterThan(40);
    expect(places.filter((place) => !/-container\.(uploads\.\d+\.content|envs\.\d+)$/.test(place))).toEqual(
      [],
    );
  });

  it("stand in variables only where the record says why", () => {
    const inVariables = secretPlaces(resources)
      .filter((place) => place.includes(".envs."))
      .map((place) => place.replace(/-container\..*/, ""));
    const declared = real.platform.services.flatMap(({ name, secretVariables }) =>
      secretVariables.map(() => name),
    );
    expect(inVariables.sort()).toEqual(declared.sort());
  });

  it("are every one of the platform's, delivered to those that get them", () => {
    const { services, secrets } = real.platform;
    const delivered = new Set(
      services.flatMap(({ files, secretVariables }) => [
        ...files.flatMap(({ content }) => ("secret" in content ? [content.secret] : [])),
        ...secretVariables.map(({ secret }) => secret),
      ]),
    );
    const generated = secrets.filter(({ source }) => source.kind === "generate");
    expect(
      ofType(resources, "Secret")
        .map(({ name }) => name)
        .sort(),
    ).toEqual(secrets.map(({ id }) => id.replace("/", "_")).sort());
    expect(resources.filter(({ type }) => type.startsWith("random:"))).toHaveLength(generated.length);
    expect(delivered.size).toBeGreaterThan(0);
  });

  it("are seen when they are not marked", async () => {
    const plain = await rawRun(real, () => {
      const password = new random.RandomUuid("plain");
      new docker.Container("leak", { image: "none", name: "leak", envs: [password.result] });
    });
    expect(exposedSecrets(plain)).toEqual(["leak.envs.0"]);
  });

  it("are seen when a wrapper is taken off", () => {
    const copy = structuredClone(
      resources.map(({ type, name, inputs }) => ({ type, name, inputs, options: {} })),
    );
    const seed = found(
      copy.find(({ name }) => name === "sonarr_seed-container"),
      "the seed",
    );
    seed.inputs.uploads = [{ file: "/seed/x", content: `${secretMark}x` }];
    expect(exposedSecrets(copy)).toEqual(["sonarr_seed-container.uploads.0.content"]);
  });
});

describe("options of resources", () => {
  it("keep every data volume when its resource is deleted, and protect it outside development", () => {
    expect(real.platform.volumes.length).toBeGreaterThan(30);
    expect(unkeptData(resources, real.platform)).toEqual([]);
  });

  it("are seen where they do not keep or protect a volume", () => {
    const broken = resources.map((one) => ({ ...one, options: { ...one.options } }));
    const options = (name: string) =>
      found(
        broken.find(({ inputs, type }) => type.endsWith(":Volume") && inputs.name === name),
        name,
      ).options;
    options("real-sonarr_config").retainOnDelete = false;
    options("real-radarr_config").protect = false;
    expect(unkeptData(broken, real.platform)).toEqual([
      "real-radarr_config is not protected",
      "real-sonarr_config goes with its resource",
    ]);
  });

  it("let volumes of seeded files go, which are written again", () => {
    const data = new Set(real.platform.volumes.map(({ name }) => name));
    for (const { options, inputs } of ofType(resources, "Volume")) {
      if (data.has(String(inputs.name))) continue;
      expect(options.protect).toBeUndefined();
      expect(options.retainOnDelete).toBeUndefined();
    }
  });

  it("do not protect data in development, and keep it all the same", async () => {
    const { platform, config } = stackOf({
      store: { volumes: [{ name: "data", class: "database", path: "/data", access: "write" }] },
    });
    expect(unkeptData(await rawRun({ platform, config }), platform)).toEqual([]);
    expect(unkeptData([], platform)).toEqual([
      "test-store_data goes with its resource",
      "test-store_data is not protected",
    ]);
  });

  it("delete containers and networks before they are made again, since their names and addresses are taken", () => {
    const replaced = [...ofType(resources, "Container"), ...ofType(resources, "Network")];
    expect(replaced.filter(({ options }) => options.deleteBeforeReplace !== true)).toEqual([]);
  });

  it("replace a service's container for what the provider changes without applying it", () => {
    const containers = ofType(resources, "Container").filter(({ inputs }) => inputs.mustRun === true);
    expect(containers.length).toBe(real.platform.services.length);
    for (const { options } of containers)
      expect(options.replaceOnChanges).toEqual(
        expect.arrayContaining(["cpuPeriod", "cpuQuota", "healthcheck", "init", "tmpfs"]),
      );
  });

  it("replace a one-shot container for any change, and keep its uploads secret", () => {
    const seeds = ofType(resources, "Container").filter(({ inputs }) => inputs.mustRun === false);
    expect(seeds.length).toBeGreaterThan(0);
    for (const { options } of seeds)
      expect(options).toMatchObject({ replaceOnChanges: ["*"], additionalSecretOutputs: ["uploads"] });
  });

  it("make every resource a child of the component it is part of", () => {
    const orphans = resources.filter(
      ({ type, options }) =>
        !options.parent && !type.startsWith("pulumi:") && !type.startsWith("ums:platform:"),
    );
    expect(orphans).toEqual([]);
  });
});

describe("each form of secret", () => {
  it("comes from the generator of its form", async () => {
    const forms = ["password", "hex", "base64", "uuid"] as const;
    const stack = stackOf(
      {
        vault: {
          ports: listensOn(80),
          secrets: [
            ...forms.map((form) => ({
              name: form,
              generate: form,
              length: 20,
              file: `/run/secrets/${form}`,
            })),
            { name: "key", config: "theKey", file: "/run/secrets/key" },
            {
              name: "address",
              template: "user:${secret:password}@${secret:key}/${secret:uuid}",
              file: "/run/secrets/address",
            },
          ],
        },
        friend: {
          links: [linkTo("vault")],
          secrets: [{ name: "borrowed", from: "vault/hex", file: "/run/secrets/borrowed" }],
        },
      },
      { config: { environment: "production" }, stack: { secrets: ["theKey"] } },
    );
    const list = await rawRun(stack);
    expect(exposedSecrets(list)).toEqual([]);
    const uploads = (name: string) =>
      Object.fromEntries(
        secretUploads(
          found(
            list.find((one) => one.name === `${name}_seed-container`, name),
            name,
          ),
        ),
      );
    expect(uploads("vault")).toEqual({
      "/seed/run/secrets/password": "top-secret-vault_password-password",
      "/seed/run/secrets/hex": "top-secret-vault_hex-bytes",
      "/seed/run/secrets/base64": "top-secret-vault_base64-bytes",
      "/seed/run/secrets/uuid": "top-secret-vault_uuid-uuid",
      "/seed/run/secrets/key": "top-secret-theKey",
      "/seed/run/secrets/address":
        "user:top-secret-vault_password-password@top-secret-theKey/top-secret-vault_uuid-uuid",
    });
    expect(uploads("friend")).toEqual({ "/seed/run/secrets/borrowed": "top-secret-vault_hex-bytes" });
    const generators = list.filter(({ type }) => type.startsWith("random:"));
    expect(Object.fromEntries(generators.map(({ name, inputs }) => [name, inputs]))).toEqual({
      "vault_password-password": { length: 20, special: false },
      "vault_hex-bytes": { length: 20 },
      "vault_base64-bytes": { length: 20 },
      "vault_uuid-uuid": {},
    });
  });
});

/** The uploads of a one-shot container, read through the wrapper of the whole list. */
function secretUploads({ inputs }: RawResource): [string, string][] {
  const wrapped = inputs.uploads as { value?: { file: string; content: unknown }[] };
  const list = wrapped.value ?? (inputs.uploads as { file: string; content: unknown }[]);
  return list.map(({ file, content }) => [
    file,
    typeof content === "string" ? content : String((content as { value: string }).value),
  ]);
}
