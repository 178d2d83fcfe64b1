import type { ContainerPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

export const swapLimit: ContainerPolicy = {
  kind: "container",
  name: "swap-limit",
  field: "limits",
  title: "Memory and swap together are no more than memory",
  level: "mandatory",
  severity: "medium",
  source: dockerDocs("resource constraints", "engine/containers/resource_constraints/#--memory-swap-details"),
  reason: "Without a limit of its own, swap lets a container use twice its memory and slow the host down",
  fix: "set memorySwap to the value of memory",
  reads: ["memory", "memorySwap"],
  check: ({ inputs }) => {
    const { memory = 0, memorySwap } = inputs;
    if (memorySwap === undefined || memorySwap <= 0) return ["swap has no limit"];
    return memorySwap > memory && memory > 0 ? [`memorySwap is ${memorySwap} MiB, memory ${memory} MiB`] : [];
  },
};
