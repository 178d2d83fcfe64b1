import { normal } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { cis } from "../lib/sources";

export const devices: ContainerPolicy = {
  kind: "container",
  name: "devices",
  field: "lifted",
  title: "Only GPUs and the tunnel device are passed in",
  level: "mandatory",
  severity: "high",
  source: cis("5.18"),
  reason: "A device of the host is open to the container past every other wall",
  fix: "remove the device, or add it to the allow-list of the pack",
  reads: ["devices", "deviceRequests", "gpus"],
  settings: {
    gpus: listSetting("Devices that are GPUs.", ["/dev/dri", "/dev/kfd"]),
    drivers: listSetting("Drivers of device requests.", ["nvidia"]),
    tunnels: listSetting("Services that may have /dev/net/tun.", ["gluetun", "wireguard", "wireguard-peers"]),
  },
  check(container, context) {
    const { devices = [], deviceRequests = [] } = container.inputs;
    const passed = devices.flatMap(({ hostPath = "" }) => {
      const path = normal(hostPath);
      if (context.list("gpus").some((gpu) => path === gpu || path.startsWith(`${gpu}/`))) return [];
      if (path === "/dev/net/tun" && context.list("tunnels").includes(container.service)) return [];
      return [`it has the device ${path}`];
    });
    const requested = deviceRequests
      .filter(({ driver }) => !context.list("drivers").includes(driver ?? ""))
      .map(({ driver }) => `it requests devices of the driver "${driver ?? ""}"`);
    return [...passed, ...requested];
  },
};
