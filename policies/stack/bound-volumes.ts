import { folderOf, isEngineSocket, sensitiveFolders, sensitivity } from "../lib/bound";
import { normal } from "../lib/container";
import type { StackPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { cis } from "../lib/sources";

export const boundVolumes: StackPolicy = {
  kind: "stack",
  name: "bound-volumes",
  title: "No volume is a sensitive folder of the host, holds one, or is a device",
  level: "mandatory",
  severity: "critical",
  source: cis("5.6"),
  reason:
    "A volume bound to a folder gives the folder away as a mount of it would, and no container shows it",
  fix: "choose another folder under storage, or for the repository of backups, in the stack's config",
  reads: ["driver", "driverOpts"],
  settings: {
    paths: sensitiveFolders,
    types: listSetting("File systems that a volume may be besides a folder.", [
      "none",
      "cifs",
      "nfs",
      "nfs4",
      "smb3",
      "tmpfs",
    ]),
  },
  check: ({ volumes }, context) =>
    volumes.flatMap((subject) => {
      const { driver, driverOpts = {} } = subject.inputs;
      const folder = folderOf(driver, driverOpts);
      if (folder === undefined) {
        const { type = "none" } = driverOpts;
        const isKnown = context.list("types").includes(type);
        return isKnown ? [] : [{ subject, problem: `the volume ${subject.name} is the file system ${type}` }];
      }
      const path = normal(folder);
      const place = isEngineSocket(path) ? path : sensitivity(path, context.list("paths"));
      return place === undefined ? [] : [{ subject, problem: `the volume ${subject.name} is ${place}` }];
    }),
};
