import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../../../stacks/config/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { platformOf, service } from "../../../fixtures/platforms.ts";
import { stackConfig } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../../../stacks/configure/fixtures.ts";
import { docker, until } from "../../harness.ts";
import { nginxWith } from "../nginx.ts";
import { makeNetwork, noReal, type RunningProgram, realProgram, removeTest, startReal } from "../real.ts";

const programs = { wireguard: realProgram("wireguard"), nginx: realProgram("nginx") };
const missing = (await noReal(programs.wireguard)) || (await noReal(programs.nginx));

/** Where devices are, and where the platform's services are: only the server is in both. */
const outside = "umswgout";
const inside = "umswgin";
const page = "from inside";

/** Keys as `wg genkey` and `wg pubkey` make them. */
function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const raw = (key: { export(options: { format: "jwk" }): { d?: string; x?: string } }, part: "d" | "x") =>
    Buffer.from(key.export({ format: "jwk" })[part] ?? "", "base64url").toString("base64");
  return { private: raw(privateKey, "d"), public: raw(publicKey, "x") };
}

const phone = { name: "phone", address: "10.8.0.2", keys: keyPair() };
const laptop = { name: "laptop", address: "10.8.0.3", keys: keyPair(), presharedKey: keyPair().private };

describe.skipIf(missing)("WireGuard, given the devices of a stack's config", () => {
  let platform: Platform;
  let server: RunningProgram;
  let site: RunningProgram;
  const devices = new Map<string, RunningProgram>();
  const privileges = (of: Platform) => {
    const { lifted } = service(of, "wireguard-peers");
    const values = (privilege: string) =>
      lifted.flatMap((lift) => (lift.privilege === privilege && "value" in lift ? String(lift.value) : []));
    return {
      capabilities: values("capability"),
      sysctls: Object.fromEntries(values("sysctl").map((setting) => setting.split("=") as [string, string])),
      // For WireGuard in user space alone.
      devices: ["/dev/net/tun"],
    };
  };

  beforeAll(async () => {
    platform = platformOf(
      loadCatalog(projectRoot, ["catalog"]),
      stackConfig(
        {
          services: { include: ["wireguard-peers", "authelia"] },
          remoteAccess: {
            devices: [
              { name: phone.name, address: phone.address, publicKey: phone.keys.public },
              {
                name: laptop.name,
                address: laptop.address,
                publicKey: laptop.keys.public,
                presharedKey: "laptopKey",
              },
            ],
          },
        },
        { secrets: ["laptopKey"] },
      ),
      loadEnvironments(projectRoot),
    );
    await makeNetwork(outside);
    await makeNetwork(inside);
    const files = filesOf(platform, "wireguard-peers");
    files.set("/etc/wireguard/laptop.psk", laptop.presharedKey);
    server = await startReal(programs.wireguard, {
      name: "umswg-server",
      network: outside,
      files,
      user: "0:0",
      tmpfs: ["/run", "/var/run/wireguard"],
      init: true,
      lifted: privileges(platform),
      command: [...(service(platform, "wireguard-peers").entrypoint ?? [])],
    });
    await docker.getNetwork(inside).connect({ Container: server.name });
    site = await startReal(programs.nginx, {
      name: "umswg-site",
      network: inside,
      files: new Map([["/etc/site/nginx.conf", siteConfiguration]]),
      command: ["nginx", "-c", "/etc/site/nginx.conf", "-g", "daemon off;"],
    });
    // It is told last, when addresses, routes and rules are in place.
    let publicKey: string | undefined;
    await until("the server tells its key", async () => {
      publicKey = /PublicKey = (\S{43}=)/.exec(await server.logs())?.[1];
      return publicKey !== undefined;
    });
    for (const device of [phone, laptop]) {
      const presharedKey = "presharedKey" in device ? `PresharedKey = ${device.presharedKey}\n` : "";
      const text = `[Interface]\nPrivateKey = ${device.keys.private}\nAddress = ${device.address}/32\n[Peer]\nPublicKey = ${publicKey}\n${presharedKey}Endpoint = ${server.address}:51820\nAllowedIPs = 10.8.0.0/24, ${site.address}/32\n`;
      devices.set(
        device.name,
        await startReal(programs.wireguard, {
          name: `umswg-${device.name}`,
          network: outside,
          files: new Map([["/etc/wireguard/wg0.conf", text]]),
          user: "0:0",
          tmpfs: ["/run", "/var/run/wireguard"],
          init: true,
          lifted: privileges(platform),
          command: ["/bin/sh", "-c", "wg-quick up wg0 && exec sleep infinity"],
        }),
      );
    }
  });
  afterAll(async () => {
    await removeTest(outside);
    await removeTest(inside);
  });

  const fetchFrom = async (name: string, address: string) => {
    const device = devices.get(name);
    if (!device) throw new Error(`${name} does not run`);
    return device.exec(["curl", "-s", "-S", "--max-time", "5", `http://${address}/`]);
  };

  it.each([phone.name, laptop.name])("lets %s in to what the server reaches", async (name) => {
    await until(
      `${name} reaches the site`,
      async () => (await fetchFrom(name, `${site.address}:8080`)).output === page,
    );
  });

  it("knows each device by its key, at its address, the laptop with a shared key besides", async () => {
    const { output } = await server.exec(["wg", "show", "wg0", "allowed-ips"]);
    expect(output.trim().split("\n").sort()).toEqual(
      [`${phone.keys.public}\t10.8.0.2/32`, `${laptop.keys.public}\t10.8.0.3/32`].sort(),
    );
    const shared = await server.exec(["wg", "show", "wg0", "preshared-keys"]);
    expect(shared.output).toContain(`${laptop.keys.public}\t${laptop.presharedKey}`);
    expect(shared.output).toContain(`${phone.keys.public}\t(none)`);
  });

  it("tells what a device has to be told, and no key of its own", async () => {
    const logs = await server.logs();
    expect(logs).toContain("# phone\n[Interface]\n");
    expect(logs).toContain("Endpoint = media.localhost:51821");
    expect(logs).not.toContain(laptop.presharedKey);
    expect(logs).not.toContain(filesOf(platform, "wireguard-peers").get("/run/secrets/private_key"));
  });

  it("keeps devices apart", async () => {
    const laptopDevice = devices.get(laptop.name);
    await laptopDevice?.exec(["/bin/sh", "-c", "busybox httpd -p 10.8.0.3:8080 -h /etc"]);
    expect(
      (
        await laptopDevice?.exec([
          "curl",
          "-s",
          "-o",
          "/dev/null",
          "-w",
          "%{http_code}",
          "http://10.8.0.3:8080/",
        ])
      )?.output,
    ).toBe("404");
    expect((await fetchFrom(phone.name, "10.8.0.3:8080")).exitCode).not.toBe(0);
    const server_ = await server.exec(["iptables", "-D", "FORWARD", "-i", "wg0", "-o", "wg0", "-j", "DROP"]);
    expect(server_.exitCode, server_.output).toBe(0);
    await until(
      "the phone reaches the laptop",
      async () => (await fetchFrom(phone.name, "10.8.0.3:8080")).exitCode === 0,
    );
  });

  it("lets nobody in without a key it knows", async () => {
    await server.exec(["wg", "set", "wg0", "peer", phone.keys.public, "remove"]);
    expect((await fetchFrom(phone.name, `${site.address}:8080`)).exitCode).not.toBe(0);
  });
});

const siteConfiguration = nginxWith(`server { listen 8080; location / { return 200 '${page}'; } }`);
