import type { Container } from "../lib/container";
import type { StackPolicy } from "../lib/policy";
import { numberSetting } from "../lib/setting";
import { cis } from "../lib/sources";

function usesGpu({ devices = [], deviceRequests = [], gpus }: Container["inputs"]): boolean {
  return (
    deviceRequests.length > 0 ||
    !!gpus ||
    devices.some(({ hostPath = "" }) => /^\/dev\/(dri|kfd)/.test(hostPath))
  );
}

export const gpuSharing: StackPolicy = {
  kind: "stack",
  name: "gpu-sharing",
  field: "gpu",
  title: "A GPU is given to no more services than the stack allows",
  level: "mandatory",
  severity: "medium",
  source: cis("5.18"),
  reason: "Its memory is shared by nobody's rule: one service too many, and all of them fail",
  fix: "exclude a service, or turn its GPU off",
  reads: ["devices", "deviceRequests", "gpus"],
  settings: { services: numberSetting("Services that may use the GPU.", 5) },
  check: ({ services }, context) => {
    const users = services.filter(({ inputs }) => usesGpu(inputs));
    return users.length > context.number("services")
      ? users.slice(context.number("services")).map((subject) => ({
          subject,
          problem: `${users.length} services use the GPU, ${context.number("services")} may`,
        }))
      : [];
  },
};
