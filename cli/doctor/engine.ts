import { dnsFixedIn } from "../../targets/docker/host.ts";
import { type Check, isBefore, names, type Version, versionIn } from "./check.ts";

/** Oldest API the containers' arguments can be said in: Docker 20.10. */
const oldestApi: Version = [1, 41, 0];

export type EngineAnswer =
  | { answers: true; version: string; apiVersion: string }
  | { answers: false; reason: string; fix: string };

/** The Docker engine: that it answers, speaks our API, and keeps internal networks' DNS inside. */
export function dockerEngine(answer: EngineAnswer): Check {
  const name = names.engine;
  if (!answer.answers) return { name, state: "failed", found: answer.reason, fix: answer.fix };
  const { version, apiVersion } = answer;
  const fix =
    "change to Docker's own packages: https://docs.docker.com/engine/install/ (containers restart, volumes stay)";
  if (isBefore(versionIn(apiVersion) ?? [0, 0, 0], oldestApi)) {
    return {
      name,
      state: "failed",
      found: `${version} speaks API ${apiVersion}, 1.41 or newer is needed`,
      fix,
    };
  }
  if (isBefore(versionIn(version) ?? [0, 0, 0], dnsFixedIn)) {
    const leak = `before ${dnsFixedIn.join(".")} DNS leaves internal networks (CVE-2024-29018)`;
    return { name, state: "warning", found: `${version}: ${leak}`, fix };
  }
  return { name, state: "ok", found: `${version}, API ${apiVersion}` };
}

/** What to do about an engine that does not answer. */
export function engineFix(facts: { host: string | undefined; installed: boolean; denied: boolean }): string {
  if (facts.host)
    return `unset DOCKER_HOST to use this machine's engine, or correct it (it is ${facts.host})`;
  if (facts.denied) return "usermod -aG docker $USER  # then log in again";
  return facts.installed
    ? "systemctl start docker"
    : "apt-get install -y --no-install-recommends docker.io iptables";
}

/** False where the engine's kernel is not the one this program runs on: its files and devices cannot be seen from here. */
export function isThisMachine(host: string | undefined, kernels?: { engine: string; here: string }): boolean {
  if (host && !/^unix:|^((tcp|https?):\/\/)?(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(host)) return false;
  return !kernels || kernels.engine === kernels.here;
}

/** The part of `docker info` that says which limits the kernel can hold. */
export interface LimitSupport {
  MemoryLimit: boolean;
  SwapLimit: boolean;
  CpuCfsQuota: boolean;
}

/** Limits every container has: Docker drops those the kernel cannot hold, with no more than a line in its log. */
export function cgroupLimits({ MemoryLimit, SwapLimit, CpuCfsQuota }: LimitSupport): Check {
  const name = names.limits;
  const parameters =
    `sed -i 's/^GRUB_CMDLINE_LINUX="/&cgroup_enable=memory swapaccount=1 /' /etc/default/grub` +
    " && update-grub && reboot  # Raspberry Pi: add the two words to /boot/firmware/cmdline.txt";
  if (!MemoryLimit)
    return { name, state: "failed", found: "the kernel cannot limit memory", fix: parameters };
  if (!CpuCfsQuota) {
    const fix = "apt-get install linux-image-amd64 && reboot  # a kernel with CONFIG_CFS_BANDWIDTH";
    return { name, state: "failed", found: "the kernel cannot limit processors (no CFS quota)", fix };
  }
  if (!SwapLimit) {
    const found = "the kernel cannot limit swap: a service over its memory limit swaps, and slows the others";
    return { name, state: "warning", found, fix: parameters };
  }
  return { name, state: "ok", found: "memory, swap and processors" };
}
