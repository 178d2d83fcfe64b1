import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { beforeAll, describe, expect, it } from "vitest";
import type { BoundProgram } from "../../targets/inProcess/bind.ts";
import {
  aroundSecrets,
  configPlaceholder,
  derivePlaceholder,
  fillSecrets,
  plannedId,
  provision,
} from "../../targets/inProcess/provision.ts";
import { type RunArgs, runInProcess, unwrapSecrets } from "../../targets/inProcess/run.ts";
import type { DeclaredProgram } from "../../targets/resources.ts";
import { container, declared, resource, stackOf } from "../components/fixtures.ts";
import { strings } from "../components/guarantees.ts";
import { linkTo, listensOn } from "../fixtures/records.ts";
import { bound, newStore } from "./bound.ts";

function run(program: RunArgs["program"], args: Partial<RunArgs> = {}) {
  return runInProcess({
    project: "ums",
    stack: "test",
    config: {},
    secretKeys: [],
    provision,
    program,
    ...args,
  });
}

class Part extends pulumi.ComponentResource {
  readonly pets: random.RandomPet[];

  constructor(name: string, options?: pulumi.ComponentResourceOptions) {
    super("test:index:Part", name, {}, options);
    this.pets = ["b", "a"].map((pet) => new random.RandomPet(`${name}-${pet}`, {}, { parent: this }));
    this.registerOutputs({});
  }
}

const pet = "random:index/randomPet:RandomPet";

describe("a program run in this process", () => {
  it("waits for the one before, and leaves what it turned off as it was", async () => {
    const { prepareStackTrace } = Error;
    const named = (name: string) => run(() => ({ pet: new random.RandomPet(name) }));
    const both = await Promise.all([named("first"), named("second")]);
    expect(both.map(({ resources }) => resources.map(({ name }) => name))).toEqual([["first"], ["second"]]);
    expect(Error.prepareStackTrace).toBe(prepareStackTrace);
  });

  it("returns its resources, sorted, with what they are part of and wait for", async () => {
    const { resources, outputs } = await run(() => {
      const first = new Part("first");
      const second = new random.RandomPet("second", { length: 3 }, { dependsOn: [first, ...first.pets] });
      new random.RandomPet("alone", {}, { dependsOn: second, protect: true });
      return { answer: 42 };
    });
    expect(outputs).toEqual({ answer: 42 });
    expect(resources.map(({ type, name }) => `${type} ${name}`)).toEqual([
      `${pet} alone`,
      `${pet} first-a`,
      `${pet} first-b`,
      `${pet} second`,
      "test:index:Part first",
    ]);
    const [alone, , child, second, part] = resources;
    expect(alone).toMatchObject({ custom: true, protect: true, dependsOn: [{ type: pet, name: "second" }] });
    expect(alone).not.toHaveProperty("parent");
    expect(child).toMatchObject({ parent: { type: "test:index:Part", name: "first" }, protect: false });
    expect(second).toMatchObject({
      inputs: { length: 3 },
      dependsOn: [
        { type: pet, name: "first-a" },
        { type: pet, name: "first-b" },
        { type: "test:index:Part", name: "first" },
      ],
    });
    expect(part).toMatchObject({ custom: false, inputs: {}, dependsOn: [] });
  });

  it("starts afresh each time", async () => {
    await run(() => ({ one: new random.RandomPet("one").id }));
    const { resources } = await run(() => ({ two: new random.RandomPet("two").id }));
    expect(resources.map(({ name }) => name)).toEqual(["two"]);
  });

  it("takes secrets out of their wrappers, and those around a whole list", async () => {
    const { resources } = await run(() => {
      const secret = pulumi.secret("hidden");
      new random.RandomPet("pet", {
        prefix: secret,
        keepers: { list: pulumi.all(["plain", secret]) as never },
      });
      return {};
    });
    expect(resources[0]?.inputs).toEqual({ prefix: "hidden", keepers: { list: ["plain", "hidden"] } });
  });

  it("reads the config it is given", async () => {
    const { resources } = await run(
      () => {
        new random.RandomPet("pet", { prefix: new pulumi.Config("ums").require("word") });
        return {};
      },
      { config: { "ums:word": "given" } },
    );
    expect(resources[0]?.inputs).toEqual({ prefix: "given" });
  });

  it("fails with the program's own error", async () => {
    const attempt = quietly(() =>
      run(() => {
        throw new pulumi.RunError("there is no such stack");
      }),
    );
    await expect(attempt).rejects.toThrow("there is no such stack");
  });

  it("fails when a resource cannot be declared, rather than leave it out", async () => {
    const attempt = quietly(() =>
      run(() => {
        const failing = pulumi.output("x").apply((): string => {
          throw new pulumi.RunError("there is no such secret");
        });
        new random.RandomPet("pet", { prefix: failing });
        return {};
      }),
    );
    await expect(attempt).rejects.toThrow("there is no such secret");
  });

  it("leaves the limit of stack traces as it was", async () => {
    const before = Error.stackTraceLimit;
    await run(() => ({}));
    await quietly(() =>
      run(() => {
        throw new Error("no");
      }),
    ).catch(() => {});
    expect(Error.stackTraceLimit).toBe(before);
  });
});

/** Pulumi leaves rejections of a failed run unhandled beside the one it returns; the test looks at the latter. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", () => {});
  try {
    return await work();
  } finally {
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
}

describe("wrapped values", () => {
  const signature = "4dabf18193072939515e22adb298388d";
  const secret = (value: unknown) => ({ [signature]: "1b47061264138c4ac30d75fd1eb44270", value });

  it("lose every wrapper, and nothing else", () => {
    const value = { a: secret([secret("x"), { b: secret(null) }]), c: [1, true, null, "y"], d: { value: 1 } };
    expect(unwrapSecrets(value)).toEqual({ a: ["x", { b: null }], c: [1, true, null, "y"], d: { value: 1 } });
  });

  it("keep wrappers of other kinds", () => {
    const other = { [signature]: "another", value: 1 };
    expect(unwrapSecrets(other)).toEqual(other);
  });
});

describe("a planned resource", () => {
  const password = {
    type: "random:index/randomPassword:RandomPassword",
    name: "key",
    inputs: { length: 20 },
  };

  it("has another identity as soon as its name or inputs differ", () => {
    const ids = [password, { ...password, name: "other" }, { ...password, inputs: { length: 21 } }].map(
      plannedId,
    );
    expect(new Set(ids).size).toBe(3);
    expect(plannedId(structuredClone(password))).toBe(ids[0]);
  });

  it("stands for its secret by a placeholder that changes with what it is made from", () => {
    const { state } = provision(password);
    expect(state.result).toMatch(/^\[ums-secret random:\S+ key result [0-9a-f]{16}\]$/);
    expect(state.hex).toMatch(/ key hex /);
    expect(state.base64).toMatch(/ key base64 /);
    expect(provision({ ...password, inputs: { length: 21 } }).state.result).not.toBe(state.result);
    expect(provision({ ...password, type: "docker:index/volume:Volume" }).state).toEqual({});
  });

  it("keeps the placeholders that nothing is known of, and can be read around them", () => {
    const { result } = provision(password).state as Record<string, string>;
    const config = configPlaceholder("theKey", "v1:ciphertext");
    const text = `a${result}b${config}`;
    expect(fillSecrets(text, (type) => (type === "config" ? "value" : undefined))).toBe(`a${result}bvalue`);
    expect(aroundSecrets(text)).toEqual(["a", "b", ""]);
    const derived = derivePlaceholder("sha256", result ?? "", config);
    expect(fillSecrets(derived, (type) => (type === "config" ? "salt" : undefined))).toBe(derived);
    expect(aroundSecrets(`a${derived}b[theKey is not set]c`)).toEqual(["a", "b", "c"]);
    expect(aroundSecrets("plain")).toEqual(["plain"]);
    expect(aroundSecrets("")).toEqual([""]);
  });

  it("has its placeholders filled wherever they stand in a text", () => {
    const { result, hex } = provision(password).state as Record<string, string>;
    const config = configPlaceholder("theKey", "v1:ciphertext");
    const seen: string[][] = [];
    const filled = fillSecrets(`a${result}b${config}${hex}[ums-secret no]`, (...given) => {
      seen.push(given);
      return "$& $1 [ums-secret config other result 0123456789abcdef]";
    });
    const value = "$& $1 [ums-secret config other result 0123456789abcdef]";
    expect(filled).toBe(`a${value}b${value}${value}[ums-secret no]`);
    expect(seen).toEqual([
      [password.type, "key", "result"],
      ["config", "theKey", "result"],
      [password.type, "key", "hex"],
    ]);
  });

  it("shows nothing of a value the user set, but that it changed", () => {
    const [one, other] = [configPlaceholder("theKey", "v1:one"), configPlaceholder("theKey", "v1:two")];
    expect(one).toMatch(/^\[ums-secret config theKey result [0-9a-f]{16}\]$/);
    expect(one).not.toBe(other);
  });
});

let planned: DeclaredProgram;
beforeAll(async () => {
  planned = await declared(
    stackOf(
      {
        app: {
          links: [linkTo("store", 5432), linkTo("client", 8080)],
          secrets: [
            { name: "borrowed", from: "store/password", file: "/run/secrets/password" },
            {
              name: "address",
              template: "pg://app:${secret:store/password}@store/${secret:token}",
              variable: "ADDRESS",
              reason: "it reads no file",
            },
            { name: "token", config: "theToken" },
          ],
        },
        store: {
          segment: "data",
          ports: listensOn(5432),
          secrets: [
            { name: "password", generate: "password", length: 20, file: "/run/secrets/password" },
            { name: "hex", generate: "hex", length: 16, file: "/run/secrets/hex" },
            { name: "base64", generate: "base64", length: 16, file: "/run/secrets/base64" },
            { name: "uuid", generate: "uuid", file: "/run/secrets/uuid" },
          ],
        },
        tunnel: {
          segment: "downloads",
          roles: ["vpn"],
          egress: { reason: "the way out" },
          secrets: [{ name: "key", config: "theKey", file: "/run/secrets/key" }],
        },
        client: { segment: "downloads", through: "tunnel", ports: listensOn(8080) },
      },
      { config: { environment: "production" }, stack: { secrets: ["theKey", "theToken"] } },
    ),
  );
});

const config = { theKey: "wireguard key", theToken: "$& token" };

const uploads = ({ program }: BoundProgram, service: string) =>
  Object.fromEntries(
    (container(program, `${service}_seed`).uploads as { file: string; content: string }[]).map(
      ({ file, content }) => [file.split("/").at(-1), content],
    ),
  );
const label = ({ program }: BoundProgram, service: string) =>
  (container(program, service).labels as { label: string; value: string }[]).find(
    (one) => one.label === "ums.seed",
  )?.value;
const id = ({ program, idOf }: BoundProgram, name: string) =>
  idOf(resource(program, "Container", `${name}-container`));

describe("a program with its secrets", () => {
  it("has no placeholder left", () => {
    const { program } = bound(planned, config);
    const left = strings(program.resources).filter(({ text }) => text.includes("ums-secret"));
    expect(left).toEqual([]);
    expect(strings(planned.resources).filter(({ text }) => text.includes("ums-secret"))).not.toEqual([]);
  });

  it("has each secret in its form, and the same one for all that get it", () => {
    const full = bound(planned, config);
    const { password, hex, base64, uuid } = uploads(full, "store");
    expect(password).toMatch(/^[A-Za-z0-9]{20}$/);
    expect(hex).toMatch(/^[0-9a-f]{32}$/);
    expect(base64).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
    expect(uploads(full, "app")).toEqual({ password });
    expect(uploads(full, "tunnel")).toEqual({ key: "wireguard key" });
    expect(container(full.program, "app").envs).toEqual([`ADDRESS=pg://app:${password}@store/$& token`]);
  });

  it("lists every value, so that they can be kept out of sight", () => {
    const full = bound(planned, config);
    const { password, hex, base64, uuid } = uploads(full, "store");
    expect(full.secretValues.sort()).toEqual([...Object.values(config), password, hex, base64, uuid].sort());
  });

  it("is otherwise the planned one, in the same order", () => {
    const { program } = bound(planned, config);
    expect(program.outputs).toEqual(planned.outputs);
    expect(program.resources.map(({ inputs, ...rest }) => rest)).toEqual(
      planned.resources.map(({ inputs, ...rest }) => rest),
    );
    const networks = (of: DeclaredProgram) => of.resources.filter(({ type }) => type.endsWith(":Network"));
    expect(networks(program)).toEqual(networks(planned));
  });

  it("does not change the planned one", () => {
    const before = structuredClone(planned);
    bound(planned, config);
    expect(planned).toEqual(before);
  });

  it("labels each service with the identity of what wrote its files", () => {
    const full = bound(planned, config);
    for (const service of ["app", "store", "tunnel"])
      expect(label(full, service)).toBe(id(full, `${service}_seed`));
    expect(label(full, "client")).toBeUndefined();
  });

  it("puts each client into the network of the VPN container by its identity", () => {
    const full = bound(planned, config);
    expect(container(full.program, "client").networkMode).toBe(`container:${id(full, "tunnel")}`);
    expect(container(full.program, "app").networkMode).toBe("bridge");
  });

  it("is the same from the same store", () => {
    const store = newStore();
    expect(bound(planned, config, store).program).toEqual(bound(planned, config, store).program);
  });

  it("has identities that nobody can guess the secrets by", () => {
    const [one, other] = [bound(planned, config), bound(planned, config)];
    expect(id(one, "tunnel_seed")).not.toBe(id(other, "tunnel_seed"));
  });

  it("knows no container of another program", () => {
    const full = bound(planned, config);
    expect(() => full.idOf(resource(planned, "Container", "app-container"))).toThrow(/app-container/);
  });
});

describe("a changed secret value", () => {
  it("gives the service whose file it is another label, and the VPN's clients another network", () => {
    const store = newStore();
    const before = bound(planned, config, store);
    const after = bound(planned, { ...config, theKey: "another key" }, store);
    expect(label(after, "tunnel")).not.toBe(label(before, "tunnel"));
    expect(label(after, "tunnel")).toBe(id(after, "tunnel_seed"));
    expect(container(after.program, "client").networkMode).not.toBe(
      container(before.program, "client").networkMode,
    );
    for (const untouched of ["app", "store"])
      expect(container(after.program, untouched)).toEqual(container(before.program, untouched));
  });

  it("changes the identity of the service whose variable it is", () => {
    const store = newStore();
    const before = bound(planned, config, store);
    const after = bound(planned, { ...config, theToken: "another" }, store);
    expect(id(after, "app")).not.toBe(id(before, "app"));
    expect(id(after, "tunnel")).toBe(id(before, "tunnel"));
  });

  it("is an error where the user set none", () => {
    expect(() => bound(planned, { theKey: "key" })).toThrow(/theToken/);
  });
});
