import type { ContainerPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

export const logRotation: ContainerPolicy = {
  kind: "container",
  name: "log-rotation",
  title: "Logs are rotated",
  level: "mandatory",
  severity: "medium",
  source: dockerDocs("JSON File logging driver", "engine/logging/drivers/json-file/"),
  reason: "json-file keeps everything by default, until the disk is full",
  fix: "set logOpts max-size and max-file",
  reads: ["logDriver", "logOpts"],
  check: ({ inputs }) => {
    const { logDriver = "json-file", logOpts = {} } = inputs;
    if (["local", "journald", "none"].includes(logDriver)) return [];
    const missing = ["max-size", "max-file"].filter((option) => !logOpts[option]);
    return missing.length > 0 ? [`the log driver ${logDriver} has no ${missing.join(" and no ")}`] : [];
  },
};
