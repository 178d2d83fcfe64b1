import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../stacks/errors.ts";
import { SecretStore } from "../../../targets/inProcess/secretStore.ts";
import { folder } from "../../fixtures/folders.ts";

const password = (length = 20, name = "store_password-password") => ({
  type: "random:index/randomPassword:RandomPassword",
  name,
  inputs: { length, special: false },
});
const bytes = (length = 16) => ({
  type: "random:index/randomBytes:RandomBytes",
  name: "store_key-bytes",
  inputs: { length },
});
const uuid = { type: "random:index/randomUuid:RandomUuid", name: "store_id-uuid", inputs: {} };

const pathIn = (home: string) => join(home, "stacks", "dev", "secrets.json");

describe("a store of secrets", () => {
  it("generates each form", () => {
    const store = SecretStore.open(pathIn(folder()), "passphrase");
    expect(store.valueOf(password(40))).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(store.valueOf(bytes(16))).toMatch(/^[0-9a-f]{32}$/);
    expect(store.valueOf(uuid)).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(() => store.valueOf({ ...uuid, type: "random:index/randomPet:RandomPet" })).toThrow(/randomPet/);
  });

  it("gives the same value on every run, while its inputs stay the same", () => {
    const path = pathIn(folder());
    const store = SecretStore.open(path, "passphrase");
    const [one, two] = [store.valueOf(password()), store.valueOf(uuid)];
    expect(store.valueOf(password())).toBe(one);
    store.save();
    const again = SecretStore.open(path, "passphrase");
    expect(again.valueOf(password())).toBe(one);
    expect(again.valueOf(uuid)).toBe(two);
    expect(again.values().sort()).toEqual([one, two].sort());
  });

  it("keeps each version until it is not declared any more and another one is", () => {
    const path = pathIn(folder());
    const store = SecretStore.open(path, "passphrase");
    const [first, second] = [password(), password(20, "store_password-password-v2")];
    const other = password(20, "gone_password-password");
    const value = store.valueOf(first);
    expect(store.valueOf(second)).not.toBe(value);
    store.valueOf(other);
    expect(store.known(first)?.at?.getTime()).toBeLessThanOrEqual(Date.now());

    store.retire([first, second]);
    expect(store.known(first)?.value).toBe(value);
    store.retire([second]);
    store.save();
    const again = SecretStore.open(path, "passphrase");
    expect(again.known(first)).toBeUndefined();
    expect(again.known(second)).toBeDefined();
    // Its service may come back to its data.
    expect(again.known(other)).toBeDefined();
  });

  it("gives a new value when the inputs change", () => {
    const store = SecretStore.open(pathIn(folder()), "passphrase");
    const short = store.valueOf(password(10));
    const long = store.valueOf(password(30));
    expect(long).toHaveLength(30);
    expect(store.valueOf(password(10))).not.toBe(short);
  });

  it("tells what was generated, and generates nothing for it", () => {
    const path = pathIn(folder());
    const store = SecretStore.open(path, "passphrase");
    expect(store.knownValueOf(password())).toBeUndefined();
    expect(store.values()).toEqual([]);
    const value = store.valueOf(password());
    expect(store.knownValueOf(password())).toBe(value);
    expect(store.knownValueOf(password(21))).toBeUndefined();
    expect(store.knownValueOf(uuid)).toBeUndefined();
    expect(store.values()).toEqual([value]);
  });

  it("gives different secrets different values, in every stack others", () => {
    const [one, other] = [SecretStore.open(pathIn(folder()), "p"), SecretStore.open(pathIn(folder()), "p")];
    const values = [one, other].flatMap((store) => [
      store.valueOf(password(20, "a")),
      store.valueOf(password(20, "b")),
    ]);
    expect(new Set(values).size).toBe(4);
  });

  it("makes fingerprints that hold for this stack alone, and on every run", () => {
    const path = pathIn(folder());
    const store = SecretStore.open(path, "passphrase");
    store.save();
    expect(SecretStore.open(path, "passphrase").fingerprint("text")).toBe(store.fingerprint("text"));
    expect(store.fingerprint("text")).not.toBe(store.fingerprint("texts"));
    expect(SecretStore.open(pathIn(folder()), "passphrase").fingerprint("text")).not.toBe(
      store.fingerprint("text"),
    );
  });
});

describe("the file of a store", () => {
  function saved(home = folder()): { path: string; value: string } {
    const path = pathIn(home);
    const store = SecretStore.open(path, "passphrase");
    const value = store.valueOf(password());
    store.save();
    return { path, value };
  }

  it("is written only when asked, whole, readable by its owner alone, with nothing beside it", () => {
    const home = folder();
    const path = pathIn(home);
    const store = SecretStore.open(path, "passphrase");
    store.valueOf(password());
    expect(readdirSync(home)).toEqual([]);
    store.save();
    expect(readdirSync(join(home, "stacks", "dev"))).toEqual(["secrets.json"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, "stacks", "dev")).mode & 0o777).toBe(0o700);
  });

  it("holds no value and no name in the clear", () => {
    const { path, value } = saved();
    const text = readFileSync(path, "utf8");
    expect(text).not.toContain(value);
    expect(text).not.toContain("store_password");
    expect(Object.keys(JSON.parse(text))).toEqual(["version", "salt", "nonce", "tag", "data"]);
  });

  it("is not written again when nothing changed", () => {
    const { path } = saved();
    const before = readFileSync(path, "utf8");
    const store = SecretStore.open(path, "passphrase");
    store.valueOf(password());
    store.save();
    expect(readFileSync(path, "utf8")).toBe(before);
    store.valueOf(uuid);
    store.save();
    expect(readFileSync(path, "utf8")).not.toBe(before);
  });

  it("becomes private when it was not", () => {
    const { path } = saved();
    chmodSync(path, 0o644);
    const store = SecretStore.open(path, "passphrase");
    store.valueOf(uuid);
    store.save();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("does not open with another passphrase", () => {
    const { path } = saved();
    expect(() => SecretStore.open(path, "wrong")).toThrow(InputError);
    expect(() => SecretStore.open(path, "wrong")).toThrow(/the passphrase is wrong/);
  });

  it.each([
    ["empty", ""],
    ["cut short", '{"version": 1, "sal'],
    ["text", "secrets"],
  ])("is refused with its place when it is damaged: %s", (_, text) => {
    const { path } = saved();
    writeFileSync(path, text);
    expect(() => SecretStore.open(path, "passphrase")).toThrow(InputError);
    expect(() => SecretStore.open(path, "passphrase")).toThrow(path);
  });

  it.each(["{}", "[]", "null", "1", '{"version":1,"salt":"","nonce":"","tag":"","data":""}'])(
    "is refused with its place when it is JSON of something else: %s",
    (text) => {
      const { path } = saved();
      writeFileSync(path, text);
      expect(() => SecretStore.open(path, "passphrase")).toThrow(InputError);
    },
  );
});
