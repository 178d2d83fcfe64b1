import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import type Docker from "dockerode";
import { type Cidr, overlaps, parseCidr } from "../../stacks/cidr.ts";
import { EnvironmentFault } from "../../stacks/errors.ts";
import type { Platform } from "../../stacks/platform.ts";
import { exists, stackContainers } from "./host.ts";

/**
 * What must hold on the host before anything is created: published ports are free, no other network has the stack's
 * addresses.
 * @throws EnvironmentFault naming the first thing that does not hold
 */
export async function checkHost(docker: Docker, platform: Platform): Promise<void> {
  await checkPorts(docker, platform);
  await checkSubnets(docker, platform);
}

async function checkPorts(docker: Docker, platform: Platform): Promise<void> {
  const running = await stackContainers(docker, platform.stack);
  for (const service of platform.services) {
    if (running.some((container) => container.service === service.name && container.state === "running"))
      continue;
    for (const port of service.publish.filter(({ protocol }) => protocol === "tcp")) {
      if (await isFree(port.address, port.host)) continue;
      throw new EnvironmentFault(
        `host port ${port.host}/tcp, which ${service.name} publishes (${port.reason}), is taken by another program`,
        `stop that program (ss -ltnp 'sport = :${port.host}' shows it), or set publish.offset in Pulumi.${platform.stack}.yaml`,
      );
    }
  }
}

export function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}

async function checkSubnets(docker: Docker, platform: Platform): Promise<void> {
  const wanted = [
    ...platform.segments.map((segment) => ({ what: `segment ${segment.name}`, text: segment.cidr })),
    ...platform.links.map((link) => ({ what: `link ${link.consumer}-to-${link.provider}`, text: link.cidr })),
  ].flatMap(({ what, text }) => {
    const cidr = parseCidr(text);
    return cidr ? [{ what, cidr, text }] : [];
  });
  for (const taken of await takenSubnets(docker, platform.stack)) {
    const clash = wanted.find(({ cidr }) => overlaps(cidr, taken.cidr));
    if (!clash) continue;
    throw new EnvironmentFault(
      `${clash.text}, the network of ${clash.what}, is taken by ${taken.owner}`,
      `remove that network, or set network.segments and network.links in Pulumi.${platform.stack}.yaml`,
    );
  }
}

/** Subnets of other Docker networks, and of the host's interfaces that are not Docker bridges. */
export async function takenSubnets(docker: Docker, stack: string): Promise<{ owner: string; cidr: Cidr }[]> {
  const networks = await docker.listNetworks();
  const ofDocker = networks
    .filter((network) => network.Labels?.["ums.stack"] !== stack)
    .flatMap((network) =>
      (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => {
        const cidr = parseCidr(Subnet ?? "");
        return cidr ? [{ owner: `the Docker network ${network.Name}`, cidr }] : [];
      }),
    );
  const ofHost = Object.entries(networkInterfaces())
    .filter(([name]) => !/^(br-|docker|veth|lo$)/.test(name))
    .flatMap(([name, addresses]) =>
      (addresses ?? []).flatMap(({ cidr, family }) => {
        const network = family === "IPv4" && cidr ? networkOf(cidr) : undefined;
        return network ? [{ owner: `the host's interface ${name}`, cidr: network }] : [];
      }),
    );
  return [...ofDocker, ...ofHost];
}

/** The network an interface address such as 192.168.1.7/24 is in. */
function networkOf(text: string): Cidr | undefined {
  const [address = "", prefix = "32"] = text.split("/");
  const host = parseCidr(`${address}/32`);
  if (!host) return undefined;
  const size = 2 ** (32 - Number(prefix));
  return { base: host.base - (host.base % size), prefix: Number(prefix) };
}

/** @throws EnvironmentFault when an image is not on the host and cannot be pulled */
export async function requireImages(
  docker: Docker,
  images: readonly string[],
  progress: (message: string) => void,
): Promise<void> {
  for (const [index, image] of images.entries()) {
    if (await exists(docker.getImage(image).inspect())) continue;
    progress(`pulling ${index + 1} of ${images.length}: ${image}`);
    try {
      const stream = await docker.pull(image);
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
      });
    } catch (error) {
      throw new EnvironmentFault(
        `the image ${image} is not here and cannot be pulled: ${(error as Error).message}`,
        "check its name, tag and digest in the record, and the way to its registry",
      );
    }
  }
}
