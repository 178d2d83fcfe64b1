import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { cis } from "../lib/sources";

export const capabilitiesAdded: ContainerPolicy = {
  kind: "container",
  name: "capabilities-added",
  field: "lifted",
  title: "A capability is added only where the record lifts it, the dangerous ones where the pack allows it",
  level: "mandatory",
  severity: "critical",
  source: cis("5.4"),
  reason: "Each capability is a part of root; some of them are all of it",
  fix: "remove the capability, or lift it in the record with a reason",
  reads: ["capabilities"],
  settings: {
    never: listSetting("Capabilities that no record can lift.", [
      "ALL",
      "BPF",
      "MAC_ADMIN",
      "MAC_OVERRIDE",
      "SYS_ADMIN",
      "SYS_BOOT",
      "SYS_MODULE",
      "SYS_PTRACE",
      "SYS_RAWIO",
    ]),
    netAdmin: listSetting("Services that may lift NET_ADMIN.", ["gluetun", "wireguard", "wireguard-peers"]),
    oneShot: listSetting("What the one-shot containers that write files may add.", [
      "CHOWN",
      "DAC_OVERRIDE",
      "FOWNER",
    ]),
  },
  check(container, context) {
    return (container.inputs.capabilities?.adds ?? []).flatMap((added) => {
      const name = added.toUpperCase().replace(/^CAP_/, "");
      if (context.list("never").includes(name)) return [`it adds ${name}, which no service may have`];
      if (container.oneShot && context.list("oneShot").includes(name)) return [];
      if (name === "NET_ADMIN" && !context.list("netAdmin").includes(container.service))
        return ["it adds NET_ADMIN, which is for the VPN and WireGuard"];
      return isLifted(container, "capability", name)
        ? []
        : [`it adds ${name}, which its record does not lift`];
    });
  },
};
