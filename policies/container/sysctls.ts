import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { dockerDocs } from "../lib/sources";

export const sysctls: ContainerPolicy = {
  kind: "container",
  name: "sysctls",
  field: "lifted",
  title: "Only safe kernel parameters are set, and with a reason",
  level: "mandatory",
  severity: "high",
  source: dockerDocs("docker run, sysctls", "reference/cli/docker/container/run/#sysctl"),
  reason: "A kernel parameter outside the container's own namespaces is the host's",
  fix: "remove the sysctl, or lift it with a reason if the allow-list has it",
  reads: ["sysctls"],
  settings: {
    safe: listSetting("Parameters of the container's own namespaces.", [
      "net.ipv4.conf.all.src_valid_mark",
      "net.ipv4.ip_forward",
      "net.ipv4.ip_local_port_range",
      "net.ipv4.ip_unprivileged_port_start",
      "net.ipv4.ping_group_range",
      "net.ipv4.tcp_keepalive_time",
      "net.ipv4.tcp_syncookies",
      "net.ipv6.conf.all.disable_ipv6",
      "net.ipv6.conf.all.forwarding",
    ]),
  },
  check(container, context) {
    return Object.entries(container.inputs.sysctls ?? {}).flatMap(([name, value]) => {
      if (!context.list("safe").includes(name)) return [`it sets ${name}, which is not on the safe list`];
      return isLifted(container, "sysctl", `${name}=${value}`)
        ? []
        : [`it sets ${name}, which its record does not lift`];
    });
  },
};
